// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/plain_json.h"

#include <algorithm>
#include <set>

#include "runtime/logql/syntax/path_expression.h"
#include "runtime/model/go_string.h"
#include "testing/reference/plain_text.h"

namespace skald::logql::reference {
namespace {

constexpr std::size_t npos = std::string::npos;
constexpr char object_text[] = "Value looks like object, but can't find closing '}' symbol";
constexpr char array_text[] = "Value is array, but can't find closing ']' symbol";
constexpr char string_text[] = "Value is string, but can't find closing '\"' symbol";
constexpr char malformed_text[] = "Malformed JSON error";

std::size_t skip_space(const std::string& text, std::size_t at) {
  return text.find_first_not_of(" \t\r\n", at);
}

// The closing quote of a string whose first byte is at `at`.
std::size_t closing_quote(const std::string& text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == '"') return at;
    if (text[at] == '\\') ++at;
  }
  return npos;
}

// One behind the bracket that closes the one at `at`; only brackets of its kind count.
std::size_t behind_bracket(const std::string& text, std::size_t at) {
  const char open = text[at];
  const char close = open == '[' ? ']' : '}';
  int level = 0;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') {
      at = closing_quote(text, at + 1);
      if (at == npos) return npos;
    } else if (text[at] == open) {
      ++level;
    } else if (text[at] == close && --level == 0) {
      return at + 1;
    }
  }
  return npos;
}

// Four hex digits behind `\u` at `at`, or -1. As in Loki, the second half of a pair need not have a
// `\u` in front: two bytes of any kind will do.
long unicode_unit(const std::string& text, std::size_t at) {
  if (at + 6 > text.size()) return -1;
  const std::string digits = text.substr(at + 2, 4);
  if (digits.find_first_not_of("0123456789abcdefABCDEF") != npos) return -1;
  return std::stol(digits, nullptr, 16);
}

}  // namespace

std::optional<std::string> unescape_json(const std::string& text) {
  static const std::string names = "\"\\/bfnrt";
  static const std::string values = "\"\\/\b\f\n\r\t";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\') {
      out += text[at++];
      continue;
    }
    if (at + 1 >= text.size()) return std::nullopt;
    if (text[at + 1] != 'u') {
      const std::size_t which = names.find(text[at + 1]);
      if (which == npos) return std::nullopt;
      out += values[which];
      at += 2;
      continue;
    }
    const long first = unicode_unit(text, at);
    if (first < 0) return std::nullopt;
    at += 6;
    if (first < 0xD800 || first > 0xDFFF) {
      append_utf8(out, static_cast<char32_t>(first));
      continue;
    }
    const long second = unicode_unit(text, at);
    if (second < 0xDC00) return std::nullopt;
    at += 6;
    append_utf8(out, static_cast<char32_t>(0x10000 + (first - 0xD800) * 0x400 + second - 0xDC00));
  }
  return out;
}

json_value read_json_value(const std::string& text, std::size_t at) {
  at = skip_space(text, at);
  if (at == npos) throw json_failure{malformed_text};
  json_value value;
  value.begin = at;
  if (text[at] == '"') {
    const std::size_t quote = closing_quote(text, at + 1);
    if (quote == npos) throw json_failure{string_text};
    value.kind = json_kind::string;
    value.text = text.substr(at + 1, quote - at - 1);
    value.end = quote + 1;
    return value;
  }
  if (text[at] == '{' || text[at] == '[') {
    const bool is_array = text[at] == '[';
    value.end = behind_bracket(text, at);
    if (value.end == npos) throw json_failure{is_array ? array_text : object_text};
    value.kind = is_array ? json_kind::array : json_kind::object;
    value.text = text.substr(at, value.end - at);
    return value;
  }
  value.end = std::min(text.find_first_of(" \n\r\t,}]", at), text.size());
  value.text = text.substr(at, value.end - at);
  if (value.text == "true" || value.text == "false") {
    value.kind = json_kind::boolean;
  } else if (value.text == "null") {
    value.kind = json_kind::null;
  } else if (!value.text.empty() && std::string("-0123456789").find(value.text[0]) != npos) {
    value.kind = json_kind::number;
  } else {
    throw json_failure{"Unknown value type"};
  }
  return value;
}

void each_json_member(const std::string& text,
                      const std::function<bool(const std::string&, const json_value&)>& visit) {
  std::size_t at = skip_space(text, 0);
  if (at == npos || text[at] != '{') throw json_failure{object_text};
  at = skip_space(text, at + 1);
  if (at == npos) throw json_failure{malformed_text};
  while (text[at] != '}') {
    if (text[at] != '"') throw json_failure{object_text};
    const std::size_t quote = closing_quote(text, at + 1);
    if (quote == npos) throw json_failure{malformed_text};
    const auto key = unescape_json(text.substr(at + 1, quote - at - 1));
    if (!key) throw json_failure{"Encountered an invalid escape sequence in a string"};
    at = skip_space(text, quote + 1);
    if (at == npos || text[at] != ':') throw json_failure{malformed_text};
    const json_value value = read_json_value(text, at + 1);
    if (!visit(*key, value)) return;
    at = skip_space(text, value.end);
    if (at == npos) throw json_failure{array_text};
    if (text[at] == '}') return;
    if (text[at] != ',') throw json_failure{object_text};
    at = skip_space(text, at + 1);  // a comma may stand in front of the closing brace
    if (at == npos) throw json_failure{array_text};
  }
}

