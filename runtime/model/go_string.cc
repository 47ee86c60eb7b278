// SPDX-License-Identifier: Apache-2.0
#include "runtime/model/go_string.h"

#include <cstdint>

namespace skald {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

error bad_escape() {
  return {errc::invalid_argument, "invalid escape sequence in string"};
}

// Reads `digits` hex digits at `at`; negative when one is missing.
std::int64_t read_hex(std::string_view text, std::size_t at, int digits) {
  if (at + digits > text.size()) return -1;
  std::int64_t value = 0;
  for (int i = 0; i < digits; ++i) {
    const int v = hex_value(text[at + i]);
    if (v < 0) return -1;
    value = value * 16 + v;
  }
  return value;
}

// `at` stands behind the backslash; it is moved behind the escape.
result<void> read_escape(std::string_view text, std::size_t& at, std::string& out) {
  if (at >= text.size()) return bad_escape();
  const char c = text[at++];
  switch (c) {
    case 'a':
      out += '\a';
      return {};
    case 'b':
      out += '\b';
      return {};
    case 'f':
      out += '\f';
      return {};
    case 'n':
      out += '\n';
      return {};
    case 'r':
      out += '\r';
      return {};
    case 't':
      out += '\t';
      return {};
    case 'v':
      out += '\v';
      return {};
    case '\\':
      out += '\\';
      return {};
    case '"':
      out += '"';
      return {};
    default:
      break;
  }
  const int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (digits > 0) {
    const std::int64_t value = read_hex(text, at, digits);
    if (value < 0 || (digits > 2 && (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)))) {
      return bad_escape();
    }
    at += digits;
    if (digits == 2) {
      out += static_cast<char>(value);
    } else {
      append_utf8(out, static_cast<char32_t>(value));
    }
    return {};
  }
  if (c >= '0' && c <= '7' && at + 2 <= text.size()) {
    int value = c - '0';
    for (int i = 0; i < 2; ++i, ++at) {
      if (text[at] < '0' || text[at] > '7') return bad_escape();
      value = value * 8 + (text[at] - '0');
    }
    if (value > 255) return bad_escape();
    out += static_cast<char>(value);
    return {};
  }
  return bad_escape();
}

bool is_printable(char32_t c) {
  if (c < 0x20 || c == 0x7F) return false;
  if (c < 0x7F) return true;
  // Go prints letters, marks, numbers, punctuation and symbols. What is left out here are the
  // control, format, private and surrogate ranges and the spaces other than U+0020, which covers
  // everything seen in labels.
  if (c < 0xA1 || c == 0xAD) return false;
  if (c >= 0x2000 && c <= 0x200F) return false;
  if (c >= 0x2028 && c <= 0x202F) return false;
  if (c >= 0x205F && c <= 0x206F) return false;
  if (c == 0x1680 || c == 0x3000 || c == 0xFEFF) return false;
  if (c >= 0xE000 && c <= 0xF8FF) return false;
  if (c >= 0xFFF0 && c <= 0xFFFB) return false;
  return c < 0xE0000;
}

void append_escaped(std::string& out, char32_t c) {
  static constexpr char digits[] = "0123456789abcdef";
  const int width = c < 0x10000 ? 4 : 8;
  out += width == 4 ? "\\u" : "\\U";
  for (int shift = 4 * (width - 1); shift >= 0; shift -= 4) out += digits[(c >> shift) & 15];
}

bool stands_for_itself(char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

void append_quoted_ascii(std::string& out, char c) {
  static constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\a':
      out += "\\a";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\v':
      out += "\\v";
      return;
    default:
      break;
  }
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte < 0x7F) {
    out += c;
  } else {
    out += "\\x";
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

}  // namespace

result<go_string_token> scan_go_string(std::string_view text) {
  if (text.empty() || (text[0] != '"' && text[0] != '`')) {
    return error{errc::invalid_argument, "expected a quoted string"};
  }
  go_string_token token;
  if (text[0] == '`') {
    const std::size_t end = text.find('`', 1);
    if (end == std::string_view::npos) {
      return error{errc::invalid_argument, "string is not terminated"};
    }
    for (const char c : text.substr(1, end - 1)) {
      if (c != '\r') token.value += c;  // Go drops carriage returns in raw strings
    }
    token.length = end + 1;
    return token;
  }
  std::size_t at = 1;
  while (at < text.size() && text[at] != '"') {
    if (text[at] == '\n') {
      return error{errc::invalid_argument, "newline in string"};
    }
    if (text[at] != '\\') {
      token.value += text[at++];
      continue;
    }
    ++at;
    SKALD_TRY(read_escape(text, at, token.value));
  }
  if (at >= text.size()) return error{errc::invalid_argument, "string is not terminated"};
  token.length = at + 1;
  return token;
}

void append_go_quoted(std::string& out, std::string_view value) {
  out += '"';
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t begin = at;
    while (at < value.size() && stands_for_itself(value[at])) ++at;
    out.append(value, begin, at - begin);
    if (at == value.size()) break;
    const auto byte = static_cast<unsigned char>(value[at]);
    if (byte < 0x80) {
      append_quoted_ascii(out, value[at++]);
      continue;
    }
    std::size_t length = 0;
    const char32_t c = decode_utf8(value.substr(at), length);
    if (length == 1) {
      append_quoted_ascii(out, value[at]);
    } else if (is_printable(c)) {
      out.append(value, at, length);
    } else {
      append_escaped(out, c);
    }
    at += length;
  }
  out += '"';
}

}  // namespace skald
