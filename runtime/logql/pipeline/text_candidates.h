// SPDX-License-Identifier: Apache-2.0
// Rows whose lines may hold what a line filter requires, found without reading the lines
// (log_block::rows_with_text).
#pragma once

#include <optional>

#include "runtime/base/result.h"
#include "runtime/logql/scan/literal_requirement.h"
#include "runtime/logql/scan/row_selection.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

// No row that meets the requirement is missing. Nothing when only the lines tell.
// Errors: those of the block's columns.
result<std::optional<row_selection>> candidate_rows(log_block& block,
                                                    const literal_requirement& need);

// Keeps the rows that are in both.
void intersect_selection(row_selection& rows, const row_selection& others);

}  // namespace skald::logql
