// SPDX-License-Identifier: Apache-2.0
// Consecutive rows of one slice of a push frame: what travels from shard to stream to chunk buffer.
// Holds the frame; nothing is copied before the buffer's columns.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "actors/common/push_frame.h"
#include "runtime/model/time_range.h"

namespace skald {

class slice_ref {
 public:
  // `rows` of the slice from `first` on, at least one.
  slice_ref(push_frame_ptr from, std::uint64_t wal_sequence, std::uint32_t slice_number,
            std::uint32_t first, std::uint32_t rows)
      : frame(std::move(from)),
        sequence(wal_sequence),
        slice(slice_number),
        first_row(first),
        row_count(rows) {
    const auto times = columns().timestamps.subspan(first, rows);
    const auto [low, high] = std::minmax_element(times.begin(), times.end());
    day_ = static_cast<std::int32_t>(day_number(*low));
    spans_days_ = day_number(*high) != day_;
    stored_bytes_ = static_cast<std::uint32_t>(line_bytes() + metadata_bytes());
  }

  push_frame_ptr frame;
  std::uint64_t sequence;  // of the WAL record
  std::uint32_t slice;
  std::uint32_t first_row;
  std::uint32_t row_count;

  const stream_slice& columns() const { return frame->slices()[slice]; }
  // What the rows take in memory, about: what every budget counts. Newlines included. Known without
  // a look at the frame, as is the day: by the time it is asked for the frame is out of the caches.
  std::uint64_t stored_bytes() const { return stored_bytes_; }
  // Whether the rows are of several days; else all are of day().
  bool spans_days() const { return spans_days_; }
  std::int64_t day() const { return day_; }

 private:
  std::uint64_t line_bytes() const {
    const auto& starts = columns().lines.starts;
    return starts[first_row + row_count] - starts[first_row];
  }
  // Names and values of structured metadata. The text of a frame stands in one piece, in order.
  std::uint64_t metadata_bytes() const {
    const auto& metadata = columns().metadata;
    if (metadata.empty()) return 0;
    const auto first = metadata.starts[first_row];
    const auto end = metadata.starts[first_row + row_count];
    if (first == end) return 0;
    const auto& last = metadata.pairs[end - 1].value;
    return static_cast<std::uint64_t>(last.data() + last.size() -
                                      metadata.pairs[first].name.data());
  }

  std::uint32_t stored_bytes_ = 0;  // a frame has less than 4 GiB
  std::int32_t day_ = 0;
  bool spans_days_ = false;
};

// Rows that are in a frame and were refused.
struct row_drop {
  std::uint32_t slice = 0;
  std::uint32_t first_row = 0;
  std::uint32_t row_count = 0;
  friend bool operator==(const row_drop&, const row_drop&) = default;
};

}  // namespace skald
