// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/path_expression.h"

#include "runtime/base/go_number.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

enum class path_token { end, open, close, dot, field, index, text };

std::string_view name_of(path_token token, bool is_logfmt) {
  switch (token) {
    case path_token::end:
      return "$end";
    case path_token::open:
      return "LSB";
    case path_token::close:
      return "RSB";
    case path_token::dot:
      return "DOT";
    case path_token::field:
      return is_logfmt ? "KEY" : "FIELD";
    case path_token::index:
      return "INDEX";
    case path_token::text:
      return "STRING";
  }
  return "$end";
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

// Reads tokens. A lexical mistake is remembered and ends the text, as in Loki: where the text may
// end there, the mistake is the error, else the unexpected end is.
class path_scanner {
 public:
  path_scanner(std::string_view text, bool is_logfmt) : text_(text), is_logfmt_(is_logfmt) {}

  path_token next() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ >= text_.size()) return path_token::end;
    const char c = text_[at_];
    if (is_name_start(c)) return read_field();
    if (c == '"') return read_text();
    if (!is_logfmt_) {
      if (is_digit(c)) return read_index();
      ++at_;
      if (c == '[') return path_token::open;
      if (c == ']') return path_token::close;
      if (c == '.') return path_token::dot;
      --at_;
    }
    std::size_t length = 0;
    decode_utf8(text_.substr(at_), length);
    return stop("unexpected char " + std::string(text_.substr(at_, length)));
  }

  const std::string& text() const { return value_; }
  std::int64_t index() const { return index_; }
  const std::string& mistake() const { return mistake_; }

 private:
  path_token stop(std::string mistake) {
    mistake_ = std::move(mistake);
    at_ = text_.size();
    return path_token::end;
  }

  path_token read_field() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_name_start(text_[at_]) || is_digit(text_[at_]))) ++at_;
    value_ = text_.substr(begin, at_ - begin);
    return path_token::field;
  }

  // Ends at the first quote or bracket, without escapes.
  path_token read_text() {
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != ']') ++at_;
    value_ = text_.substr(begin, at_ - begin);
    if (at_ < text_.size()) ++at_;
    return path_token::text;
  }

  path_token read_index() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    if (at_ >= text_.size()) return stop("non-integer value: ");
    const char c = text_[at_];
    if (c == '.') return stop("cannot use float as array index");
    if (!is_space(c) && c != ']') return stop(std::string("non-integer value: ") + c);
    const auto value = parse_go_int(text_.substr(begin, at_ - begin), 10);
    if (!value.ok()) {
      return stop("strconv.Atoi: parsing \"" + std::string(text_.substr(begin, at_ - begin)) +
                  "\": value out of range");
    }
    index_ = *value;
    return path_token::index;
  }

  std::string_view text_;
  bool is_logfmt_;
  std::size_t at_ = 0;
  std::string value_;
  std::int64_t index_ = 0;
  std::string mistake_;
};

error cannot_parse(std::string_view text, std::string_view why) {
  std::string message = "cannot parse expression [";
  message += text;
  message += "]: ";
  message += why;
  return error{errc::invalid_argument, std::move(message)};
}

error unexpected(std::string_view text, path_token token, std::string_view expected,
                 bool is_logfmt = false) {
  std::string why = "syntax error: unexpected ";
  why += name_of(token, is_logfmt);
  if (!expected.empty()) {
    why += ", expecting ";
    why += expected;
  }
  return cannot_parse(text, why);
}

// Reads `"key"]` or `n]` behind an opening bracket.
result<json_path_step> read_bracket(path_scanner& scanner, std::string_view text) {
  const path_token token = scanner.next();
  if (token != path_token::text && token != path_token::index) {
    return unexpected(text, token, "STRING or INDEX");
  }
  json_path_step step =
      token == path_token::text ? json_path_step(scanner.text()) : json_path_step(scanner.index());
  const path_token close = scanner.next();
  if (close != path_token::close) return unexpected(text, close, "RSB");
  return step;
}

}  // namespace

result<json_path> parse_json_path(std::string_view text) {
  path_scanner scanner(text, false);
  json_path path;
  path_token token = scanner.next();
  if (token != path_token::open && token != path_token::field) {
    return unexpected(text, token, "LSB or FIELD");
  }
  while (token != path_token::end) {
    if (token == path_token::open) {
      SKALD_TRY_ASSIGN(json_path_step step, read_bracket(scanner, text));
      path.push_back(std::move(step));
    } else if (token == path_token::field && path.empty()) {
      path.emplace_back(scanner.text());
    } else if (token == path_token::dot) {
      token = scanner.next();
      if (token != path_token::field) return unexpected(text, token, "FIELD");
      path.emplace_back(scanner.text());
    } else {
      return unexpected(text, token, "");
    }
    token = scanner.next();
  }
  if (!scanner.mistake().empty()) return cannot_parse(text, scanner.mistake());
  return path;
}

result<std::string> parse_logfmt_key(std::string_view text) {
  path_scanner scanner(text, true);
  const path_token token = scanner.next();
  if (token != path_token::field && token != path_token::text) {
    return unexpected(text, token, "STRING or KEY", true);
  }
  std::string key = scanner.text();
  for (path_token next = scanner.next(); next != path_token::end; next = scanner.next()) {
    if (next != path_token::text) return unexpected(text, next, "", true);
    key += ' ';
    key += scanner.text();
  }
  if (!scanner.mistake().empty()) return cannot_parse(text, scanner.mistake());
  return key;
}

}  // namespace skald::logql
