// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/line_renderer.h"

#include <cstring>

namespace skald {
namespace {

error malformed(const char* why) {
  return {errc::corrupt, std::string("section COL: ") + why};
}

constexpr std::size_t short_bytes = 16;

template <std::size_t Bytes>
void copy_ends(char* to, const char* from, std::size_t length) {
  std::memcpy(to, from, Bytes);
  std::memcpy(to + length - Bytes, from + length - Bytes, Bytes);
}

// memcpy without a call for the lengths that values mostly have.
void copy_value(char* to, const char* from, std::size_t length) {
  if (length > 32) {
    std::memcpy(to, from, length);
  } else if (length >= 16) {
    copy_ends<16>(to, from, length);
  } else if (length >= 8) {
    copy_ends<8>(to, from, length);
  } else if (length >= 4) {
    copy_ends<4>(to, from, length);
  } else if (length > 0) {
    to[0] = from[0];
    to[length / 2] = from[length / 2];
    to[length - 1] = from[length - 1];
  }
}

}  // namespace

line_renderer::line_renderer(segment_columns& columns) : columns_(columns) {
  make_pieces();
}

void line_renderer::make_pieces() {
  const shape_set& shapes = columns_.shapes();
  std::vector<std::size_t> at;
  for (const shape_set::fragment& one : shapes.fragments) {
    at.push_back(texts_.size());
    texts_ += one.text;
  }
  texts_.append(short_bytes, '\0');
  for (const shape_set::shape& shape : shapes.shapes) {
    piece_starts_.push_back(static_cast<std::uint32_t>(pieces_.size()));
    for (const std::uint32_t fragment : shapes.fragments_of(shape)) {
      const shape_set::fragment& one = shapes.fragments[fragment];
      pieces_.push_back(
          {texts_.data() + at[fragment], static_cast<std::uint32_t>(one.text.size()), one.column});
    }
  }
  piece_starts_.push_back(static_cast<std::uint32_t>(pieces_.size()));
  cursors_.resize(shapes.columns.size());
  positions_.resize(shapes.columns.size());
}

bool line_renderer::render_row(std::uint32_t shape, char* to, const char* end) {
  for (const piece& one : pieces_of(shape)) {
    if (one.length > static_cast<std::size_t>(end - to)) return false;
    if (one.length <= short_bytes) {
      std::memcpy(to, one.text, short_bytes);
    } else {
      std::memcpy(to, one.text, one.length);
    }
    to += one.length;
    if (one.column == shape_set::fragment::no_column) break;
    const std::string_view value = cursors_[one.column].take();
    if (value.size() > static_cast<std::size_t>(end - to)) return false;
    copy_value(to, value.data(), value.size());
    to += value.size();
  }
  return to == end;
}

result<void> line_renderer::point_at_all() {
  for (std::uint32_t column = 0; column < cursors_.size(); ++column) {
    SKALD_TRY_ASSIGN(const decoded_column decoded, columns_.values(column));
    cursors_[column] = {decoded.values.data(),
                        decoded.codes.empty() ? nullptr : decoded.codes.data()};
  }
  return {};
}

result<void> line_renderer::render(std::span<const std::uint32_t> starts, char* out) {
  SKALD_TRY(point_at_all());
  SKALD_TRY_ASSIGN(std::string_view plain, columns_.plain_lines());
  const auto row_shapes = columns_.row_shapes();
  for (std::size_t row = 0; row < row_shapes.size(); ++row) {
    char* const to = out + starts[row];
    char* const end = out + starts[row + 1] - 1;
    if (row_shapes[row] > 0) {
      if (!render_row(row_shapes[row] - 1, to, end)) return malformed("a line of another length");
      *end = '\n';
      continue;
    }
    const auto bytes = static_cast<std::size_t>(end + 1 - to);
    if (bytes > plain.size() || plain[bytes - 1] != '\n') {
      return malformed("plain lines of other lengths");
    }
    std::memcpy(to, plain.data(), bytes);
    plain.remove_prefix(bytes);
  }
  if (!plain.empty()) return malformed("plain lines left over");
  return {};
}

// Where the values of the wanted rows stand in their columns, and the bytes of plain rows among the
// plain lines.
void line_renderer::find_positions(std::span<const std::uint32_t> rows,
                                   std::span<const std::uint32_t> starts) {
  const auto row_shapes = columns_.row_shapes();
  for (auto& positions : positions_) positions.clear();
  plain_offsets_.clear();
  std::vector<std::uint32_t> next(positions_.size(), 0);
  std::vector<std::uint32_t> passed(columns_.shapes().shapes.size(), 0);  // rows not counted yet
  std::vector<std::uint32_t> passed_shapes;
  std::uint32_t plain_offset = 0;
  std::uint32_t row = 0;
  for (const std::uint32_t wanted : rows) {
    for (; row < wanted; ++row) {
      const std::uint32_t shape = row_shapes[row];
      if (shape == 0) {
        plain_offset += starts[row + 1] - starts[row];
      } else if (passed[shape - 1]++ == 0) {
        passed_shapes.push_back(shape - 1);
      }
    }
    for (const std::uint32_t shape : passed_shapes) {
      for (const piece& one : pieces_of(shape)) {
        if (one.column != shape_set::fragment::no_column) next[one.column] += passed[shape];
      }
      passed[shape] = 0;
    }
    passed_shapes.clear();
    if (row_shapes[wanted] == 0) {
      plain_offsets_.push_back(plain_offset);
      plain_offset += starts[wanted + 1] - starts[wanted];
    } else {
      for (const piece& one : pieces_of(row_shapes[wanted] - 1)) {
        if (one.column == shape_set::fragment::no_column) break;
        positions_[one.column].push_back(next[one.column]++);
      }
    }
    row = wanted + 1;
  }
}

result<void> line_renderer::point_at_some(std::span<const std::uint32_t> rows,
                                          std::span<const std::uint32_t> starts) {
  find_positions(rows, starts);
  some_.clear();
  for (std::uint32_t column = 0; column < cursors_.size(); ++column) {
    const auto& wanted = positions_[column];
    if (wanted.empty()) continue;
    const bool dense = wanted.size() * 2 > columns_.value_count(column);
    const bool all = dense || columns_.is_kept(column);
    SKALD_TRY_ASSIGN(const decoded_column decoded,
                     all ? columns_.values(column) : columns_.some_values(column, wanted, some_));
    cursors_[column] = {decoded.values.data(),
                        decoded.codes.empty() ? nullptr : decoded.codes.data(),
                        all ? wanted.data() : nullptr};
  }
  return {};
}

void line_renderer::forget_some() {
  some_.clear();
}

std::size_t line_renderer::memory_bytes() const {
  std::size_t bytes = sizeof(*this) + texts_.capacity() + pieces_.capacity() * sizeof(piece) +
                      piece_starts_.capacity() * sizeof(std::uint32_t) +
                      cursors_.capacity() * sizeof(cursor) +
                      plain_offsets_.capacity() * sizeof(std::uint32_t) + some_.memory_bytes();
  for (const auto& positions : positions_) {
    bytes += sizeof(positions) + positions.capacity() * sizeof(std::uint32_t);
  }
  return bytes;
}

result<void> line_renderer::render_some(std::span<const std::uint32_t> rows,
                                        std::span<const std::uint32_t> starts,
                                        std::span<std::uint32_t> out_starts, byte_buffer& out) {
  SKALD_TRY(point_at_some(rows, starts));
  SKALD_TRY_ASSIGN(const std::string_view plain, plain_offsets_.empty()
                                                     ? result<std::string_view>(std::string_view())
                                                     : columns_.plain_lines());
  std::uint32_t bytes = 0;
  std::size_t filled = 0;
  for (const std::uint32_t row : rows) {
    for (; filled <= row; ++filled) out_starts[filled] = bytes;
    bytes += starts[row + 1] - starts[row];
  }
  for (; filled < out_starts.size(); ++filled) out_starts[filled] = bytes;
  out.resize(bytes + slack_bytes);
  std::size_t plain_row = 0;
  for (const std::uint32_t row : rows) {
    const std::uint32_t shape = columns_.row_shapes()[row];
    char* const to = out.data() + out_starts[row];
    char* const end = to + (starts[row + 1] - starts[row] - 1);
    if (shape > 0) {
      if (!render_row(shape - 1, to, end)) return malformed("a line of another length");
      *end = '\n';
      continue;
    }
    const std::size_t length = starts[row + 1] - starts[row];
    const std::size_t from = plain_offsets_[plain_row++];
    if (from > plain.size() || length > plain.size() - from || plain[from + length - 1] != '\n') {
      return malformed("plain lines of other lengths");
    }
    std::memcpy(to, plain.data() + from, length);
  }
  return {};
}

}  // namespace skald
