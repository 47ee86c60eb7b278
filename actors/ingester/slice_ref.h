// SPDX-License-Identifier: Apache-2.0
// Consecutive rows of one slice of a push frame: what travels from shard to stream to chunk buffer,
// and stays there as long as the buffer does not copy. Holds the frame.
#pragma once

#include <cstdint>

#include "actors/common/push_frame.h"
#include "actors/ingester/durable_frame.h"
#include "runtime/model/time_range.h"

namespace skald {

class slice_ref {
 public:
  // `rows` of the slice from `first` on, at least one.
  slice_ref(durable_frame_ptr from, std::uint32_t slice_number, std::uint32_t first,
            std::uint32_t rows);

  durable_frame_ptr source;
  std::uint32_t slice;
  std::uint32_t first_row;
  std::uint32_t row_count;

  const stream_slice& columns() const { return source->frame->slices()[slice]; }
  // Of the WAL record.
  std::uint64_t sequence() const { return source->sequence; }

  // The rest is known without a look at the frame: by the time it is asked for the frame is out of
  // the caches.

  // Of the lines, newlines included.
  std::uint32_t line_bytes() const { return line_bytes_; }
  // What the rows take in memory, about: what every budget counts.
  std::uint64_t stored_bytes() const { return stored_bytes_; }
  std::int64_t min_timestamp_ns() const { return min_timestamp_ns_; }
  std::int64_t max_timestamp_ns() const { return max_timestamp_ns_; }
  // Whether the rows are of several days; else all are of day().
  bool spans_days() const { return day_number(max_timestamp_ns_) != day(); }
  std::int64_t day() const { return day_number(min_timestamp_ns_); }
  // Timestamps never fall, and no two rows are equal.
  bool is_in_order() const { return in_order_; }

 private:
  std::uint32_t line_bytes_ = 0;
  std::uint32_t stored_bytes_ = 0;  // a frame has less than 4 GiB
  bool in_order_ = true;
  std::int64_t min_timestamp_ns_ = 0;
  std::int64_t max_timestamp_ns_ = 0;
};

// Names and values in the rows [first, end). The text of a slice stands in one piece, in order.
std::uint64_t metadata_text_bytes(const metadata_column& metadata, std::size_t first,
                                  std::size_t end);

// Rows that are in a frame and were refused.
struct row_drop {
  std::uint32_t slice = 0;
  std::uint32_t first_row = 0;
  std::uint32_t row_count = 0;
  friend bool operator==(const row_drop&, const row_drop&) = default;
};

}  // namespace skald
