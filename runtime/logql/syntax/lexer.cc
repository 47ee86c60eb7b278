// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/lexer.h"

#include <re2/re2.h>

#include "runtime/base/units.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

bool is_number_character(char32_t c) {
  if (c < 0x80) return c >= '0' && c <= '9';
  static const re2::RE2 number("\\pN");
  std::string text;
  append_utf8(text, c);
  return re2::RE2::FullMatch(text, number);
}

bool is_duration_letter(char32_t c) {
  return c == 'n' || c == 'u' || c == 0xB5 || c == 'm' || c == 's' || c == 'h' || c == 'd' ||
         c == 'w' || c == 'y';
}

bool is_bytes_letter(char32_t c) {
  return c == 'B' || c == 'i' || c == 'k' || c == 'K' || c == 'M' || c == 'G' || c == 'T' ||
         c == 'P';
}

// Takes the characters that may belong to a number with a unit from `scanner` (a copy of the
// lexer's) and appends them to `text`. Returns how many there were.
template <class IsLetter>
int collect_unit(text_scanner& scanner, std::string& text, IsLetter is_letter) {
  // Longer texts are no valid durations or sizes; the bound keeps hostile input linear.
  constexpr int unit_characters_max = 256;
  int count = 0;
  for (char32_t c = scanner.peek(); c != end_of_text; c = scanner.peek()) {
    if (count == unit_characters_max) return 0;
    if (!is_number_character(c) && !is_letter(c) && c != '.') break;
    append_utf8(text, c);
    scanner.take();
    ++count;
  }
  return count;
}

result<std::int64_t> parse_any_duration(std::string_view text) {
  if (auto parsed = parse_prometheus_duration(text); parsed.ok()) return parsed;
  if (auto parsed = parse_go_duration(text); parsed.ok()) return parsed;
  // A negative duration in days, weeks or years.
  if (!text.empty() && text[0] == '-') {
    if (auto parsed = parse_prometheus_duration(text.substr(1)); parsed.ok()) return -*parsed;
  }
  return error{errc::invalid_argument, "not a duration"};
}

}  // namespace

std::string parse_error_text(text_position position, std::string_view message) {
  std::string out = "parse error ";
  if (position.line != 0 || position.column != 0) {
    out += "at line " + std::to_string(position.line) + ", col " + std::to_string(position.column);
  }
  out += ": ";
  out += message;
  return out;
}

token lexer::make(token_kind kind) const {
  token out;
  out.kind = kind;
  out.position = scanner_.position();
  return out;
}

token lexer::next() {
  while (true) {
    const scan_kind kind = scanner_.scan();
    switch (kind) {
      case scan_kind::end:
        return make(token_kind::end);
      case scan_kind::integer:
      case scan_kind::floating:
        return read_number();
      case scan_kind::text:
      case scan_kind::raw_text:
        return read_text(kind);
      case scan_kind::identifier:
        return read_word();
      case scan_kind::character:
      case scan_kind::symbol:
        break;
    }
    const std::string_view text = scanner_.token_text();
    if (text == "[") return read_range();
    if (text != "#") return read_symbol();
    skip_hash_comment();
  }
}

void lexer::skip_hash_comment() {
  for (char32_t c = scanner_.peek(); c != '\n' && c != end_of_text; c = scanner_.peek()) {
    scanner_.take();
  }
}

token lexer::read_number() {
  const std::string number(scanner_.token_text());
  std::int64_t nanoseconds = 0;
  if (take_duration(number, nanoseconds)) {
    token out = make(token_kind::duration);
    out.duration_ns = nanoseconds;
    return out;
  }
  std::uint64_t bytes = 0;
  if (take_bytes(number, bytes)) {
    token out = make(token_kind::bytes);
    out.bytes = bytes;
    return out;
  }
  token out = make(token_kind::number);
  out.value = number;
  return out;
}

bool lexer::take_duration(std::string_view prefix, std::int64_t& nanoseconds) {
  text_scanner ahead = scanner_;
  std::string text(prefix);
  const int count = collect_unit(ahead, text, is_duration_letter);
  if (count == 0) return false;
  const auto parsed = parse_any_duration(text);
  if (!parsed.ok()) return false;
  nanoseconds = *parsed;
  for (int i = 0; i < count; ++i) scanner_.take();
  return true;
}

