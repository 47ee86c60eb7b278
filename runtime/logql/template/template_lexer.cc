// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/template_lexer.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "runtime/logql/syntax/text_scanner.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

using kind = template_token_kind;

constexpr std::string_view left_delimiter = "{{";
constexpr std::string_view right_delimiter = "}}";
// A minus and the space that must stand beside it.
constexpr std::size_t trim_marker_bytes = 2;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool is_alphanumeric(char32_t c) {
  return c != end_of_text && (is_identifier_start(c) || is_unicode_digit(c));
}

bool has_left_trim(std::string_view text) {
  return text.size() >= 2 && text[0] == '-' && is_space(text[1]);
}

bool has_right_trim(std::string_view text) {
  return text.size() >= 2 && is_space(text[0]) && text[1] == '-';
}

// U+007D '}', as Go's %#U.
std::string character_name(char32_t c) {
  char code[16];
  std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned>(c));
  std::string out = code;
  if (c >= 0x20 && c != 0x7F && c != 0xFFFD) {
    out += " '";
    append_utf8(out, c);
    out += '\'';
  }
  return out;
}

constexpr std::array<std::pair<std::string_view, kind>, 12> keywords{
    {{"block", kind::block},
     {"break", kind::break_word},
     {"continue", kind::continue_word},
     {"define", kind::define},
     {"else", kind::else_word},
     {"end", kind::end_word},
     {"if", kind::if_word},
     {"nil", kind::nil},
     {"range", kind::range},
     {"template", kind::template_word},
     {"with", kind::with},
     {"true", kind::boolean}}};

kind word_kind_of(std::string_view word) {
  if (word == "false") return kind::boolean;
  for (const auto& [name, what] : keywords) {
    if (name == word) return what;
  }
  return kind::identifier;
}

}  // namespace

std::string describe(const template_token& token) {
  constexpr std::size_t shown_characters_max = 10;
  switch (token.kind) {
    case kind::end:
      return "EOF";
    case kind::failure:
      return token.value;
    default:
      break;
  }
  if (token.kind >= kind::block) return "<" + token.value + ">";
  std::string out;
  if (token.value.size() <= shown_characters_max) {
    append_go_quoted(out, token.value);
    return out;
  }
  std::size_t end = 0;
  for (std::size_t i = 0; i < shown_characters_max && end < token.value.size(); ++i) {
    std::size_t length = 0;
    decode_utf8(std::string_view(token.value).substr(end), length);
    end += length;
  }
  append_go_quoted(out, std::string_view(token.value).substr(0, end));
  return out + "...";
}

template_token template_lexer::emit(kind what) {
  line_ +=
      static_cast<int>(std::count(text_.begin() + line_position_, text_.begin() + begin_, '\n'));
  line_position_ = begin_;
  template_token out{what, begin_, line_, std::string(text_.substr(begin_, at_ - begin_))};
  begin_ = at_;
  return out;
}

template_token template_lexer::fail(std::string message) {
  failed_ = true;
  failure_ = std::move(message);
  template_token out = emit(kind::failure);
  out.value = failure_;
  return out;
}

template_token template_lexer::next() {
  if (failed_) {
    template_token out{kind::failure, begin_, line_, failure_};
    return out;
  }
  return in_action_ ? read_action() : read_text();
}

template_token template_lexer::read_text() {
  while (true) {
    const std::size_t delimiter = text_.find(left_delimiter, at_);
    if (delimiter == std::string_view::npos) {
      at_ = text_.size();
      return emit(at_ > begin_ ? kind::text : kind::end);
    }
    if (delimiter > begin_) {
      at_ = delimiter;
      if (has_left_trim(text_.substr(delimiter + left_delimiter.size()))) {
        while (at_ > begin_ && is_space(text_[at_ - 1])) --at_;
      }
      template_token out = emit(kind::text);
      at_ = delimiter;
      begin_ = at_;
      if (!out.value.empty()) return out;
    }
    const std::size_t behind = delimiter + left_delimiter.size();
    const std::size_t marker = has_left_trim(text_.substr(behind)) ? trim_marker_bytes : 0;
    if (text_.substr(behind + marker, 2) != "/*") {
      at_ = behind;
      template_token out = emit(kind::left_delimiter);
      at_ += marker;
      begin_ = at_;
      in_action_ = true;
      depth_ = 0;
      return out;
    }
    at_ = behind + marker;
    begin_ = at_;
    template_token failure;
    if (!skip_comment(failure)) return failure;
  }
}

