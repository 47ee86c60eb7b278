// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/segment_columns.h"

#include <algorithm>

#include "storage/chunk/plane_codec.h"

namespace skald {
namespace {

error malformed(section_type type, const std::string& why) {
  return {errc::corrupt, "section " + section_name(static_cast<std::uint8_t>(type)) + ": " + why};
}

}  // namespace

segment_columns::segment_columns(section_source& source, const structured_places& places,
                                 std::uint32_t rows)
    : source_(source), places_(places), rows_(rows) {}

result<std::string_view> segment_columns::inflated(section_type type, const section_place& place,
                                                   byte_buffer& memory) {
  SKALD_TRY_ASSIGN(std::string_view stored, source_.stored(place));
  SKALD_TRY_ASSIGN(const section_view section, take_section(stored));
  if (!section.is(type) || !stored.empty()) return malformed(type, "not where the table says");
  SKALD_TRY_ASSIGN(const std::string_view payload, inflate_section(section, memory));
  source_.count_inflated(payload.size());
  return payload;
}

result<void> segment_columns::open() {
  if (is_open_) return {};
  SKALD_TRY(read_rows());
  SKALD_TRY_ASSIGN(const std::string_view shapes,
                   inflated(section_type::shapes, places_.shapes, shape_memory_));
  SKALD_TRY_ASSIGN(shapes_, parse_shapes(shapes));
  SKALD_TRY(count_rows());
  byte_buffer memory;
  SKALD_TRY_ASSIGN(const std::string_view directory,
                   inflated(section_type::column_directory, places_.directory, memory));
  SKALD_TRY_ASSIGN(directory_, parse_directory(directory, shapes_.columns.size(), places_.columns));
  if ((directory_.plain_rows.bytes > 0) != (plain_row_count() > 0)) {
    return malformed(section_type::column_directory, "plain rows without a section or none with");
  }
  decoded_.resize(shapes_.columns.size());
  is_open_ = true;
  return {};
}

result<void> segment_columns::read_rows() {
  byte_buffer memory;
  SKALD_TRY_ASSIGN(const std::string_view payload,
                   inflated(section_type::rows, places_.rows, memory));
  row_memory_.resize(rows_ * sizeof(std::uint32_t));
  const auto row_shapes = row_memory_.as<std::uint32_t>(rows_);
  bounded_reader from(payload);
  if (!decode_planes(from, row_shapes) || !from.finished()) {
    return malformed(section_type::rows, "malformed");
  }
  row_shapes_ = row_shapes;
  return {};
}

// How many rows each shape has, and each column.
result<void> segment_columns::count_rows() {
  shape_rows_.assign(shapes_.shapes.size() + 1, 0);
  for (const std::uint32_t shape : row_shapes_) {
    if (shape >= shape_rows_.size()) return malformed(section_type::rows, "no such shape");
    ++shape_rows_[shape];
  }
  value_counts_.assign(shapes_.columns.size(), 0);
  for (std::size_t i = 0; i < shapes_.shapes.size(); ++i) {
    for (const std::uint32_t fragment : shapes_.fragments_of(shapes_.shapes[i])) {
      const std::uint32_t column = shapes_.fragments[fragment].column;
      if (column != shape_set::fragment::no_column) value_counts_[column] += shape_rows_[i + 1];
    }
  }
  if (std::find(value_counts_.begin(), value_counts_.end(), 0) != value_counts_.end()) {
    return malformed(section_type::shapes, "a column without values");
  }
  return {};
}

std::vector<std::uint32_t> segment_columns::rows_with(std::uint32_t column) const {
  std::vector<char> has(shapes_.shapes.size() + 1, 0);
  for (std::size_t i = 0; i < shapes_.shapes.size(); ++i) {
    for (const std::uint32_t fragment : shapes_.fragments_of(shapes_.shapes[i])) {
      if (shapes_.fragments[fragment].column == column) has[i + 1] = 1;
    }
  }
  std::vector<std::uint32_t> rows;
  rows.reserve(value_counts_[column]);
  for (std::uint32_t row = 0; row < rows_; ++row) {
    if (has[row_shapes_[row]] != 0) rows.push_back(row);
  }
  return rows;
}

result<std::string_view> segment_columns::plain_lines() {
  if (plain_row_count() == 0) return std::string_view();
  if (!plain_.has_value()) {
    SKALD_TRY_ASSIGN(plain_, inflated(section_type::column, directory_.plain_rows, plain_memory_));
  }
  return *plain_;
}

result<std::string_view> segment_columns::payload(std::uint32_t column) {
  const column_directory::column& one = directory_.columns[column];
  if (!one.is_small()) {
    byte_buffer memory;
    SKALD_TRY_ASSIGN(std::string_view stored, source_.stored(one.section));
    SKALD_TRY_ASSIGN(const section_view section, take_section(stored));
    if (!section.is(section_type::column) || section.codec != section_codec::raw ||
        section.inflated_bytes != one.payload_bytes || !stored.empty()) {
      return malformed(section_type::column, "not where COLDIR says");
    }
    return section.stored;
  }
  if (!small_.has_value()) {
    SKALD_TRY_ASSIGN(small_,
                     inflated(section_type::column, directory_.small_columns, small_memory_));
    if (small_->size() != directory_.small_bytes) {
      small_.reset();
      return malformed(section_type::column, "not as long as COLDIR says");
    }
  }
  return small_->substr(one.offset, one.payload_bytes);
}

// Only columns of times look at them, and the others take any.
result<std::span<const std::int64_t>> segment_columns::times_of(std::uint32_t column) {
  const std::uint32_t count = value_counts_[column];
  if (facts(column).type != column_type::time) {
    times_.resize(std::max<std::size_t>(times_.size(), count));
    return std::span<const std::int64_t>(times_).first(count);
  }
  SKALD_TRY_ASSIGN(const std::span<const std::int64_t> all, source_.entry_times());
  if (count == rows_) return all;
  times_.clear();
  for (const std::uint32_t row : rows_with(column)) times_.push_back(all[row]);
  return std::span<const std::int64_t>(times_);
}

result<decoded_column> segment_columns::values(std::uint32_t column) {
  if (!decoded_[column].has_value()) {
    SKALD_TRY_ASSIGN(const std::string_view bytes, payload(column));
    SKALD_TRY_ASSIGN(const auto times, times_of(column));
    SKALD_TRY_ASSIGN(decoded_[column], decoder_.decode(bytes, value_counts_[column], times));
    source_.count_inflated(bytes.size());
  }
  return *decoded_[column];
}

result<decoded_column> segment_columns::some_values(std::uint32_t column,
                                                    std::span<const std::uint32_t> wanted,
                                                    column_decoder& decoder) {
  SKALD_TRY_ASSIGN(const std::string_view bytes, payload(column));
  SKALD_TRY_ASSIGN(const auto times, times_of(column));
  return decoder.decode_some(bytes, value_counts_[column], times, wanted);
}

result<void> segment_columns::find(std::uint32_t column, std::string_view needle, bool ignore_case,
                                   std::vector<std::uint32_t>& found) {
  const column_facts& known = facts(column);
  if (!known.may_hold(needle)) return {};
  // Other types are searched in fewer bytes than their text has.
  const bool is_text = known.type == column_type::dictionary || known.type == column_type::strings;
  if (decoded_[column].has_value() || (keeps_columns_ && is_text)) {
    SKALD_TRY_ASSIGN(const decoded_column all, values(column));
    column_decoder::find_in(all, needle, ignore_case, found);
    return {};
  }
  SKALD_TRY_ASSIGN(const std::string_view bytes, payload(column));
  SKALD_TRY_ASSIGN(const auto times, times_of(column));
  return decoder_.find(bytes, value_counts_[column], times, needle, ignore_case, found);
}

std::size_t segment_columns::memory_bytes() const {
  const auto vector_bytes = [](const auto& of) { return of.capacity() * sizeof(of.front()); };
  return sizeof(*this) + shape_memory_.capacity() + row_memory_.capacity() +
         plain_memory_.capacity() + small_memory_.capacity() + decoder_.memory_bytes() +
         vector_bytes(shapes_.paths) + vector_bytes(shapes_.columns) +
         vector_bytes(shapes_.fragments) + vector_bytes(shapes_.fragment_numbers) +
         vector_bytes(shapes_.shapes) + vector_bytes(shape_rows_) + vector_bytes(value_counts_) +
         vector_bytes(directory_.columns) + vector_bytes(times_) + vector_bytes(decoded_);
}

}  // namespace skald
