// SPDX-License-Identifier: Apache-2.0
// Encodes the values of one column of a segment as the type that takes the fewest bytes and renders
// every value back to the same bytes. Layout: docs/formats/column_types.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "storage/chunk/column/column_facts.h"
#include "storage/chunk/section_codec.h"

namespace skald {

// Keeps its scratch memory (a few times the memory of the largest column's views). One thread at a
// time. The same input gives the same bytes; the hint is input.
class column_encoder {
 public:
  column_encoder();
  ~column_encoder();
  column_encoder(const column_encoder&) = delete;
  column_encoder& operator=(const column_encoder&) = delete;

  // Appends the payload of a column to `out` and returns the type taken. `values` are the exact
  // bytes of the rows that have the column, in row order; at least one, section_bytes_max bytes at
  // most together. `entry_times_ns` are the timestamps of the same rows. `hint` is the type that
  // the column had in the segment before: tried first, none if there was none.
  column_type append(std::span<const std::string_view> values,
                     std::span<const std::int64_t> entry_times_ns, column_type hint,
                     compressor& zstd, std::string& out);

  // Of the column appended last.
  const column_facts& facts() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace skald
