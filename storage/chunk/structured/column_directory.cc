// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/column_directory.h"

#include "storage/chunk/byte_codec.h"

namespace skald {
namespace {

error malformed(const char* why) {
  return {errc::corrupt, std::string("section COLDIR: ") + why};
}

}  // namespace

void append_directory(const column_directory& directory, std::string& out) {
  append_varint(out, directory.plain_rows.bytes);
  append_varint(out, directory.small_columns.bytes);
  append_varint(out, directory.columns.size());
  for (const column_directory::column& one : directory.columns) {
    append_facts(one.facts, out);
    append_varint(out, one.payload_bytes);
  }
}

result<column_directory> parse_directory(std::string_view payload, std::size_t column_count,
                                         const section_place& columns) {
  constexpr std::uint64_t stored_max = section_header_bytes + std::uint64_t{section_bytes_max};
  bounded_reader from(payload);
  column_directory made;
  made.plain_rows.bytes = from.varint_up_to(stored_max);
  made.small_columns.bytes = from.varint_up_to(stored_max);
  if (from.varint() != column_count || from.failed()) return malformed("another number of columns");
  made.columns.resize(column_count);
  std::uint64_t offset = columns.offset;
  const auto place = [&](section_place& section, std::uint64_t bytes) {
    section = {offset, bytes};
    offset += bytes;
  };
  place(made.plain_rows, made.plain_rows.bytes);
  place(made.small_columns, made.small_columns.bytes);
  for (column_directory::column& one : made.columns) {
    SKALD_TRY_ASSIGN(one.facts, read_facts(from));
    one.payload_bytes = static_cast<std::uint32_t>(from.varint_up_to(section_bytes_max));
    if (one.is_small()) {
      one.section = made.small_columns;
      one.offset = made.small_bytes;
      made.small_bytes += one.payload_bytes;
    } else {
      place(one.section, section_header_bytes + one.payload_bytes);
    }
  }
  if (!from.finished()) return malformed("malformed");
  if (offset != columns.offset + columns.bytes) return malformed("columns do not fill their place");
  return made;
}

}  // namespace skald
