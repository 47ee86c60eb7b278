// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/json_text.h"

#include <algorithm>
#include <charconv>

#include "runtime/base/go_number.h"
#include "runtime/logql/scan/go_regex.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

constexpr std::size_t escape_length = 6;  // \uXXXX

// The unit of the \uXXXX at `at`, or 0 when there is none.
unsigned unit_at(std::string_view text, std::size_t at) {
  if (at + escape_length > text.size() || text.substr(at, 2) != "\\u") return 0;
  unsigned unit = 0;
  const char* begin = text.data() + at + 2;
  const auto done = std::from_chars(begin, begin + 4, unit, 16);
  return done.ec == std::errc() && done.ptr == begin + 4 ? unit : 0;
}

bool is_high(unsigned unit) {
  return unit >= 0xD800 && unit < 0xDC00;
}
bool is_low(unsigned unit) {
  return unit >= 0xDC00 && unit < 0xE000;
}

// Copies an escape of a string; the position behind it.
std::size_t copy_escape(std::string_view text, std::size_t at, std::string& out) {
  const unsigned unit = unit_at(text, at);
  const bool is_pair = is_high(unit) && is_low(unit_at(text, at + escape_length));
  if ((is_high(unit) || is_low(unit)) && !is_pair) {
    out += "\\ufffd";
    return at + escape_length;
  }
  const std::size_t length = std::min(is_pair ? 2 * escape_length : 2, text.size() - at);
  out += text.substr(at, length);
  return at + length;
}

// Copies a number; the position behind it.
std::size_t copy_number(std::string_view text, std::size_t at, std::string& out) {
  const std::size_t end = std::min(text.find_first_not_of("+-.0123456789Ee", at), text.size());
  const std::string_view number = text.substr(at, end - at);
  const bool is_integer = number.find_first_of(".Ee") == std::string_view::npos;
  constexpr std::size_t digits_of_64_bits = 18;
  if (const auto value = parse_go_float(number);
      !value.ok() && value.error().message.ends_with("value out of range")) {
    out += "null";
  } else {
    out += number;
    if (is_integer && number.size() > digits_of_64_bits) out += "e0";
  }
  return end;
}

}  // namespace

std::string as_simdjson_reads(std::string_view text) {
  const std::string valid = is_valid_utf8(text) ? std::string(text) : replace_invalid_utf8(text);
  std::string out;
  bool in_string = false;
  for (std::size_t at = 0; at < valid.size();) {
    const char c = valid[at];
    if (in_string && c == '\\') {
      at = copy_escape(valid, at, out);
    } else if (!in_string && (c == '-' || (c >= '0' && c <= '9'))) {
      at = copy_number(valid, at, out);
    } else {
      if (c == '"') in_string = !in_string;
      out += c;
      ++at;
    }
  }
  return out;
}

}  // namespace skald::logql
