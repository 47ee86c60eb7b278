// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/text_scanner.h"

#include <re2/re2.h>

#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

bool is_decimal(char32_t c) {
  return c >= '0' && c <= '9';
}

char32_t lower(char32_t c) {
  return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

int digit_value(char32_t c) {
  if (is_decimal(c)) return static_cast<int>(c - '0');
  const char32_t l = lower(c);
  if (l >= 'a' && l <= 'f') return static_cast<int>(l - 'a' + 10);
  return 16;
}

bool matches_class(const re2::RE2& expression, char32_t c) {
  std::string text;
  append_utf8(text, c);
  return re2::RE2::FullMatch(text, expression);
}

// How error texts name a number with this base prefix.
std::string literal_name(char prefix) {
  switch (prefix) {
    case 'x':
      return "hexadecimal literal";
    case 'o':
    case '0':
      return "octal literal";
    default:
      return "decimal literal";
  }
}

// `_` must stand between digits, or between a base prefix and a digit.
bool has_misplaced_separator(std::string_view text) {
  char before = '.';  // '_' separator, '0' digit, '.' anything else
  std::size_t at = 0;
  bool is_hex = false;
  if (text.size() >= 2 && text[0] == '0') {
    const char32_t mark = lower(static_cast<unsigned char>(text[1]));
    if (mark == 'x' || mark == 'o' || mark == 'b') {
      before = '0';
      at = 2;
      is_hex = mark == 'x';
    }
  }
  for (; at < text.size(); ++at) {
    const char c = text[at];
    const bool is_digit = is_decimal(static_cast<unsigned char>(c)) ||
                          (is_hex && digit_value(static_cast<unsigned char>(c)) < 16);
    if (c == '_') {
      if (before != '0') return true;
      before = '_';
    } else if (is_digit) {
      before = '0';
    } else {
      if (before == '_') return true;
      before = '.';
    }
  }
  return before == '_';
}

}  // namespace

