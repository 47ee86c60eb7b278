// SPDX-License-Identifier: Apache-2.0
// What is known of an encoded column without its payload: its type, the bytes that its values may
// hold, their lengths and, for numbers, their range. A segment's directory keeps the facts so that
// a needle can pass over columns. Layout: docs/formats/column_types.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "storage/chunk/byte_codec.h"

namespace skald {

// Frozen: values stand in packs.
enum class column_type : std::uint8_t {
  none = 0,  // in memory only: no column, no hint
  constant = 1,
  dictionary = 2,
  time = 3,
  integer = 4,
  fixed = 5,    // digits of one width, leading zeros
  decimal = 6,  // number with fraction or unit
  hex = 7,
  uuid = 8,
  strings = 9,
  address = 10,  // IPv4, four numbers with points
};
inline constexpr std::uint8_t column_type_last = 10;

std::string_view to_string(column_type type);

// A set of bytes, coarse: each of the 64 bits stands for one or several bytes, letters for both
// cases. A digit, a letter, and each of -.:/_ "\,=[]{}()@+%& and space have a bit of their own.
using byte_classes = std::uint64_t;
inline constexpr byte_classes any_bytes = ~byte_classes{0};

// The classes of all bytes of `text`.
byte_classes classes_of(std::string_view text);

struct column_facts {
  column_type type = column_type::none;
  byte_classes bytes = any_bytes;  // no value holds a byte of another class
  std::uint32_t bytes_min = 0;     // length of the shortest value
  std::uint32_t bytes_max = 0;     // and of the longest
  std::uint32_t distinct = 0;      // of CONST (1) and DICT; 0: not known
  // Of INT and FIX without common prefix or suffix (has_range): the smallest and the largest value.
  bool has_range = false;
  std::int64_t min = 0;
  std::int64_t max = 0;

  friend bool operator==(const column_facts&, const column_facts&) = default;

  // False only if no value of the column holds `needle`, also when case is ignored.
  bool may_hold(std::string_view needle) const {
    return needle.size() <= bytes_max && (classes_of(needle) & ~bytes) == 0;
  }
  // False only if no value of the column equals `text`.
  bool may_equal(std::string_view text) const { return text.size() >= bytes_min && may_hold(text); }
};

// 5 to 50 bytes, about 15 as a rule.
void append_facts(const column_facts& facts, std::string& out);
// Errors: corrupt.
result<column_facts> read_facts(bounded_reader& from);

}  // namespace skald