bool template_lexer::skip_comment(template_token& failure) {
  const std::size_t close = text_.find("*/", at_ + 2);
  if (close == std::string_view::npos) {
    failure = fail("unclosed comment");
    return false;
  }
  at_ = close + 2;
  bool trims = false;
  if (!at_right_delimiter(trims)) {
    failure = fail("comment ends before closing delimiter");
    return false;
  }
  at_ += right_delimiter.size() + (trims ? trim_marker_bytes : 0);
  if (trims) skip_spaces();
  begin_ = at_;
  return true;
}

bool template_lexer::at_right_delimiter(bool& trims) const {
  const std::string_view rest = text_.substr(at_);
  trims = has_right_trim(rest) &&
          rest.substr(trim_marker_bytes, right_delimiter.size()) == right_delimiter;
  return trims || rest.substr(0, right_delimiter.size()) == right_delimiter;
}

void template_lexer::skip_spaces() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

char32_t template_lexer::peek_character(std::size_t& length) const {
  if (at_ >= text_.size()) {
    length = 0;
    return end_of_text;
  }
  return decode_utf8(text_.substr(at_), length);
}

template_token template_lexer::read_action() {
  bool trims = false;
  if (at_right_delimiter(trims)) {
    return depth_ == 0 ? read_right_delimiter() : fail("unclosed left paren");
  }
  std::size_t length = 0;
  const char32_t c = peek_character(length);
  if (c == end_of_text) return fail("unclosed action");
  if (c < 0x80 && is_space(static_cast<char>(c))) return read_space();
  const bool digit_follows =
      at_ + 1 < text_.size() && text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9';
  if (c == '.' && at_ + 1 < text_.size() && !digit_follows) {
    ++at_;
    return read_field_or_variable(kind::field);
  }
  if (c == '.' || c == '+' || c == '-' || (c >= '0' && c <= '9')) return read_number();
  if (is_alphanumeric(c)) return read_identifier();
  at_ += length;
  switch (c) {
    case '=':
      return emit(kind::assign);
    case ':':
      if (at_ >= text_.size() || text_[at_] != '=') return fail("expected :=");
      ++at_;
      return emit(kind::declare);
    case '|':
      return emit(kind::pipe);
    case '"':
      return read_quoted('"', kind::text_constant, "unterminated quoted string");
    case '\'':
      return read_quoted('\'', kind::character_constant, "unterminated character constant");
    case '`':
      return read_raw_text();
    case '$':
      return read_field_or_variable(kind::variable);
    case '(':
    case ')':
      return read_parenthesis(c == '(');
    default:
      break;
  }
  if (c > 0x20 && c < 0x7F) return emit(kind::character);
  return fail("unrecognized character in action: " + character_name(c));
}

template_token template_lexer::read_parenthesis(bool is_left) {
  depth_ += is_left ? 1 : -1;
  if (depth_ < 0) return fail("unexpected right paren");
  return emit(is_left ? kind::left_parenthesis : kind::right_parenthesis);
}

template_token template_lexer::read_right_delimiter() {
  bool trims = false;
  at_right_delimiter(trims);
  if (trims) {
    at_ += trim_marker_bytes;
    begin_ = at_;
  }
  at_ += right_delimiter.size();
  template_token out = emit(kind::right_delimiter);
  if (trims) skip_spaces();
  begin_ = at_;
  in_action_ = false;
  return out;
}

