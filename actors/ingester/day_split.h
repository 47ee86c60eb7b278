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

// Order inside a day is kept. Nearly always there is one day: then nothing is copied.
inline std::vector<day_run> split_by_day(std::vector<slice_ref> slices) {
  std::vector<day_run> days;
  const auto day_of = [&days](std::int64_t day) -> day_run& {
    for (auto& known : days) {
      if (known.day == day) return known;
    }
    return days.emplace_back(day_run{day, {}, 0});
  };
  for (const auto& slice : slices) {
    const auto times = slice.columns().timestamps;
    const auto end = slice.first_row + slice.row_count;
    for (auto begin = slice.first_row; begin < end;) {
      const auto day = day_number(times[begin]);
      const auto day_begin = day * nanoseconds_per_day;
      auto next = begin + 1;
      while (next < end && times[next] - day_begin < nanoseconds_per_day &&
             times[next] >= day_begin) {
        ++next;
      }
      auto part = slice;
      part.first_row = begin;
      part.row_count = next - begin;
      auto& run = day_of(day);
      run.stored_bytes += part.stored_bytes();
      run.slices.push_back(std::move(part));
      begin = next;
    }
  }
  return days;
}

}  // namespace skald
