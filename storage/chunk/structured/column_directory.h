// SPDX-License-Identifier: Apache-2.0
// Where the columns of a segment lie and what is known of each before it is read: the COLDIR
// section. Layout: docs/formats/pack_columns.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "storage/chunk/column/column_facts.h"
#include "storage/chunk/section_codec.h"

namespace skald {

// Columns with smaller payloads share one section, so that their headers do not outweigh them.
inline constexpr std::uint32_t small_column_bytes_max = 256;

// The sections of a segment that stores lines by shape.
struct structured_places {
  section_place rows;       // ROWS: the shape of each row
  section_place shapes;     // SHAPES
  section_place directory;  // COLDIR
  section_place columns;    // all COL sections; absent when no line has a value
  bool present() const { return shapes.bytes > 0; }
};

struct column_directory {
  struct column {
    column_facts facts;
    std::uint32_t payload_bytes = 0;
    section_place section;     // that holds the payload
    std::uint32_t offset = 0;  // of the payload in the section's
    bool is_small() const { return payload_bytes < small_column_bytes_max; }
  };
  section_place plain_rows;  // absent when there are none
  section_place small_columns;
  std::uint32_t small_bytes = 0;  // inflated
  std::vector<column> columns;
};

// Of the places only the lengths of `plain_rows` and `small_columns` are stored.
void append_directory(const column_directory& directory, std::string& out);
// `columns` is the place of all COL sections. Errors: corrupt, also when it does not list
// `column_count` columns or when they do not fill the place.
result<column_directory> parse_directory(std::string_view payload, std::size_t column_count,
                                         const section_place& columns);

}  // namespace skald
