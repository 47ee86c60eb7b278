// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/json_expression_parser.h"

#include <algorithm>
#include <span>
#include <utility>

#include "runtime/logql/pipeline/parser/json_parser.h"

namespace skald::logql {
namespace {

// Longer paths find nothing: each step through an array reads all that is in it again.
constexpr std::size_t path_steps_max = 500;

// The key of a step, or null for an element number.
const std::string* key_of(const json_path_step& step) {
  return std::get_if<std::string>(&step);
}

std::size_t index_of(const json_path_step& step) {
  return static_cast<std::size_t>(std::get<std::int64_t>(step));
}

// Finds the value at `path` inside the value `text`: position of the value or npos.
std::size_t find_inside(std::string_view text, std::span<const json_path_step> path,
                        row_arena& arena);

std::size_t find_member(std::string_view text, std::span<const json_path_step> path,
                        row_arena& arena) {
  std::size_t found = json_npos;
  json_each_member(text, arena, [&](std::string_view key, const json_value& value) {
    if (key != *key_of(path[0])) return json_error::none;
    const std::size_t quote = value.type == json_type::string ? 1 : 0;
    const auto start = static_cast<std::size_t>(value.text.data() - text.data()) - quote;
    const std::size_t inside =
        find_inside(text.substr(start, value.text.size() + 2 * quote), path.subspan(1), arena);
    found = inside == json_npos ? json_npos : start + inside;
    return json_error::stopped;
  });
  return found;
}

// Start of the element, or npos. Calls no more than needed; stops at the first malformed element.
std::size_t find_element(std::string_view text, std::size_t number) {
  std::size_t at = json_token(text, 0);
  if (at == json_npos || text[at] != '[') return json_npos;
  ++at;
  for (std::size_t index = 0;; ++index) {
    at = json_token(text, at);
    if (at == json_npos || text[at] == ']') return json_npos;
    const std::size_t start = at;
    json_value value;
    if (json_read_value(text, at, value) != json_error::none) return json_npos;
    if (index == number) return start;
    at = json_token(text, at);
    if (at == json_npos || text[at] != ',') return json_npos;
    ++at;
  }
}

std::size_t find_inside(std::string_view text, std::span<const json_path_step> path,
                        row_arena& arena) {
  if (path.empty()) return json_token(text, 0);
  if (key_of(path[0]) != nullptr) return find_member(text, path, arena);
  const std::size_t start = find_element(text, index_of(path[0]));
  if (start == json_npos) return json_npos;
  std::size_t end = start;
  json_value value;
  if (json_read_value(text, end, value) != json_error::none) return json_npos;
  const std::size_t inside = find_inside(text.substr(start, end - start), path.subspan(1), arena);
  return inside == json_npos ? json_npos : start + inside;
}

}  // namespace

// Where a pass over the line stands.
struct json_expression_parser::scan_state {
  std::string_view text;
  row_context& row;
  std::size_t at = 0;
  int level = 0;
  bool failed = false;
};

json_expression_parser::json_expression_parser(label_builder& labels, std::vector<target> targets)
    : targets_(std::move(targets)), preserve_name_(labels.intern(preserve_error_label)) {
  for (const target& item : targets_) {
    names_.push_back(labels.intern(item.name));
    longest_path_ = std::max(longest_path_, item.path.size());
  }
}

void json_expression_parser::fail(row_context& row, std::string_view details) const {
  row.labels.set_error(json_parser_error, details);
  if (row.labels.preserves_error()) row.labels.set_parsed(preserve_name_, "true");
}

bool json_expression_parser::process(row_context& row) {
  const std::string_view line = row.line;
  if (line.empty() || row.labels.no_labels()) return true;
  if (line[0] != '{' && line[0] != '[' && line[0] != '"') {
    fail(row, {});
    return true;
  }
  matched_.assign(targets_.size(), false);
  matched_count_ = 0;
  delivered_count_ = 0;
  open_keys_.assign(longest_path_, {});
  scan(line, row);
  if (delivered_count_ == targets_.size()) return true;
  for (const name_id name : names_) {
    std::string_view value;
    if (!row.labels.get(name, value)) row.labels.set_parsed(name, "");
  }
  return true;
}

// One pass over the text that tracks the level of objects and the keys on the way down, without
// checking the syntax in between.
void json_expression_parser::scan(std::string_view text, row_context& row) {
  scan_state state{text, row};
  while (state.at < text.size() && !state.failed) {
    switch (text[state.at]) {
      case '"': {
        bool escaped = false;
        const std::size_t start = state.at + 1;
        const std::size_t end = json_string_end(text, start, escaped);
        if (end == json_npos) return;
        state.at = json_token(text, end + 1);
        if (state.at == json_npos) return;
        if (text[state.at] != ':') continue;  // a value; look at the byte behind it
        std::string_view key = text.substr(start, end - start);
        if (escaped && !json_unescape(key, row.arena, key)) return;
        if (!on_key(state, state.at, key)) return;
        break;
      }
      case '{':
        ++state.level;
        break;
      case '}':
      case ']':
        --state.level;
        break;
      case '[':
        if (!on_array(state)) return;
        break;
      default:
        break;
    }
    ++state.at;
  }
}

bool json_expression_parser::on_key(scan_state& state, std::size_t colon, std::string_view key) {
  if (static_cast<int>(longest_path_) < state.level) return true;
  if (state.level < 1) {
    fail(state.row, error_text(json_error::malformed));
    return false;
  }
  const auto level = static_cast<std::size_t>(state.level);
  open_keys_[level - 1] = key;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const json_path& path = targets_[i].path;
    if (matched_[i] || path.size() != level) continue;
    bool same = true;
    for (std::size_t k = 0; k < level && same; ++k) {
      same = key_of(path[k]) != nullptr && *key_of(path[k]) == open_keys_[k];
    }
    if (!same) continue;
    matched_[i] = true;
    ++matched_count_;
    found(i, state.text, colon + 1, state.row);
  }
  return matched_count_ < targets_.size();
}

