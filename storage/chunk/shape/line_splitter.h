// SPDX-License-Identifier: Apache-2.0
// Splits the lines of one segment into shapes and values. A line is compared, fragment by fragment,
// with what followed the same fragments in lines before; only where that fails its text is parsed.
// Context: one thread at a time; keeps its memory for the next segment.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/chunk/shape/fragment_scan.h"
#include "storage/chunk/shape/key_tree.h"
#include "storage/chunk/shape/shape_set.h"

namespace skald {

// The values of one key in the rows that have it.
struct split_column {
  std::uint32_t path = 0;
  slot_kind kind = slot_kind::none;
  std::uint32_t repeat = 0;              // n-th occurrence of the key in its line
  std::vector<std::string_view> values;  // into the lines
  std::vector<std::uint32_t> rows;       // of the values
};

class line_splitter {
 public:
  static constexpr std::uint32_t plain_row = 0;

  void begin_segment();
  // Takes the next row's line. It is stored by shape or, if that does not suit it, plain. Bytes up
  // to `readable_end` may be looked at. The line must stay valid until the segment is done.
  void add(std::string_view line, const char* readable_end);

  // The shape of each row, plus one; 0 is a plain row.
  std::span<const std::uint32_t> row_shapes() const { return row_shapes_; }
  std::size_t plain_rows() const { return plain_rows_; }

  // What the rows so far use, numbered in order of first use. Points into this object.
  struct outcome {
    shape_set shapes;
    std::vector<const split_column*> columns;  // as shapes.columns
    std::vector<std::uint64_t> column_hashes;  // of path, kind and repeat: equal in all segments
  };
  outcome finish() const;

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  static constexpr std::size_t guesses_max = 8;
  static constexpr std::size_t followers_max = 32;
  static constexpr std::size_t fragments_max = 1U << 15;
  static constexpr std::uint32_t line_start = 0;  // the fragment in front of all lines

  // Texts with the same slot behind them are one fragment, wherever they stand.
  struct fragment {
    std::string_view text;
    slot_kind kind = slot_kind::none;  // of the slot behind it
    bool is_repeat = false;            // the slot's key came before in the line
    std::uint32_t object = 0;          // that is open behind it
    std::uint32_t column = none;
    std::vector<std::uint32_t> followers;  // the one met last comes first
  };
  struct slot {
    std::uint32_t column;
    std::uint32_t length;
    const char* at;
  };
  struct step {
    std::uint32_t fragment;
    const char* value;      // behind the fragment
    const char* value_end;  // and behind the slot
  };
  struct shape_place {
    std::uint32_t first = 0;  // into shape_fragments_
    std::uint32_t count = 0;
  };

  bool split(std::string_view line, const char* readable_end);
  bool take_guess(std::uint32_t at, const scan_range& rest, step& taken);
  bool fits(const fragment& guess, const scan_range& rest, step& taken) const;
  bool take_parsed(std::uint32_t at, const scan_range& rest, step& taken);
  std::uint32_t fragment_of(std::string_view text, const scanned_fragment& found,
                            std::uint32_t object);
  std::uint32_t column_of(const scanned_fragment& found);
  // The shape of the fragments of the line at hand, or none.
  std::uint32_t shape_of_line();
  bool is_too_varied() const;

  key_tree keys_;
  std::vector<fragment> fragments_;
  std::deque<std::string> texts_;                                    // of the fragments
  std::unordered_map<std::uint64_t, std::uint32_t> fragment_index_;  // by hash of text and column
  std::vector<split_column> columns_;
  std::vector<std::uint32_t> column_lines_;  // the last line that took each
  std::size_t column_count_ = 0;             // of columns_ in use
  std::unordered_map<std::uint64_t, std::uint32_t> column_index_;
  std::vector<shape_place> shapes_;
  std::vector<std::uint32_t> shape_fragments_;
  std::unordered_map<std::uint64_t, std::uint32_t> shape_index_;
  std::vector<std::uint32_t> row_shapes_;
  std::size_t plain_rows_ = 0;
  // Of the line at hand.
  std::uint32_t line_ = 0;  // counted over all segments, so that no column looks taken
  std::array<slot, shape_slots_max> slots_;
  std::array<std::uint32_t, shape_slots_max + 1> line_fragments_;
  std::size_t slot_count_ = 0;
  std::size_t line_fragment_count_ = 0;
};

}  // namespace skald
