// SPDX-License-Identifier: Apache-2.0
// Consecutive rows of one slice of a push frame: what travels from shard to stream to chunk buffer.
// Holds the frame; nothing is copied before the buffer's columns.
#pragma once

#include <cstdint>
#include <vector>

#include "actors/common/push_frame.h"

namespace skald {

struct slice_ref {
  push_frame_ptr frame;
  std::uint64_t sequence = 0;  // of the WAL record
  std::uint32_t slice = 0;
  std::uint32_t first_row = 0;
  std::uint32_t row_count = 0;

  const stream_slice& columns() const { return frame->slices()[slice]; }
  // Newlines included.
  std::uint64_t line_bytes() const {
    const auto& starts = columns().lines.starts;
    return starts[first_row + row_count] - starts[first_row];
  }
};

// Rows that are in a frame and were refused.
struct row_drop {
  std::uint32_t slice = 0;
  std::uint32_t first_row = 0;
  std::uint32_t row_count = 0;
  friend bool operator==(const row_drop&, const row_drop&) = default;
};

}  // namespace skald
