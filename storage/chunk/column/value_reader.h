// SPDX-License-Identifier: Apache-2.0
// Reads the values of a column that is no dictionary and not constant: decodes the stored numbers
// or bytes and renders them as text. Used by column_decoder for columns and for dictionaries.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/base/result.h"
#include "storage/chunk/byte_codec.h"
#include "storage/chunk/column/column_arena.h"
#include "storage/chunk/column/column_facts.h"

namespace skald {

// The first bytes of a payload.
struct column_head {
  column_type type = column_type::none;
  std::string_view prefix;
  std::string_view suffix;

  std::uint64_t affix_bytes() const { return prefix.size() + suffix.size(); }
};

// Errors: corrupt.
result<column_head> take_head(bounded_reader& from);
error malformed_column(column_type type, const char* why);

// Which values to render.
struct value_request {
  std::uint32_t rows = 0;  // that the column has
  std::span<const std::int64_t> entry_times_ns;
  const std::uint32_t* wanted = nullptr;  // null: all rows
  std::uint32_t count = 0;                // of values to render

  std::uint32_t row(std::uint32_t i) const { return wanted == nullptr ? i : wanted[i]; }
};

// The values, one behind the other in memory if all rows are wanted. They point into `memory` or
// into what is read. Errors: corrupt.
result<std::span<const std::string_view>> read_values(bounded_reader& from, const column_head& head,
                                                      const value_request& request,
                                                      column_arena& memory);

// The ids of a HEX or UUID column as bytes, `id_bytes` each.
struct id_bytes_column {
  std::size_t id_bytes = 0;
  std::string_view bytes;
};
result<id_bytes_column> read_ids(bounded_reader& from, column_type type, std::uint32_t rows,
                                 column_arena& memory);

}  // namespace skald