// A run of spaces; its last one may belong to a trimming right delimiter.
template_token template_lexer::read_space() {
  skip_spaces();
  const std::string_view rest = text_.substr(at_ - 1);
  if (has_right_trim(rest) &&
      rest.substr(trim_marker_bytes, right_delimiter.size()) == right_delimiter) {
    --at_;
    if (at_ == begin_) return read_right_delimiter();
  }
  return emit(kind::space);
}

bool template_lexer::at_terminator() const {
  if (at_ >= text_.size() || is_space(text_[at_])) return true;
  static constexpr std::string_view terminators = ".,|:)(";
  return terminators.find(text_[at_]) != std::string_view::npos ||
         text_.substr(at_, right_delimiter.size()) == right_delimiter;
}

// Behind the `.` or `$`.
template_token template_lexer::read_field_or_variable(kind what) {
  if (at_terminator()) return emit(what == kind::variable ? what : kind::dot);
  std::size_t length = 0;
  char32_t c = peek_character(length);
  while (is_alphanumeric(c)) {
    at_ += length;
    c = peek_character(length);
  }
  if (!at_terminator()) return fail("bad character " + character_name(c));
  return emit(what);
}

template_token template_lexer::read_identifier() {
  std::size_t length = 0;
  char32_t c = peek_character(length);
  while (is_alphanumeric(c)) {
    at_ += length;
    c = peek_character(length);
  }
  if (!at_terminator()) return fail("bad character " + character_name(c));
  return emit(word_kind_of(text_.substr(begin_, at_ - begin_)));
}

template_token template_lexer::read_quoted(char quote, kind what, std::string_view message) {
  while (at_ < text_.size() && text_[at_] != '\n') {
    const char c = text_[at_++];
    if (c == quote) return emit(what);
    if (c == '\\') {
      if (at_ >= text_.size() || text_[at_] == '\n') break;
      ++at_;
    }
  }
  return fail(std::string(message));
}

template_token template_lexer::read_raw_text() {
  const std::size_t end = text_.find('`', at_);
  if (end == std::string_view::npos) return fail("unterminated raw quoted string");
  at_ = end + 1;
  return emit(kind::raw_text_constant);
}

bool template_lexer::accept(std::string_view characters) {
  if (at_ >= text_.size() || characters.find(text_[at_]) == std::string_view::npos) return false;
  ++at_;
  return true;
}

void template_lexer::accept_run(std::string_view characters) {
  while (accept(characters)) {
  }
}

bool template_lexer::scan_number() {
  accept("+-");
  std::string_view digits = "0123456789_";
  bool is_decimal = true;
  bool is_hex = false;
  if (accept("0")) {
    if (accept("xX")) {
      digits = "0123456789abcdefABCDEF_";
      is_hex = true;
    } else if (accept("oO")) {
      digits = "01234567_";
    } else if (accept("bB")) {
      digits = "01_";
    }
    is_decimal = digits.size() == 11;
  }
  accept_run(digits);
  if (accept(".")) accept_run(digits);
  if ((is_decimal && accept("eE")) || (is_hex && accept("pP"))) {
    accept("+-");
    accept_run("0123456789_");
  }
  accept("i");
  std::size_t length = 0;
  if (!is_alphanumeric(peek_character(length))) return true;
  at_ += length;
  return false;
}

template_token template_lexer::read_number() {
  const auto bad = [this] {
    std::string message = "bad number syntax: ";
    append_go_quoted(message, text_.substr(begin_, at_ - begin_));
    return fail(std::move(message));
  };
  if (!scan_number()) return bad();
  if (at_ >= text_.size() || (text_[at_] != '+' && text_[at_] != '-')) return emit(kind::number);
  if (!scan_number() || text_[at_ - 1] != 'i') return bad();
  return emit(kind::complex);
}

}  // namespace skald::logql
