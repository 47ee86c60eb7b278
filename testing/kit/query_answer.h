// SPDX-License-Identifier: Apache-2.0
// A query run in one go, and its answer as text: equal texts are equal answers, to the last bit of
// every number.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "runtime/logql/engine/engine.h"

namespace skald {

// `make_blocks` is called once per leaf.
result<logql::query_result> run_query(const logql::query_plan& plan,
                                      const std::function<block_list()>& make_blocks);

std::string print_answer(const result<logql::query_result>& answer);
// Rows and bytes looked at, rows passed, duplicates.
std::string print_counts(const logql::query_stats& stats);

}  // namespace skald