// Arrays are entered only by element number; everything else in them is skipped.
bool json_expression_parser::on_array(scan_state& state) {
  if (state.level < 0) {
    fail(state.row, error_text(json_error::malformed));
    return false;
  }
  const auto level = static_cast<std::size_t>(state.level);
  const std::string_view rest = state.text.substr(state.at);
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    const json_path& path = targets_[i].path;
    if (matched_[i] || path.size() < level + 1 || key_of(path[level]) != nullptr) continue;
    if (path.size() > path_steps_max) continue;
    bool same = true;
    for (std::size_t k = 0; k < level && same; ++k) {
      same = key_of(path[k]) != nullptr && *key_of(path[k]) == open_keys_[k];
    }
    if (!same) continue;
    const std::size_t start = find_inside(rest, std::span(path).subspan(level), state.row.arena);
    if (find_element(rest, index_of(path[level])) == json_npos) continue;
    matched_[i] = true;
    ++matched_count_;
    if (start != json_npos) found(i, rest, start, state.row);
  }
  if (matched_count_ == targets_.size()) return false;
  const std::size_t end = json_block_end(state.text, state.at, '[', ']');
  if (end == json_npos) return false;
  state.at = end - 1;
  return true;
}

void json_expression_parser::found(std::size_t target, std::string_view text, std::size_t at,
                                   row_context& row) {
  json_value value;
  const json_error why = json_read_value(text, at, value);
  if (why != json_error::none) {
    fail(row, error_text(why));
    return;
  }
  ++delivered_count_;
  std::string_view content = value.text;
  if (value.type == json_type::null) content = "";
  // Everything but objects is read as a string, arrays with all that is in them.
  if (value.type == json_type::array) value.escaped = content.find('\\') != std::string_view::npos;
  if (value.type == json_type::string || value.type == json_type::array) {
    content = json_string_label(value, row.arena);
  }
  row.labels.set_parsed(row.labels.parsed_name(names_[target]), content);
}

}  // namespace skald::logql
