// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/json_parser.h"

namespace skald::logql {
namespace {

// Deeper objects are not entered: the stack is bounded whatever a line holds.
constexpr int depth_max = 500;
// At this depth it pays to find the ends of all objects below at once.
constexpr int ends_depth = 6;

}  // namespace

json_parser::json_parser(label_builder& labels)
    : keys_(labels), preserve_name_(labels.intern(preserve_error_label)) {}

bool json_parser::process(row_context& row) {
  if (row.labels.no_labels()) return true;
  keys_.begin_line();
  rejected_ = false;
  const json_error why = parse_object(row.line, key_cache::root, 0, row);
  if (why == json_error::none) return true;
  if (why == json_error::stopped) return !rejected_;
  row.labels.set_error(json_parser_error, error_text(why));
  if (row.labels.preserves_error()) row.labels.set_parsed(preserve_name_, "true");
  return true;
}

json_error json_parser::parse_object(std::string_view text, std::uint32_t parent, int depth,
                                     row_context& row) {
  if (depth == ends_depth) ends_.read(text);
  const auto on_member = [&](std::string_view key, const json_value& value) {
    return parse_member(parent, key, value, depth, row);
  };
  return json_each_member(text, row.arena, on_member, depth >= ends_depth ? &ends_ : nullptr);
}

json_error json_parser::parse_member(std::uint32_t parent, std::string_view key,
                                     const json_value& value, int depth, row_context& row) {
  if (value.type == json_type::null || value.type == json_type::array) return json_error::none;
  const std::uint32_t index = keys_.find(parent, key);
  const key_cache::node& node = keys_.at(index);
  if (value.type == json_type::object) {
    if (!node.prefix_wanted || depth >= depth_max) return json_error::none;
    return parse_object(value.text, index, depth + 1, row);
  }
  return extract(node, value, row);
}

json_error json_parser::extract(const key_cache::node& node, const json_value& value,
                                row_context& row) {
  if (node.name == no_name) return json_error::none;
  const name_id name = row.labels.parsed_name(node.name);
  if (row.labels.is_extracted(name) || !row.labels.is_wanted(name)) return json_error::none;
  row.labels.set_parsed(
      name, value.type == json_type::string ? json_string_label(value, row.arena) : value.text);
  if (row.labels.all_required_extracted()) return json_error::stopped;
  if (row.labels.passes_early(name, row)) return json_error::none;
  rejected_ = true;
  return json_error::stopped;
}

}  // namespace skald::logql