bool is_identifier_start(char32_t c) {
  if (c < 0x80) return (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
  static const re2::RE2 letter("\\pL");
  return c != end_of_text && matches_class(letter, c);
}

bool is_unicode_digit(char32_t c) {
  if (c < 0x80) return is_decimal(c);
  static const re2::RE2 digit("\\p{Nd}");
  return c != end_of_text && matches_class(digit, c);
}

bool is_unicode_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

void text_scanner::fail(std::string message) {
  token_end_ = at_ - last_length_;
  if (!failure_) failure_ = scan_error{position_, std::move(message)};
}

char32_t text_scanner::advance() {
  if (at_ >= text_.size()) {
    if (last_length_ > 0) ++column_;
    last_length_ = 0;
    return end_of_text;
  }
  std::size_t length = 0;
  const char32_t c = decode_utf8(text_.substr(at_), length);
  at_ += length;
  last_length_ = length;
  ++column_;
  if (c == 0xFFFD && length == 1) {
    fail("invalid UTF-8 encoding");
  } else if (c == 0) {
    fail("invalid character NUL");
  } else if (c == '\n') {
    ++line_;
    last_line_length_ = column_;
    column_ = 0;
  }
  return c;
}

char32_t text_scanner::peek() {
  if (!started_) {
    started_ = true;
    ahead_ = advance();
    if (ahead_ == 0xFEFF) ahead_ = advance();  // a byte order mark
  }
  return ahead_;
}

char32_t text_scanner::take() {
  const char32_t c = peek();
  position_.line = 0;
  if (c != end_of_text) ahead_ = advance();
  return c;
}

std::string_view text_scanner::token_text() const {
  return text_.substr(token_begin_, token_end_ - token_begin_);
}

scan_kind text_scanner::scan() {
  char32_t c = peek();
  position_.line = 0;
  while (true) {
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r') c = advance();
    token_begin_ = at_ - last_length_;
    token_end_ = token_begin_;
    if (column_ > 0) {
      position_ = {line_, column_};
    } else {
      position_ = {line_ - 1, last_line_length_};
    }
    if (c != '/') break;
    char32_t next = advance();
    if (next != '/' && next != '*') {
      token_end_ = at_ - last_length_;
      ahead_ = next;
      return scan_kind::symbol;
    }
    c = scan_comment(next);
  }
  char32_t next = c;
  const scan_kind kind = scan_token(c, next);
  token_end_ = at_ - last_length_;
  ahead_ = next;
  return kind;
}

scan_kind text_scanner::scan_token(char32_t c, char32_t& next) {
  if (c == end_of_text) return scan_kind::end;
  if (is_identifier_start(c)) {
    scan_identifier(next);
    return scan_kind::identifier;
  }
  if (is_decimal(c)) return scan_number(next, false);
  switch (c) {
    case '"':
      scan_string('"');
      next = advance();
      return scan_kind::text;
    case '\'':
      if (scan_string('\'') != 1) fail("invalid char literal");
      next = advance();
      return scan_kind::character;
    case '.':
      next = advance();
      if (!is_decimal(next)) return scan_kind::symbol;
      return scan_number(next, true);
    case '`':
      scan_raw_string();
      next = advance();
      return scan_kind::raw_text;
    default:
      next = advance();
      return scan_kind::symbol;
  }
}

void text_scanner::scan_identifier(char32_t& c) {
  do {
    c = advance();
  } while (c != end_of_text && (is_identifier_start(c) || is_unicode_digit(c)));
}

// Bit 0 of the answer: a digit was seen; bit 1: a separator.
int text_scanner::scan_number_digits(char32_t& c, int base, char32_t* invalid) {
  int seen = 0;
  while (c == '_' || (base <= 10 ? is_decimal(c) : digit_value(c) < 16)) {
    if (c != '_' && invalid != nullptr && *invalid == 0 && digit_value(c) >= base) *invalid = c;
    seen |= c == '_' ? 2 : 1;
    c = advance();
  }
  return seen;
}

void text_scanner::scan_exponent(char32_t& c, char prefix, bool is_float, int& digits,
                                 bool& has_exponent) {
  const char32_t mark = lower(c);
  if (mark != 'e' && mark != 'p') {
    if (prefix == 'x' && is_float) fail("hexadecimal mantissa requires a 'p' exponent");
    return;
  }
  const std::string quoted = std::string("'") + static_cast<char>(c) + "'";
  if (mark == 'e' && prefix != '\0' && prefix != '0') {
    fail(quoted + " exponent requires decimal mantissa");
  } else if (mark == 'p' && prefix != 'x') {
    fail(quoted + " exponent requires hexadecimal mantissa");
  }
  c = advance();
  has_exponent = true;
  if (c == '+' || c == '-') c = advance();
  const int seen = scan_number_digits(c, 10, nullptr);
  digits |= seen;
  if ((seen & 1) == 0) fail("exponent has no digits");
}

scan_kind text_scanner::scan_number(char32_t& c, bool seen_dot) {
  int base = 10;
  char prefix = '\0';
  int digits = 0;
  char32_t invalid = 0;
  if (!seen_dot) {
    if (c == '0') {
      c = advance();
      prefix = lower(c) == 'x' ? 'x' : lower(c) == 'o' ? 'o' : lower(c) == 'b' ? 'b' : '0';
      base = prefix == 'x' ? 16 : prefix == 'b' ? 2 : 8;
      if (prefix == '0') {
        digits = 1;
      } else {
        c = advance();
      }
    }
    digits |= scan_number_digits(c, base, &invalid);
    // Seen on Loki: binary literals are no numbers to it, with this text.
    if (prefix == 'b') digits &= ~1;
    if (c == '.') {
      c = advance();
      seen_dot = true;
    }
  }
  if (seen_dot) {
    if (prefix == 'o' || prefix == 'b') fail("invalid radix point in " + literal_name(prefix));
    digits |= scan_number_digits(c, base, &invalid);
  }
  if ((digits & 1) == 0) fail(literal_name(prefix) + " has no digits");
  bool has_exponent = false;
  scan_exponent(c, prefix, seen_dot, digits, has_exponent);
  const bool is_float = seen_dot || has_exponent;
  if (!is_float && invalid != 0 && prefix != '0') {
    fail(std::string("invalid digit '") + static_cast<char>(invalid) + "' in " +
         literal_name(prefix));
  }
  token_end_ = at_ - last_length_;
  if ((digits & 2) != 0 && has_misplaced_separator(token_text())) {
    fail("'_' must separate successive digits");
  }
  return is_float ? scan_kind::floating : scan_kind::integer;
}

int text_scanner::scan_string(char32_t quote) {
  int count = 0;
  char32_t c = advance();
  while (c != quote) {
    if (c == '\n' || c == end_of_text) {
      fail("literal not terminated");
      return count;
    }
    c = c == '\\' ? scan_escape(quote) : advance();
    ++count;
  }
  return count;
}

void text_scanner::scan_raw_string() {
  char32_t c = advance();
  while (c != '`') {
    if (c == end_of_text) {
      fail("literal not terminated");
      return;
    }
    c = advance();
  }
}

char32_t text_scanner::scan_escape(char32_t quote) {
  const char32_t c = advance();
  switch (c) {
    case 'a':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
    case 'v':
    case '\\':
      return advance();
    case 'x':
      return scan_escape_digits(advance(), 16, 2);
    case 'u':
      return scan_escape_digits(advance(), 16, 4);
    case 'U':
      return scan_escape_digits(advance(), 16, 8);
    default:
      break;
  }
  if (c == quote) return advance();
  if (c >= '0' && c <= '7') return scan_escape_digits(c, 8, 3);
  fail("invalid char escape");
  return c;
}

char32_t text_scanner::scan_escape_digits(char32_t c, int base, int count) {
  while (count > 0 && digit_value(c) < base) {
    c = advance();
    --count;
  }
  if (count > 0) fail("invalid char escape");
  return c;
}

// `c` is the second character of the comment's opening.
char32_t text_scanner::scan_comment(char32_t c) {
  const bool is_line = c == '/';
  c = advance();
  if (is_line) {
    while (c != '\n' && c != end_of_text) c = advance();
    return c;
  }
  while (c != end_of_text) {
    const char32_t before = c;
    c = advance();
    if (before == '*' && c == '/') return advance();
  }
  fail("comment not terminated");
  return c;
}

}  // namespace skald::logql
