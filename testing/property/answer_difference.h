// SPDX-License-Identifier: Apache-2.0
// Compares two answers: all texts exactly, numbers within what the order of additions may change.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/logql/engine/query_result.h"

namespace skald::logql::property {

// Empty when the answers are the same; else where they differ. `ordered`: the order of a vector's
// samples counts.
std::string difference(const result<query_result>& a, const result<query_result>& b, bool ordered);

std::string to_text(const result<query_result>& answer);

}  // namespace skald::logql::property
