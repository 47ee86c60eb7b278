// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/push_labels.h"

#include "runtime/model/go_string.h"

namespace skald {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct scanner {
  std::string_view text;
  std::size_t at = 0;

  void skip_space() {
    while (at < text.size() &&
           (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) {
      ++at;
    }
  }
  bool at_end() const { return at >= text.size(); }
  bool take(char c) {
    skip_space();
    if (at_end() || text[at] != c) return false;
    ++at;
    return true;
  }
  error fail(const std::string& what) const {
    std::size_t line = 1;
    std::size_t column = 1;
    for (std::size_t i = 0; i < at && i < text.size(); ++i) {
      ++column;
      if (text[i] == '\n') {
        ++line;
        column = 1;
      }
    }
    return {errc::invalid_argument,
            std::to_string(line) + ":" + std::to_string(column) + ": parse error: " + what};
  }
  // The character at hand as messages show it: '-'.
  std::string shown() const {
    std::size_t length = 1;
    decode_utf8(text.substr(at), length);
    return "'" + std::string(text.substr(at, length)) + "'";
  }
  error unexpected_inside_braces() const {
    if (at_end()) return fail("unexpected end of input inside braces");
    return fail("unexpected character inside braces: " + shown());
  }
};

result<std::string> take_name(scanner& in) {
  in.skip_space();
  if (!in.at_end() && in.text[in.at] == '"') {  // quoted names, as newer Prometheus writes them
    auto token = scan_go_string(in.text.substr(in.at));
    if (!token.ok()) return in.fail("unterminated quoted string");
    in.at += token->length;
    return std::move(token->value);
  }
  const std::size_t begin = in.at;
  while (!in.at_end() && (is_letter(in.text[in.at]) || in.text[in.at] == '_' ||
                          (in.at > begin && is_digit(in.text[in.at])))) {
    ++in.at;
  }
  if (in.at == begin) return in.unexpected_inside_braces();
  return std::string(in.text.substr(begin, in.at - begin));
}

result<std::string> take_value(scanner& in) {
  in.skip_space();
  if (in.at_end()) return in.unexpected_inside_braces();
  const char quote = in.text[in.at];
  if (quote != '"' && quote != '`' && quote != '\'') return in.unexpected_inside_braces();
  if (quote == '\'') {  // as "..." with the other quote
    const std::size_t end = in.text.find('\'', in.at + 1);
    if (end == std::string_view::npos) return in.fail("unterminated quoted string");
    std::string value(in.text.substr(in.at + 1, end - in.at - 1));
    in.at = end + 1;
    return value;
  }
  auto token = scan_go_string(in.text.substr(in.at));
  if (!token.ok()) return in.fail("unterminated quoted string");
  in.at += token->length;
  return std::move(token->value);
}

}  // namespace

result<std::vector<label>> scan_push_labels(std::string_view text) {
  scanner in{text};
  std::vector<label> labels;
  if (!in.take('{')) {
    if (in.at_end()) return in.fail("unexpected end of input");
    return in.fail("unexpected character: " + in.shown());
  }
  bool first = true;
  while (!in.take('}')) {
    if (!first && !in.take(',')) return in.unexpected_inside_braces();
    if (!first && in.take('}')) break;  // a trailing comma is allowed
    first = false;
    SKALD_TRY_ASSIGN(std::string name, take_name(in));
    if (!in.take('=')) return in.unexpected_inside_braces();
    SKALD_TRY_ASSIGN(std::string value, take_value(in));
    if (!value.empty()) labels.push_back({std::move(name), std::move(value)});
  }
  in.skip_space();
  if (!in.at_end()) return in.fail("unexpected character: " + in.shown());
  return labels;
}

bool is_safe_metadata_name(std::string_view name) {
  if (name.empty() || is_digit(name[0])) return false;
  for (const char c : name) {
    if (!is_letter(c) && !is_digit(c) && c != '_' && c != ':') return false;
  }
  return true;
}

std::string make_safe_metadata_name(std::string_view name) {
  std::string out;
  if (!name.empty() && is_digit(name[0])) out = "key_";
  bool in_run = false;
  for (const char c : name) {
    if (is_letter(c) || is_digit(c) || c == ':') {
      out += c;
      in_run = false;
    } else if (!in_run) {
      out += '_';
      in_run = true;
    }
  }
  return out;
}

}  // namespace skald
