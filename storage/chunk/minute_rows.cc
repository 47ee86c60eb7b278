// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/minute_rows.h"

#include <algorithm>

namespace skald {
namespace {

// The end of the minute that holds the timestamp: a minute has its end and not its start. Nothing
// in the last minute of time, whose end is none.
std::int64_t minute_end(std::int64_t timestamp_ns) {
  const std::int64_t rest = timestamp_ns % nanoseconds_per_minute;
  return timestamp_ns - rest + (rest > 0 ? nanoseconds_per_minute : 0);
}

bool has_minute_end(std::int64_t timestamp_ns) {
  return timestamp_ns <= INT64_MAX - nanoseconds_per_minute;
}

}  // namespace

segment_minutes::segment_minutes(std::span<const std::int64_t> timestamps,
                                 std::span<const std::uint32_t> run_rows) {
  runs_.reserve(run_rows.size());
  std::uint32_t first_row = 0;
  for (const std::uint32_t rows : run_rows) {
    add(timestamps.subspan(first_row, rows), first_row);
    first_row += rows;
  }
  marks_.shrink_to_fit();
}

void segment_minutes::add(std::span<const std::int64_t> timestamps, std::uint32_t first_row) {
  run_marks run{first_row, static_cast<std::uint32_t>(timestamps.size()), 0, marks_.size(),
                marks_.size()};
  if (timestamps.empty() || timestamps.size() > minute_mark::rows_max ||
      !has_minute_end(timestamps.front())) {
    return;
  }
  run.first_end_ns = minute_end(timestamps.front());
  for (std::size_t row = 0; row < timestamps.size();) {
    if (!has_minute_end(timestamps[row])) {
      marks_.resize(run.begin);
      return;
    }
    const std::int64_t end_ns = minute_end(timestamps[row]);
    while (row < timestamps.size() && timestamps[row] <= end_ns) ++row;
    const std::uint64_t number =
        (static_cast<std::uint64_t>(end_ns) - static_cast<std::uint64_t>(run.first_end_ns)) /
        nanoseconds_per_minute;
    if (number > minute_mark::minutes_max) {
      marks_.resize(run.begin);
      return;
    }
    marks_.push_back({static_cast<std::uint32_t>(number), static_cast<std::uint32_t>(row)});
  }
  run.end = marks_.size();
  runs_.push_back(run);
}

minute_counts segment_minutes::of(const row_run& run) const {
  const auto at = std::lower_bound(
      runs_.begin(), runs_.end(), run.first_row,
      [](const run_marks& marks, std::uint32_t wanted) { return marks.first_row < wanted; });
  if (at == runs_.end() || at->first_row != run.first_row || at->rows != run.row_count) return {};
  return {at->first_end_ns, std::span(marks_).subspan(at->begin, at->end - at->begin)};
}

std::size_t segment_minutes::run_bytes_max(std::int64_t min_timestamp_ns,
                                           std::int64_t max_timestamp_ns, std::uint32_t rows) {
  const std::uint64_t minutes = (static_cast<std::uint64_t>(max_timestamp_ns) -
                                 static_cast<std::uint64_t>(min_timestamp_ns)) /
                                    nanoseconds_per_minute +
                                2;
  return sizeof(run_marks) + sizeof(minute_mark) * std::min<std::uint64_t>(minutes, rows);
}

}  // namespace skald
