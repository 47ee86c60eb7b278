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
  // What the rows take in memory, about: what every budget counts.
  std::uint64_t stored_bytes() const { return line_bytes() + metadata_bytes(); }
};

// Rows that are in a frame and were refused.
struct row_drop {
  std::uint32_t slice = 0;
  std::uint32_t first_row = 0;
  std::uint32_t row_count = 0;
  friend bool operator==(const row_drop&, const row_drop&) = default;
};

}  // namespace skald
