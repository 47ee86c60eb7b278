// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/row_selection.h"

#include <algorithm>
#include <iterator>

namespace skald::logql {

std::uint32_t row_of_offset(std::span<const std::uint32_t> starts, std::uint32_t offset,
                            std::uint32_t hint) {
  // Invariant of the gallop: starts[low] <= offset.
  std::size_t low = hint;
  std::size_t step = 1;
  while (low + step < starts.size() && starts[low + step] <= offset) {
    low += step;
    step *= 2;
  }
  const std::size_t high = std::min(low + step, starts.size());
  const auto end = starts.begin() + static_cast<std::ptrdiff_t>(high);
  const auto begin = starts.begin() + static_cast<std::ptrdiff_t>(low);
  return static_cast<std::uint32_t>(std::upper_bound(begin, end, offset) - starts.begin() - 1);
}

void select_all(std::span<const row_range> ranges, row_selection& out) {
  for (const row_range& range : ranges) {
    for (std::uint32_t row = range.first; row < range.last; ++row) out.push_back(row);
  }
}

void merge_selections(const row_selection& a, const row_selection& b, row_selection& out) {
  out.clear();
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
}

void subtract_selection(row_selection& from, const row_selection& rows) {
  // In place: the output never overtakes the input.
  auto kept = from.begin();
  auto other = rows.begin();
  for (const std::uint32_t row : from) {
    while (other != rows.end() && *other < row) ++other;
    if (other != rows.end() && *other == row) continue;
    *kept++ = row;
  }
  from.erase(kept, from.end());
}

}  // namespace skald::logql