std::string json_label_value(const json_value& value) {
  if (value.kind == json_kind::null) return "";
  if (value.kind != json_kind::string && value.kind != json_kind::array) return value.text;
  return replace_fffd(unescape_json(value.text).value_or(""), " ");
}

namespace {

// Where the value at `path` inside the value `text` begins, or npos; what is malformed ends the
// search.
std::size_t find_path(const std::string& text, const json_path& path, std::size_t step) {
  if (step == path.size()) return skip_space(text, 0);
  std::optional<json_value> child;
  try {
    if (const auto* key = std::get_if<std::string>(&path[step])) {
      each_json_member(text, [&](const std::string& name, const json_value& value) {
        if (name == *key) child = value;
        return !child;
      });
    } else {
      std::size_t at = skip_space(text, 0);
      if (at == npos || text[at] != '[') return npos;
      ++at;
      for (std::int64_t i = 0;; ++i) {
        at = skip_space(text, at);
        if (at == npos || text[at] == ']') return npos;
        const json_value value = read_json_value(text, at);
        if (i == std::get<std::int64_t>(path[step])) {
          child = value;
          break;
        }
        at = skip_space(text, value.end);
        if (at == npos || text[at] != ',') return npos;
        ++at;
      }
    }
  } catch (const json_failure&) {
    if (!child) return npos;
  }
  if (!child) return npos;
  const std::size_t inside =
      find_path(text.substr(child->begin, child->end - child->begin), path, step + 1);
  return inside == npos ? npos : child->begin + inside;
}

// The pass over a line: keys on the way down by level; nothing between them is checked.
struct path_pass {
  const json_parser_expr& parser;
  const std::string& line;
  line_labels& labels;
  std::vector<json_path> paths;
  std::set<std::size_t> matched;
  std::size_t delivered = 0;
  std::size_t longest = 0;
  std::vector<std::string> keys;  // open ones, by level

  bool leads_here(const json_path& path, std::size_t levels) const {
    if (path.size() < levels || keys.size() < levels) return false;
    for (std::size_t i = 0; i < levels; ++i) {
      const auto* key = std::get_if<std::string>(&path[i]);
      if (key == nullptr || *key != keys[i]) return false;
    }
    return true;
  }

  void deliver(std::size_t target, std::size_t at) {
    matched.insert(target);
    if (at == npos) return;
    try {
      const json_value value = read_json_value(line, at);
      ++delivered;
      const std::string& name = parser.extractions[target].target;
      labels.set_parsed(labels.parsed_name(name), json_label_value(value));
    } catch (const json_failure& failure) {
      labels.fail_parser("JSONParserErr", failure.text);
    }
  }

  bool is_complete() const { return matched.size() == paths.size(); }

  void run() {
    long level = 0;
    for (std::size_t at = 0; at < line.size(); ++at) {
      const char c = line[at];
      if (c == '{') ++level;
      if (c == '}' || c == ']') --level;
      if (c != '"' && c != '[') continue;
      at = c == '"' ? behind_string(at, level) : behind_array(at, level);
      if (at == npos || is_complete()) return;
      --at;
    }
  }

  std::size_t fail() {
    labels.fail_parser("JSONParserErr", malformed_text);
    return npos;
  }

  std::size_t behind_string(std::size_t at, long level) {
    const std::size_t quote = closing_quote(line, at + 1);
    if (quote == npos) return npos;
    const std::size_t next = skip_space(line, quote + 1);
    if (next == npos) return npos;
    if (line[next] != ':') return next;
    const auto key = unescape_json(line.substr(at + 1, quote - at - 1));
    if (!key) return npos;
    if (level > static_cast<long>(longest)) return next + 1;
    if (level < 1) return fail();
    const auto depth = static_cast<std::size_t>(level);
    keys.resize(longest);
    keys[depth - 1] = *key;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      if (matched.contains(i) || paths[i].size() != depth || !leads_here(paths[i], depth)) continue;
      deliver(i, next + 1);
    }
    return next + 1;
  }

  // Arrays are only entered by a path that has an element number here.
  std::size_t behind_array(std::size_t at, long level) {
    if (level < 0) return fail();
    const auto depth = static_cast<std::size_t>(level);
    const std::string rest = line.substr(at);
    keys.resize(longest);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const json_path& path = paths[i];
      if (matched.contains(i) || path.size() <= depth || !leads_here(path, depth)) continue;
      if (!std::holds_alternative<std::int64_t>(path[depth])) continue;
      if (find_path(rest, {path[depth]}, 0) == npos) continue;
      const std::size_t found = find_path(
          rest, json_path(path.begin() + static_cast<std::ptrdiff_t>(depth), path.end()), 0);
      deliver(i, found == npos ? npos : at + found);
    }
    if (is_complete()) return npos;
    return behind_bracket(line, at);
  }
};

}  // namespace

std::size_t extract_json_paths(const json_parser_expr& parser, const std::string& line,
                               line_labels& labels) {
  path_pass pass{parser, line, labels, {}, {}, 0, 0, {}};
  for (const label_extraction& item : parser.extractions) {
    pass.paths.push_back(*parse_json_path(item.expression));
    pass.longest = std::max(pass.longest, pass.paths.back().size());
  }
  pass.run();
  return pass.delivered;
}

}  // namespace skald::logql::reference
