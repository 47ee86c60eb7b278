// SPDX-License-Identifier: Apache-2.0
// Puts lines together again from shapes and columns. A row never comes out with another length than
// LEN says. One thread at a time. Errors: corrupt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "storage/chunk/structured/segment_columns.h"

namespace skald {

class line_renderer {
 public:
  // Bytes behind the lines that render() may overwrite.
  static constexpr std::size_t slack_bytes = 32;

  // The columns must be open, and outlive this.
  explicit line_renderer(segment_columns& columns);

  // All lines, each followed by '\n', to `out`; row r stands from starts[r] to starts[r + 1].
  result<void> render(std::span<const std::uint32_t> starts, char* out);

  // Only the lines of `rows` (ascending), one behind the other. `starts` are those of all rows;
  // `out_starts` has as many places and gets where each row begins, rows without bytes too.
  result<void> render_some(std::span<const std::uint32_t> rows,
                           std::span<const std::uint32_t> starts,
                           std::span<std::uint32_t> out_starts, byte_buffer& out);
  // Frees what render_some() needed beyond the lines.
  void forget_some();
  std::size_t memory_bytes() const;

 private:
  struct piece {
    const char* text = nullptr;  // 16 bytes may be read whatever the length
    std::uint32_t length = 0;
    std::uint32_t column = 0;  // of the slot behind; none behind the last piece
  };
  struct cursor {
    const std::string_view* values = nullptr;
    const std::uint32_t* codes = nullptr;      // null: a value per position
    const std::uint32_t* positions = nullptr;  // null: all positions, one after the other
    std::uint32_t next = 0;
    std::string_view take() {
      std::uint32_t at = next++;
      if (positions != nullptr) at = positions[at];
      return values[codes != nullptr ? codes[at] : at];
    }
  };

  void make_pieces();
  std::span<const piece> pieces_of(std::uint32_t shape) const {
    return std::span(pieces_).subspan(piece_starts_[shape],
                                      piece_starts_[shape + 1] - piece_starts_[shape]);
  }
  // The line of a row with a shape; false when it does not fill [to, end).
  bool render_row(std::uint32_t shape, char* to, const char* end);
  result<void> point_at_all();
  result<void> point_at_some(std::span<const std::uint32_t> rows,
                             std::span<const std::uint32_t> starts);
  void find_positions(std::span<const std::uint32_t> rows, std::span<const std::uint32_t> starts);

  segment_columns& columns_;
  std::string texts_;
  std::vector<piece> pieces_;
  std::vector<std::uint32_t> piece_starts_;  // by shape
  std::vector<cursor> cursors_;              // by column
  // Of render_some.
  column_decoder some_;
  std::vector<std::vector<std::uint32_t>> positions_;  // by column
  std::vector<std::uint32_t> plain_offsets_;           // of the wanted plain rows
};

}  // namespace skald
