// SPDX-License-Identifier: Apache-2.0
// Selection vectors: the rows of a block that are still in the game.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/model/log_block.h"

namespace skald::logql {

// Row numbers of a block, ascending, each at most once.
using row_selection = std::vector<std::uint32_t>;

// A half-open range of rows.
struct row_range {
  std::uint32_t first = 0;
  std::uint32_t last = 0;  // first row behind the range
  bool empty() const { return first >= last; }
  friend bool operator==(const row_range&, const row_range&) = default;
};

// The row whose line (its '\n' included) holds the byte at `offset`; gallops forward from `hint`,
// which must not lie behind that row. `offset` must be below starts.back().
std::uint32_t row_of_offset(std::span<const std::uint32_t> starts, std::uint32_t offset,
                            std::uint32_t hint);

// All rows of the ranges.
void select_all(std::span<const row_range> ranges, row_selection& out);
// Union and difference of two selections.
void merge_selections(const row_selection& a, const row_selection& b, row_selection& out);
void subtract_selection(row_selection& from, const row_selection& rows);

}  // namespace skald::logql