bool lexer::take_bytes(std::string_view number, std::uint64_t& bytes) {
  text_scanner ahead = scanner_;
  std::string text(number);
  const int count = collect_unit(ahead, text, is_bytes_letter);
  if (count == 0) return false;
  const auto parsed = parse_bytes(text);
  if (!parsed.ok()) return false;
  bytes = *parsed;
  for (int i = 0; i < count; ++i) scanner_.take();
  return true;
}

bool lexer::take_flag(std::string& flag) {
  // Longer than any flag.
  constexpr std::size_t flag_bytes_max = 32;
  text_scanner ahead = scanner_;
  flag = "-";
  int count = 0;
  for (char32_t c = ahead.peek(); c == '-' || (c != '_' && is_identifier_start(c));
       c = ahead.peek()) {
    if (flag.size() > flag_bytes_max) return false;
    append_utf8(flag, c);
    ahead.take();
    ++count;
  }
  if (flag != "--strict" && flag != "--keep-empty") return false;
  for (int i = 0; i < count; ++i) scanner_.take();
  return true;
}

token lexer::read_text(scan_kind kind) {
  const std::string_view text = scanner_.token_text();
  if (scanner_.failure()) return make(token_kind::end);
  token out = make(token_kind::text);
  if (kind == scan_kind::raw_text) {
    // Unlike Go source, LogQL keeps carriage returns in raw strings.
    out.value = text.substr(1, text.size() - 2);
    return out;
  }
  auto parsed = scan_go_string(text);
  if (!parsed.ok()) {
    scanner_.fail("invalid syntax");
    return make(token_kind::end);
  }
  out.value = std::move(parsed->value);
  return out;
}

token lexer::read_range() {
  std::string text;
  while (true) {
    const char32_t c = scanner_.take();
    if (c == end_of_text) {
      scanner_.fail("missing closing ']' in duration");
      return make(token_kind::end);
    }
    if (c == ']') break;
    append_utf8(text, c);
  }
  auto parsed = parse_prometheus_duration(text);
  if (!parsed.ok()) {
    scanner_.fail(parsed.error().message);
    return make(token_kind::end);
  }
  token out = make(token_kind::range);
  out.duration_ns = *parsed;
  return out;
}

// Whether `(`, or `by (` or `without (`, stands behind the last token.
bool lexer::is_call_ahead() const {
  text_scanner ahead = scanner_;
  const auto skip_spaces = [&ahead] {
    while (is_unicode_space(ahead.peek())) ahead.take();
  };
  skip_spaces();
  std::string word;
  constexpr std::size_t word_bytes_max = 7;  // "without"
  while (word.size() < word_bytes_max) {
    const char32_t c = ahead.take();
    if (c == '(' && word.empty()) return true;
    if (c >= 0x80) return false;
    word += static_cast<char>(c);
    const token_kind kind = word_kind(word);
    if (kind == token_kind::by || kind == token_kind::without) {
      skip_spaces();
      return ahead.take() == '(';
    }
  }
  return false;
}

token lexer::read_word() {
  const std::string word(scanner_.token_text());
  const token_kind kind = word_kind(word);
  const bool is_identifier =
      kind == token_kind::identifier || (is_function_token(kind) && !is_call_ahead());
  token out = make(is_identifier ? token_kind::identifier : kind);
  if (is_identifier) out.value = word;
  return out;
}

token lexer::read_symbol() {
  const std::string symbol(scanner_.token_text());
  if (symbol == "-") {
    std::string flag;
    if (scanner_.peek() == '-' && take_flag(flag)) {
      token out = make(token_kind::function_flag);
      out.value = flag;
      return out;
    }
    std::int64_t nanoseconds = 0;
    if (take_duration("-", nanoseconds)) {
      token out = make(token_kind::duration);
      out.duration_ns = nanoseconds;
      return out;
    }
  }
  if (const char32_t c = scanner_.peek(); c < 0x80) {
    const token_kind pair = symbol_kind(symbol + static_cast<char>(c));
    if (pair != token_kind::identifier) {
      scanner_.take();
      return make(pair);
    }
  }
  token out = make(symbol_kind(symbol));
  if (out.kind == token_kind::identifier) out.value = symbol;
  return out;
}

}  // namespace skald::logql
