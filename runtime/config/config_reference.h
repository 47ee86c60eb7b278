// SPDX-License-Identifier: Apache-2.0
// Prints docs/configuration.md from the key tables, so that the page cannot go stale
// (config_reference_test).
#pragma once

#include <string>

namespace skald {

std::string config_reference_markdown();

}  // namespace skald
