// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/unpack_parser.h"

#include "runtime/logql/pipeline/parser/json_parser.h"

namespace skald::logql {

unpack_parser::unpack_parser(label_builder& labels)
    : keys_(labels), preserve_name_(labels.intern(preserve_error_label)) {}

void unpack_parser::fail(row_context& row, std::string_view details) {
  row.labels.set_error(json_parser_error, details);
  if (row.labels.preserves_error()) row.labels.set_parsed(preserve_name_, "true");
}

bool unpack_parser::process(row_context& row) {
  if (row.line.empty() || row.labels.no_labels()) return true;
  if (row.line[0] != '{') {
    fail(row, "expecting json object(6), but it is not");
    return true;
  }
  keys_.begin_line();
  found_.clear();
  bool packed = false;
  std::string_view entry;
  const json_error why =
      json_each_member(row.line, row.arena, [&](std::string_view key, const json_value& value) {
        if (value.type != json_type::string) return json_error::none;
        if (key == "_entry") {
          packed = json_unescape(value.text, row.arena, entry);
          return packed ? json_error::none : json_error::escape;
        }
        const name_id name = keys_.at(keys_.find(key_cache::root, key)).name;
        if (name == no_name) return json_error::none;
        const name_id target = row.labels.parsed_name(name);
        if (row.labels.is_extracted(target) || !row.labels.is_wanted(target)) {
          return json_error::none;
        }
        found_.emplace_back(target, json_string_label(value, row.arena));
        return json_error::none;
      });
  if (why != json_error::none) {
    fail(row, error_text(why));
    return true;
  }
  if (!packed) return true;
  row.line = entry;
  for (const auto& [name, value] : found_) {
    row.labels.set_parsed(name, value);
    if (!row.labels.passes_early(name, row)) return false;
  }
  return true;
}

}  // namespace skald::logql
