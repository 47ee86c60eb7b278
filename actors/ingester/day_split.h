// SPDX-License-Identifier: Apache-2.0
// Cuts committed rows by the day of their timestamps: packs hold one day each. Pure.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "actors/ingester/slice_ref.h"
#include "runtime/model/time_range.h"

namespace skald {

struct day_run {
  std::int64_t day = 0;
  std::vector<slice_ref> slices;   // in order of arrival
  std::uint64_t stored_bytes = 0;  // lines, newlines and structured metadata
};

namespace day_split {

inline day_run& run_of(std::vector<day_run>& days, std::int64_t day) {
  for (auto& known : days) {
    if (known.day == day) return known;
  }
  return days.emplace_back(day_run{day, {}, 0});
}

inline void add(std::vector<day_run>& days, slice_ref slice) {
  auto& run = run_of(days, slice.day());
  run.stored_bytes += slice.stored_bytes();
  run.slices.push_back(std::move(slice));
}

// Cuts one slice where the day of its rows changes.
inline void add_parts(std::vector<day_run>& days, const slice_ref& slice) {
  const auto times = slice.columns().timestamps;
  const auto end = slice.first_row + slice.row_count;
  for (auto begin = slice.first_row; begin < end;) {
    const auto day = day_number(times[begin]);
    auto next = begin + 1;
    while (next < end && day_number(times[next]) == day) ++next;
    add(days, {slice.source, slice.slice, begin, next - begin});
    begin = next;
  }
}

}  // namespace day_split

// Order inside a day is kept. Nearly always there is one day: then nothing is copied.
inline std::vector<day_run> split_by_day(std::vector<slice_ref> slices) {
  std::vector<day_run> days;
  if (slices.empty()) return days;
  const auto day = slices.front().day();
  std::uint64_t bytes = 0;
  bool one_day = true;
  for (const auto& slice : slices) {
    one_day = one_day && !slice.spans_days() && slice.day() == day;
    bytes += slice.stored_bytes();
  }
  if (one_day) {
    days.push_back({day, std::move(slices), bytes});
    return days;
  }
  for (auto& slice : slices) {
    if (slice.spans_days()) {
      day_split::add_parts(days, slice);
    } else {
      day_split::add(days, std::move(slice));
    }
  }
  return days;
}

}  // namespace skald
