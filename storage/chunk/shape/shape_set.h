// SPDX-License-Identifier: Apache-2.0
// The shapes of a segment's lines: a line is the texts of its shape's fragments with a value
// ("slot") behind each but the last. Fragments are shared by shapes, columns by fragments. Layout:
// docs/formats/pack_columns.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/log_block.h"

namespace skald {

// What a slot holds and what stands around it. Frozen: values stand in packs.
enum class slot_kind : std::uint8_t {
  none = 0,
  json_string = 1,    // between its quotes, escapes as they are
  json_scalar = 2,    // number, true, false or null
  json_array = 3,     // brackets included
  logfmt_bare = 4,    // up to the next separator
  logfmt_quoted = 5,  // between its quotes, escapes as they are
};

// Bounds of a line that is stored by shape; all others are plain rows.
inline constexpr std::uint32_t shape_line_bytes_max = 16U << 10;
inline constexpr std::uint32_t shape_slots_max = 120;
inline constexpr std::uint32_t shape_depth_max = 6;  // of nested JSON objects
// Bounds of a segment.
inline constexpr std::uint32_t segment_shapes_max = 30'000;
inline constexpr std::uint32_t segment_columns_max = 2'000;

struct shape_set {
  // Where keys stand: 0 is the top of JSON lines, 1 that of logfmt lines, n + 2 is inside the
  // object `paths[n]`.
  static constexpr std::uint32_t json_root = 0;
  static constexpr std::uint32_t logfmt_root = 1;
  static constexpr std::uint32_t roots = 2;

  struct path {
    std::uint32_t parent = 0;
    std::string_view key;  // as it stands in the line, without quotes
  };
  struct column {
    std::uint32_t path = roots;  // never a root
    slot_kind kind = slot_kind::none;
  };
  struct fragment {
    static constexpr std::uint32_t no_column = 0xffffffff;  // ends a line
    std::string_view text;
    std::uint32_t column = no_column;  // of the slot behind the text
  };
  struct shape {
    line_format_kind format = line_format_kind::json;
    std::uint32_t first = 0;  // into fragment_numbers
    std::uint32_t count = 0;
  };

  std::vector<path> paths;
  std::vector<column> columns;
  std::vector<fragment> fragments;
  std::vector<std::uint32_t> fragment_numbers;
  std::vector<shape> shapes;

  std::span<const std::uint32_t> fragments_of(const shape& one) const {
    return std::span(fragment_numbers).subspan(one.first, one.count);
  }
  // Which format has the key.
  line_format_kind format_of(const column& one) const;
};

void append_shapes(const shape_set& shapes, std::string& out);
// Texts point into `payload`. What it gives holds: every number is in bounds; all fragments of a
// shape but the last have a column, all different and of the shape's format. Errors: corrupt.
result<shape_set> parse_shapes(std::string_view payload);

}  // namespace skald
