// SPDX-License-Identifier: Apache-2.0
// The shapes and columns of one segment, read when asked for. Foreign bytes: whatever they are,
// numbers that this gives are in bounds. One thread at a time. Errors: corrupt (names the section),
// and the source's own. Layout: docs/formats/pack_columns.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "storage/chunk/byte_buffer.h"
#include "storage/chunk/column/column_decoder.h"
#include "storage/chunk/shape/shape_set.h"
#include "storage/chunk/structured/column_directory.h"

namespace skald {

// Where a segment's bytes come from.
class section_source {
 public:
  virtual ~section_source() = default;
  // The bytes at a place in the pack, which stay valid as long as the segment's columns.
  virtual result<std::string_view> stored(const section_place& place) = 0;
  virtual result<std::span<const std::int64_t>> entry_times() = 0;
  virtual void count_inflated(std::uint64_t bytes) = 0;
};

class segment_columns {
 public:
  // The source must outlive this.
  segment_columns(section_source& source, const structured_places& places, std::uint32_t rows);

  // Reads all but the columns themselves. Everything below needs it. Does nothing the second time.
  result<void> open();

  std::uint32_t rows() const { return rows_; }
  const shape_set& shapes() const { return shapes_; }
  // By row: 0 is a plain row, n + 1 has shape n.
  std::span<const std::uint32_t> row_shapes() const { return row_shapes_; }
  std::uint32_t plain_row_count() const { return shape_rows_.front(); }
  std::uint32_t value_count(std::uint32_t column) const { return value_counts_[column]; }
  const column_facts& facts(std::uint32_t column) const { return directory_.columns[column].facts; }
  // The rows that have a column, ascending: position in the column -> row.
  std::vector<std::uint32_t> rows_with(std::uint32_t column) const;

  // The lines of the plain rows, each followed by '\n'.
  result<std::string_view> plain_lines();
  // All values of a column; kept.
  result<decoded_column> values(std::uint32_t column);
  // From now on values() is the better choice also for some values of a column.
  void keep_columns() { keeps_columns_ = true; }
  // Whether all values of a column are here, or are to be kept once they are needed.
  bool is_kept(std::uint32_t column) const {
    return keeps_columns_ || decoded_[column].has_value();
  }
  // Only those at some positions (ascending), in the memory of `decoder`: row i of the answer is
  // position wanted[i].
  result<decoded_column> some_values(std::uint32_t column, std::span<const std::uint32_t> wanted,
                                     column_decoder& decoder);
  // Appends the positions of the values that hold the needle.
  result<void> find(std::uint32_t column, std::string_view needle, bool ignore_case,
                    std::vector<std::uint32_t>& found);
  std::size_t memory_bytes() const;

 private:
  result<std::string_view> payload(std::uint32_t column);
  result<std::string_view> inflated(section_type type, const section_place& place,
                                    byte_buffer& memory);
  result<std::span<const std::int64_t>> times_of(std::uint32_t column);
  result<void> read_rows();
  result<void> count_rows();

  section_source& source_;
  const structured_places places_;
  const std::uint32_t rows_;
  bool is_open_ = false;
  bool keeps_columns_ = false;
  byte_buffer shape_memory_;
  shape_set shapes_;
  byte_buffer row_memory_;
  std::span<const std::uint32_t> row_shapes_;
  std::vector<std::uint32_t> shape_rows_;  // rows of each shape, plus one; plain rows first
  std::vector<std::uint32_t> value_counts_;
  column_directory directory_;
  std::optional<std::string_view> plain_;
  byte_buffer plain_memory_;
  std::optional<std::string_view> small_;
  byte_buffer small_memory_;
  std::vector<std::int64_t> times_;
  column_decoder decoder_;
  std::vector<std::optional<decoded_column>> decoded_;
};

}  // namespace skald
