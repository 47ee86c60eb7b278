// SPDX-License-Identifier: Apache-2.0
// Small random data sets: some streams with ordinary and hostile lines, equal timestamps, repeated
// entries and structured metadata. Numbers are such that their sums are exact in any order.
#pragma once

#include <vector>

#include "testing/property/random_source.h"
#include "testing/reference/plain_pipeline.h"

namespace skald::logql::property {

using data_set = std::vector<reference::stored_entry>;

// In order of arrival. Timestamps lie in (0 s, 60 s).
data_set random_data(random_source& random);

// As a reader of a failed test wants to see it: one entry a line.
std::string to_text(const data_set& data);

}  // namespace skald::logql::property
