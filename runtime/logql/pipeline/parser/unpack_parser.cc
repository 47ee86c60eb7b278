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

// Clashes and hints are looked up by the key as it stands in the line; only then it is sanitised.
name_id unpack_parser::target_of(std::string_view key, label_builder& labels) {
  const key_cache::node& node = keys_.at(keys_.find(key_cache::root, key));
  if (node.name == no_name) return no_name;
  if (node.path == key) {
    const name_id target = labels.parsed_name(node.name);
    return labels.is_extracted(target) || !labels.is_wanted(target) ? no_name : target;
  }
  const name_id raw = labels.find(key);
  if (raw == no_name) return labels.has_requirements() ? no_name : node.name;
  const name_id stored = labels.parsed_name(raw);
  if (labels.is_extracted(stored) || !labels.is_wanted(stored)) return no_name;
  return stored == raw ? node.name : labels.clash_name(node.name);
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
        const name_id target = target_of(key, row.labels);
        if (target != no_name) found_.emplace_back(target, json_string_label(value, row.arena));
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
