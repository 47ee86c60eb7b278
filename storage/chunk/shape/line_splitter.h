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
  static constexpr std::size_t guesses_max = 6;
  static constexpr std::size_t nodes_max = 1U << 17;

  // A fragment behind the fragments of its parents.
  struct node {
    std::string_view text;
    slot_kind kind = slot_kind::none;  // of the slot behind it
    std::uint32_t parent = none;
    std::uint32_t object = 0;
    std::uint32_t path = 0;
    std::uint32_t column = none;
    std::uint32_t shape = none;        // of an end
    std::uint32_t first_child = none;  // the one taken last comes first
    std::uint32_t next_sibling = none;
  };
  struct slot {
    std::uint32_t column;
    std::uint32_t length;
    const char* at;
  };
  struct step {
    std::uint32_t node;
    const char* value;      // behind the fragment
    const char* value_end;  // and behind the slot
  };

  bool split(std::string_view line, const char* readable_end, std::uint32_t& shape);
  bool take_guess(std::uint32_t at, const scan_range& rest, step& taken);
  bool take_parsed(std::uint32_t at, const scan_range& rest, step& taken);
  std::uint32_t child_of(std::uint32_t parent, std::string_view text,
                         const scanned_fragment& found);
  std::uint32_t column_of(std::uint32_t parent, const scanned_fragment& found);
  bool is_too_varied() const;

  key_tree keys_;
  std::vector<node> nodes_;
  std::deque<std::string> texts_;                              // of the nodes
  std::unordered_map<std::uint64_t, std::uint32_t> children_;  // by hash of parent, text and kind
  std::vector<split_column> columns_;
  std::size_t column_count_ = 0;  // of columns_ in use
  std::unordered_map<std::uint64_t, std::uint32_t> column_index_;
  std::vector<std::uint32_t> shape_ends_;  // node of each shape's last fragment
  std::vector<std::uint32_t> row_shapes_;
  std::size_t plain_rows_ = 0;
  std::array<slot, shape_slots_max> slots_;  // of the line at hand
  std::size_t slot_count_ = 0;
};

}  // namespace skald
