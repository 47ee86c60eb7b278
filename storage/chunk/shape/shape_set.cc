// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/shape_set.h"

#include <algorithm>

#include "storage/chunk/byte_codec.h"
#include "storage/chunk/pack_format.h"

namespace skald {
namespace {

error malformed(const char* why) {
  return {errc::corrupt, std::string("section SHAPES: ") + why};
}

bool fits(slot_kind kind, line_format_kind format) {
  switch (kind) {
    case slot_kind::json_string:
    case slot_kind::json_scalar:
    case slot_kind::json_array:
      return format == line_format_kind::json;
    case slot_kind::logfmt_bare:
    case slot_kind::logfmt_quoted:
      return format == line_format_kind::logfmt;
    case slot_kind::none:
      return false;
  }
  return false;
}

void append_text(std::string_view text, std::string& out) {
  append_varint(out, text.size());
  out += text;
}

// A count of things that take at least one byte each, which bounds the memory taken for them.
std::size_t take_count(bounded_reader& from, std::size_t most) {
  return from.varint_up_to(std::min(most, from.remaining()));
}

// A key at most below each object that a line may nest.
constexpr std::uint32_t path_depth_max = shape_depth_max;
constexpr std::uint32_t paths_max = segment_columns_max * path_depth_max;

bool parse_paths(bounded_reader& from, shape_set& into) {
  into.paths.resize(take_count(from, paths_max));
  std::vector<std::uint32_t> depths(into.paths.size() + shape_set::roots, 0);
  for (std::size_t i = 0; i < into.paths.size(); ++i) {
    // A parent stands before its children: no cycles.
    const std::uint64_t parent = from.varint_up_to(i + shape_set::roots - 1);
    into.paths[i].parent = static_cast<std::uint32_t>(parent);
    into.paths[i].key = from.take(from.varint());
    depths[i + shape_set::roots] = depths[parent] + 1;
    if (depths[i + shape_set::roots] > path_depth_max) return false;
  }
  return !from.failed();
}

bool parse_columns(bounded_reader& from, shape_set& into) {
  into.columns.resize(take_count(from, segment_columns_max));
  for (shape_set::column& one : into.columns) {
    one.path = static_cast<std::uint32_t>(from.varint_up_to(into.paths.size() + 1));
    one.kind = static_cast<slot_kind>(from.fixed<std::uint8_t>());
    if (from.failed() || one.path < shape_set::roots) return false;
    if (!fits(one.kind, into.format_of(one))) return false;
  }
  return !from.failed();
}

bool parse_fragments(bounded_reader& from, shape_set& into) {
  into.fragments.resize(take_count(from, section_bytes_max));
  for (shape_set::fragment& one : into.fragments) {
    one.text = from.take(from.varint());
    const std::uint64_t column = from.varint_up_to(into.columns.size());
    if (column > 0) one.column = static_cast<std::uint32_t>(column - 1);
  }
  return !from.failed();
}

// One shape; `last_shape` has the last shape that each column was seen in.
bool parse_shape(bounded_reader& from, shape_set& into, std::vector<std::size_t>& last_shape) {
  shape_set::shape made;
  const auto format = from.fixed<std::uint8_t>();
  made.first = static_cast<std::uint32_t>(into.fragment_numbers.size());
  made.count = static_cast<std::uint32_t>(take_count(from, shape_slots_max + 1));
  if (from.failed() || format > 1 || made.count == 0) return false;
  made.format = static_cast<line_format_kind>(format);
  const std::size_t number = into.shapes.size() + 1;
  for (std::uint32_t i = 0; i < made.count; ++i) {
    const std::uint64_t fragment = from.varint();
    if (from.failed() || fragment >= into.fragments.size()) return false;
    const std::uint32_t column = into.fragments[fragment].column;
    const bool ends = column == shape_set::fragment::no_column;
    if (ends != (i + 1 == made.count)) return false;
    if (!ends) {
      if (into.format_of(into.columns[column]) != made.format) return false;
      if (std::exchange(last_shape[column], number) == number) return false;
    }
    into.fragment_numbers.push_back(static_cast<std::uint32_t>(fragment));
  }
  into.shapes.push_back(made);
  return true;
}

}  // namespace

line_format_kind shape_set::format_of(const column& one) const {
  std::uint32_t at = one.path;
  while (at >= roots) at = paths[at - roots].parent;
  return at == json_root ? line_format_kind::json : line_format_kind::logfmt;
}

void append_shapes(const shape_set& shapes, std::string& out) {
  append_varint(out, shapes.paths.size());
  for (const shape_set::path& one : shapes.paths) {
    append_varint(out, one.parent);
    append_text(one.key, out);
  }
  append_varint(out, shapes.columns.size());
  for (const shape_set::column& one : shapes.columns) {
    append_varint(out, one.path);
    out.push_back(static_cast<char>(one.kind));
  }
  append_varint(out, shapes.fragments.size());
  for (const shape_set::fragment& one : shapes.fragments) {
    append_text(one.text, out);
    append_varint(out, one.column == shape_set::fragment::no_column ? 0 : one.column + 1);
  }
  append_varint(out, shapes.shapes.size());
  for (const shape_set::shape& one : shapes.shapes) {
    out.push_back(static_cast<char>(one.format));
    append_varint(out, one.count);
    for (const std::uint32_t fragment : shapes.fragments_of(one)) append_varint(out, fragment);
  }
}

result<shape_set> parse_shapes(std::string_view payload) {
  bounded_reader from(payload);
  shape_set made;
  if (!parse_paths(from, made)) return malformed("malformed paths");
  if (!parse_columns(from, made)) return malformed("malformed columns");
  if (!parse_fragments(from, made)) return malformed("malformed fragments");
  const std::size_t count = take_count(from, segment_shapes_max);
  made.shapes.reserve(count);
  std::vector<std::size_t> last_shape(made.columns.size(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    if (!parse_shape(from, made, last_shape)) return malformed("malformed shape");
  }
  if (!from.finished()) return malformed("bytes left over");
  return made;
}

}  // namespace skald
