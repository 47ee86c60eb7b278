// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/go_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "runtime/base/ascii_case.h"
#include "runtime/base/utf8.h"

namespace skald {
namespace {

enum class number_error { none, syntax, range };

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool equals_folded(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(),
                    [](char a, char b) { return ascii_lower_case(a) == b; });
}

bool is_hex_digit(char c) {
  return is_digit(c) || (ascii_lower_case(c) >= 'a' && ascii_lower_case(c) <= 'f');
}

// Go allows `_` between digits, and between a base prefix and a digit. `text` has no sign.
bool underscores_are_placed_well(std::string_view text) {
  char before = '^';  // '0' stands for a digit or a base prefix, '!' for anything else
  bool hex = false;
  std::size_t at = 0;
  if (text.size() >= 2 && text[0] == '0' &&
      (ascii_lower_case(text[1]) == 'b' || ascii_lower_case(text[1]) == 'o' ||
       ascii_lower_case(text[1]) == 'x')) {
    hex = ascii_lower_case(text[1]) == 'x';
    at = 2;
    before = '0';
  }
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (is_digit(c) || (hex && is_hex_digit(c))) {
      before = '0';
    } else if (c == '_') {
      if (before != '0') return false;
      before = '_';
    } else {
      if (before == '_') return false;
      before = '!';
    }
  }
  return before != '_';
}

// Copies `text` without underscores into `buffer`, ended by NUL for strtod.
void copy_digits(std::string_view text, std::string& buffer) {
  buffer.clear();
  for (const char c : text) {
    if (c != '_') buffer += c;
  }
}

// Whether `text` (no sign) is a Go float literal with decimal or hexadecimal digits.
bool is_float_syntax(std::string_view text, bool& is_hex, bool& has_underscore) {
  std::size_t at = 0;
  is_hex = text.size() > 2 && text[0] == '0' && ascii_lower_case(text[1]) == 'x';
  if (is_hex) at = 2;
  bool saw_digit = false;
  bool saw_dot = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '_') {
      has_underscore = true;
    } else if (c == '.') {
      if (saw_dot) return false;
      saw_dot = true;
    } else if (is_digit(c) || (is_hex && is_hex_digit(c))) {
      saw_digit = true;
    } else {
      break;
    }
  }
  if (!saw_digit) return false;
  if (at < text.size() && ascii_lower_case(text[at]) == (is_hex ? 'p' : 'e')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (at >= text.size() || !is_digit(text[at])) return false;
    for (; at < text.size() && (is_digit(text[at]) || text[at] == '_'); ++at) {
      has_underscore = has_underscore || text[at] == '_';
    }
  } else if (is_hex) {
    return false;
  }
  return at == text.size();
}

bool read_special(std::string_view text, bool negative, double& value) {
  if (equals_folded(text, "inf") || equals_folded(text, "infinity")) {
    const double infinity = std::numeric_limits<double>::infinity();
    value = negative ? -infinity : infinity;
    return true;
  }
  return false;
}

number_error read_with_strtod(std::string_view text, bool negative, double& value) {
  std::string buffer;
  copy_digits(text, buffer);
  value = std::strtod(buffer.c_str(), nullptr);
  if (std::isinf(value)) return number_error::range;
  if (negative) value = -value;
  return number_error::none;
}

number_error read_float(std::string_view text, double& value) {
  if (equals_folded(text, "nan")) {
    value = std::numeric_limits<double>::quiet_NaN();
    return number_error::none;
  }
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (read_special(text, negative, value)) return number_error::none;
  bool is_hex = false;
  bool has_underscore = false;
  if (!is_float_syntax(text, is_hex, has_underscore)) return number_error::syntax;
  if (has_underscore && !underscores_are_placed_well(text)) return number_error::syntax;
  if (is_hex || has_underscore) return read_with_strtod(text, negative, value);
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  // from_chars says "out of range" for numbers too small as well, where Go gives zero.
  if (code != std::errc{} || end != text.data() + text.size()) {
    return read_with_strtod(text, negative, value);
  }
  if (negative) value = -value;
  return number_error::none;
}

error number_failure(std::string_view function, std::string_view text, number_error why) {
  std::string message = "strconv.";
  message += function;
  message += ": parsing ";
  message += quote_for_error(text);
  message += why == number_error::range ? ": value out of range" : ": invalid syntax";
  return error{errc::invalid_argument, std::move(message)};
}

int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  const char l = ascii_lower_case(c);
  return l >= 'a' && l <= 'z' ? l - 'a' + 10 : 99;
}

