// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/structured_writer.h"

#include <algorithm>

namespace skald {
namespace {

// If an eighth of the lines has a shape, a sample of so many misses them all once in 600 times.
constexpr std::size_t sampled_lines_min = 48;

}  // namespace

bool structured_writer::sample_has_shapes(std::string_view lines,
                                          std::span<const std::uint64_t> lengths) {
  splitter_.begin_segment();
  const std::size_t stride = std::max<std::size_t>(1, lengths.size() / sampled_lines_min);
  const char* at = lines.data();
  const char* const end = lines.data() + lines.size();
  std::size_t sampled = 0;
  for (std::size_t row = 0; row < lengths.size(); ++row) {
    if (row % stride == 0) {
      splitter_.add({at, lengths[row]}, end);
      ++sampled;
      if (splitter_.plain_rows() < sampled) return true;
    }
    at += lengths[row] + 1;
  }
  return false;
}

std::size_t structured_writer::split(std::string_view lines,
                                     std::span<const std::uint64_t> lengths) {
  lines_ = lines;
  lengths_ = lengths;
  splitter_.begin_segment();
  const char* at = lines.data();
  const char* const end = lines.data() + lines.size();
  for (const std::uint64_t length : lengths) {
    splitter_.add({at, length}, end);
    at += length + 1;
  }
  return lengths.size() - splitter_.plain_rows();
}

void structured_writer::encode_columns(const line_splitter::outcome& parts,
                                       std::span<const std::int64_t> timestamps_ns,
                                       compressor& zstd, column_hints& hints) {
  directory_ = {};
  payloads_.clear();
  for (std::size_t i = 0; i < parts.columns.size(); ++i) {
    const split_column& column = *parts.columns[i];
    std::span<const std::int64_t> times = timestamps_ns;
    if (column.rows.size() != timestamps_ns.size()) {
      times_.clear();
      for (const std::uint32_t row : column.rows) times_.push_back(timestamps_ns[row]);
      times = times_;
    }
    column_type& hint = hints[parts.column_hashes[i]];
    const std::size_t before = payloads_.size();
    hint = encoder_.append(column.values, times, hint, zstd, payloads_);
    column_directory::column made;
    made.facts = encoder_.facts();
    made.payload_bytes = static_cast<std::uint32_t>(payloads_.size() - before);
    directory_.columns.push_back(made);
  }
}

// Plain rows, the small columns together, then each other column.
void structured_writer::append_columns(compressor& zstd, std::string& out) {
  if (splitter_.plain_rows() > 0) {
    scratch_.clear();
    std::size_t at = 0;
    const auto shapes = splitter_.row_shapes();
    for (std::size_t row = 0; row < shapes.size(); ++row) {
      const std::size_t bytes = lengths_[row] + 1;
      if (shapes[row] == line_splitter::plain_row) scratch_ += lines_.substr(at, bytes);
      at += bytes;
    }
    directory_.plain_rows.bytes = append_section(section_type::column, scratch_, zstd, out);
  }
  scratch_.clear();
  std::size_t at = 0;
  const std::string_view payloads = payloads_;
  for (const column_directory::column& one : directory_.columns) {
    if (one.is_small()) scratch_ += payloads.substr(at, one.payload_bytes);
    at += one.payload_bytes;
  }
  if (!scratch_.empty()) {
    directory_.small_columns.bytes = append_section(section_type::column, scratch_, zstd, out);
  }
  at = 0;
  for (const column_directory::column& one : directory_.columns) {
    if (!one.is_small()) {
      append_raw_section(section_type::column, payloads.substr(at, one.payload_bytes), out);
    }
    at += one.payload_bytes;
  }
}

structured_places structured_writer::append(std::span<const std::int64_t> timestamps_ns,
                                            compressor& zstd, column_hints& hints,
                                            std::uint64_t offset, std::string& out) {
  const line_splitter::outcome parts = splitter_.finish();
  encode_columns(parts, timestamps_ns, zstd, hints);
  columns_.clear();
  append_columns(zstd, columns_);

  structured_places places;
  const auto place = [&](std::uint64_t bytes) {
    const section_place made{offset, bytes};
    offset += bytes;
    return made;
  };
  shapes_.assign(splitter_.row_shapes().begin(), splitter_.row_shapes().end());
  scratch_.clear();
  planes_.append(shapes_, &zstd, scratch_);
  places.rows = place(append_raw_section(section_type::rows, scratch_, out));
  scratch_.clear();
  append_shapes(parts.shapes, scratch_);
  places.shapes = place(append_section(section_type::shapes, scratch_, zstd, out));
  scratch_.clear();
  append_directory(directory_, scratch_);
  places.directory = place(append_section(section_type::column_directory, scratch_, zstd, out));
  places.columns = place(columns_.size());
  out += columns_;
  return places;
}

}  // namespace skald
