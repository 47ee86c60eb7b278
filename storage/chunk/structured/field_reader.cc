// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/field_reader.h"

#include <algorithm>

#include "storage/chunk/shape/label_name.h"
#include "storage/chunk/utf8_text.h"

namespace skald {
namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

bool has_high_byte(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c & 0x80) != 0; });
}

// The code of one value of a column, if it is not what the parser takes as it stands.
enum class value_fate : std::uint8_t { known, absent, unknown };

value_fate fate_of(slot_kind kind, std::string_view value) {
  if (kind == slot_kind::json_scalar) {
    return value == "null" ? value_fate::absent : value_fate::known;
  }
  if (kind != slot_kind::logfmt_bare && value.find('\\') != std::string_view::npos) {
    return value_fate::unknown;
  }
  // Whether the label is there then depends on the parser's options.
  if (kind != slot_kind::json_string && value.empty()) return value_fate::unknown;
  if (has_high_byte(value) &&
      (!is_valid_utf8(value) || value.find(replacement_character) != std::string_view::npos)) {
    return value_fate::unknown;
  }
  return value_fate::known;
}

// Whether the facts tell that all values are known.
bool all_known(slot_kind kind, const column_facts& facts) {
  static const byte_classes null_bytes = classes_of("null");
  static const byte_classes special_bytes = classes_of("\\\x80");
  if (kind == slot_kind::json_scalar) return (facts.bytes & null_bytes) != null_bytes;
  if (kind != slot_kind::json_string && facts.bytes_min == 0) return false;
  return (facts.bytes & special_bytes) == 0;
}

}  // namespace

field_reader::field_reader(segment_columns& columns) : columns_(columns) {
  const shape_set& shapes = columns_.shapes();
  opaque_.resize(shapes.columns.size(), 0);
  for (std::uint32_t i = 0; i < shapes.columns.size(); ++i) {
    const shape_set::column& one = shapes.columns[i];
    label_name_of_path label = label_name(shapes, one.path);
    opaque_[i] = label.known ? 0 : 1;
    const bool extracted = one.kind != slot_kind::json_array && !label.name.empty();
    if (label.known && extracted) {
      labels_[{shapes.format_of(one), std::move(label.name)}].push_back(i);
    }
  }
}

result<const field_column*> field_reader::field(line_format_kind format, std::string_view label) {
  const label_key key{format, std::string(label)};
  std::unique_ptr<found_field>& known = found_[key];
  if (known == nullptr) {
    const auto columns = labels_.find(key);
    auto made = std::make_unique<found_field>();
    SKALD_TRY(build(
        format, columns == labels_.end() ? std::vector<std::uint32_t>() : columns->second, *made));
    known = std::move(made);
  }
  return &known->column;
}

void field_reader::code_shapes(line_format_kind format, const std::vector<std::uint32_t>& columns,
                               std::vector<std::uint32_t>& codes,
                               std::vector<char>& takes_value) const {
  const shape_set& shapes = columns_.shapes();
  codes.assign(shapes.shapes.size() + 1, field_column::unknown);
  takes_value.assign(shapes.shapes.size() + 1, 0);
  for (std::size_t i = 0; i < shapes.shapes.size(); ++i) {
    if (shapes.shapes[i].format != format) continue;
    std::size_t slots = 0;
    bool opaque = false;
    for (const std::uint32_t fragment : shapes.fragments_of(shapes.shapes[i])) {
      const std::uint32_t column = shapes.fragments[fragment].column;
      if (column == shape_set::fragment::no_column) break;
      opaque = opaque || opaque_[column] != 0;
      slots += std::find(columns.begin(), columns.end(), column) != columns.end() ? 1 : 0;
    }
    if (opaque || slots > 1) continue;
    codes[i + 1] = field_column::absent;
    takes_value[i + 1] = slots == 1 ? 1 : 0;
  }
}

result<void> field_reader::add_column(std::uint32_t column, bool alone,
                                      const std::vector<char>& takes_value, found_field& into) {
  SKALD_TRY_ASSIGN(const decoded_column decoded, columns_.values(column));
  const slot_kind kind = columns_.shapes().columns[column].kind;
  const auto first = static_cast<std::uint32_t>(into.values.size()) + field_column::first_value;
  std::vector<std::uint32_t> special;  // codes of the values, if some are not known
  if (!all_known(kind, columns_.facts(column))) {
    special.reserve(decoded.values.size());
    for (std::uint32_t i = 0; i < decoded.values.size(); ++i) {
      const value_fate fate = fate_of(kind, decoded.values[i]);
      special.push_back(fate == value_fate::known    ? first + i
                        : fate == value_fate::absent ? field_column::absent
                                                     : field_column::unknown);
    }
  }
  if (alone) {
    into.column.values = decoded.values;
  } else {
    into.values.insert(into.values.end(), decoded.values.begin(), decoded.values.end());
  }
  const auto row_shapes = columns_.row_shapes();
  const auto rows = columns_.rows_with(column);
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    if (takes_value[row_shapes[rows[i]]] == 0) continue;
    const std::uint32_t value = decoded.codes.empty() ? i : decoded.codes[i];
    into.codes[rows[i]] = special.empty() ? first + value : special[value];
  }
  return {};
}

result<void> field_reader::build(line_format_kind format, const std::vector<std::uint32_t>& columns,
                                 found_field& into) {
  std::vector<std::uint32_t> codes;
  std::vector<char> takes_value;
  code_shapes(format, columns, codes, takes_value);
  into.codes.resize(columns_.rows());
  const auto row_shapes = columns_.row_shapes();
  for (std::size_t row = 0; row < row_shapes.size(); ++row) {
    into.codes[row] = codes[row_shapes[row]];
  }
  for (const std::uint32_t column : columns) {
    SKALD_TRY(add_column(column, columns.size() == 1, takes_value, into));
  }
  into.column.codes = into.codes;
  if (columns.size() != 1) into.column.values = into.values;
  return {};
}

std::size_t field_reader::memory_bytes() const {
  // A label takes its key, a number or two and a node of the map.
  constexpr std::size_t label_bytes = 160;
  std::size_t bytes = sizeof(*this) + opaque_.capacity() + labels_.size() * label_bytes;
  for (const auto& [label, found] : found_) {
    bytes += label_bytes;
    if (found == nullptr) continue;
    bytes += sizeof(*found) + found->codes.capacity() * sizeof(std::uint32_t) +
             found->values.capacity() * sizeof(std::string_view);
  }
  return bytes;
}

}  // namespace skald