number_error read_int(std::string_view text, int base, std::int64_t& value) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return number_error::syntax;
  const bool allow_underscore = base == 0;
  const std::string_view unsigned_text = text;
  if (base == 0) {
    base = 10;
    if (text[0] == '0') {
      const char mark = text.size() >= 3 ? ascii_lower_case(text[1]) : '\0';
      base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
      text.remove_prefix(mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1);
    }
  }
  std::uint64_t sum = 0;
  bool overflow = false;
  for (const char c : text) {
    if (c == '_' && allow_underscore) continue;
    const int digit = digit_value(c);
    if (digit >= base) return number_error::syntax;
    overflow = overflow || __builtin_mul_overflow(sum, std::uint64_t(base), &sum) ||
               __builtin_add_overflow(sum, std::uint64_t(digit), &sum);
  }
  if (text.find('_') != std::string_view::npos && !underscores_are_placed_well(unsigned_text)) {
    return number_error::syntax;
  }
  const std::uint64_t limit = (std::uint64_t{1} << 63) - (negative ? 0 : 1);
  if (overflow || sum > limit) return number_error::range;
  value = negative ? static_cast<std::int64_t>(~sum + 1) : static_cast<std::int64_t>(sum);
  return number_error::none;
}

bool append_not_finite(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value < 0 ? "-Inf" : "+Inf";
  } else {
    return false;
  }
  return true;
}

// The shortest digits that read back as the same number: [-]d.ddde±xx.
struct shortest_decimal {
  explicit shortest_decimal(double value) {
    const auto end =
        std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
    length = end.ptr - buffer;
    const char* e = std::find(buffer, buffer + length, 'e');
    mantissa_length = e - buffer;
    std::from_chars(e + (e[1] == '+' ? 2 : 1), end.ptr, exponent);
  }
  std::string_view scientific() const { return {buffer, length}; }
  std::string_view mantissa() const { return {buffer, mantissa_length}; }

  char buffer[40];
  std::size_t length = 0;
  std::size_t mantissa_length = 0;
  int exponent = 0;
};

// Writes the number without exponent: its shortest digits, then zeros. (to_chars' fixed form would
// write the exact value of large numbers.)
void append_positional(std::string& out, const shortest_decimal& number) {
  std::string_view mantissa = number.mantissa();
  if (mantissa[0] == '-') {
    out += '-';
    mantissa.remove_prefix(1);
  }
  char digits[40];
  int count = 0;
  for (const char c : mantissa) {
    if (c != '.') digits[count++] = c;
  }
  const int whole = number.exponent + 1;
  if (whole <= 0) {
    out += "0.";
    out.append(-whole, '0');
    out.append(digits, count);
  } else if (whole >= count) {
    out.append(digits, count);
    out.append(whole - count, '0');
  } else {
    out.append(digits, whole);
    out += '.';
    out.append(digits + whole, count - whole);
  }
}

}  // namespace

result<double> parse_go_float(std::string_view text) {
  double value = 0;
  const number_error why = read_float(text, value);
  if (why != number_error::none) return number_failure("ParseFloat", text, why);
  return value;
}

bool try_parse_go_float(std::string_view text, double& value) {
  return read_float(text, value) == number_error::none;
}

result<std::int64_t> parse_go_int(std::string_view text, int base) {
  std::int64_t value = 0;
  const number_error why = read_int(text, base, value);
  if (why != number_error::none) return number_failure("ParseInt", text, why);
  return value;
}

void append_go_float_g(std::string& out, double value) {
  if (append_not_finite(out, value)) return;
  const shortest_decimal number(value);
  if (number.exponent >= -4 && number.exponent < 6) {
    append_positional(out, number);
  } else {
    // Go writes at least two digits of exponent, as to_chars does.
    out += number.scientific();
  }
}

void append_go_float_f(std::string& out, double value) {
  if (append_not_finite(out, value)) return;
  append_positional(out, shortest_decimal(value));
}

std::string quote_for_error(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  static constexpr std::string_view plain = "\a\b\f\n\r\t\v\"\\";
  static constexpr std::string_view escaped = "abfnrtv\"\\";
  std::string out = "\"";
  std::size_t length = 0;
  for (; !text.empty(); text.remove_prefix(length)) {
    const char32_t code = decode_utf8(text, length);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (const std::size_t at = plain.find(text[0]); at != std::string_view::npos) {
      out += '\\';
      out += escaped[at];
    } else if (byte < 0x20 || byte == 0x7F || (code == 0xFFFD && length == 1)) {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += text.substr(0, length);
    }
  }
  out += '"';
  return out;
}

}  // namespace skald
