// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/json_writer.h"

#include <emmintrin.h>

#include <cmath>

#include "runtime/model/go_string.h"

namespace skald {
namespace {

bool is_plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

// The first byte at or behind `at` that is a control byte, a quote, a backslash or not ASCII.
std::size_t find_special(std::string_view text, std::size_t at) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(' ');
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i group = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    // Signed compare: bytes from 0x80 on are negative, hence below a space, too.
    const __m128i low = _mm_cmplt_epi8(group, space);
    const __m128i other =
        _mm_or_si128(_mm_cmpeq_epi8(group, quote), _mm_cmpeq_epi8(group, backslash));
    const int hits = _mm_movemask_epi8(_mm_or_si128(low, other));
    if (hits != 0) return at + __builtin_ctz(static_cast<unsigned>(hits));
  }
  while (at < text.size() && is_plain(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

void append_ascii_escape(std::string& out, char c) {
  static constexpr char digits[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default: {
      const auto byte = static_cast<unsigned char>(c);
      const char escape[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
      out.append(escape, sizeof escape);
    }
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view value) {
  out += '"';
  std::size_t at = 0;
  while (at < value.size()) {
    const std::size_t special = find_special(value, at);
    out.append(value.data() + at, special - at);
    at = special;
    if (at == value.size()) break;
    if (static_cast<unsigned char>(value[at]) < 0x80) {
      append_ascii_escape(out, value[at++]);
      continue;
    }
    std::size_t length = 0;
    const char32_t code = decode_utf8(value.substr(at), length);
    if (code == 0xfffd && length == 1) {
      out += "\\ufffd";
    } else if (code == 0x2028 || code == 0x2029) {
      out += code == 0x2028 ? "\\u2028" : "\\u2029";
    } else {
      out.append(value.data() + at, length);
    }
    at += length;
  }
  out += '"';
}

void append_json_double(std::string& out, double value) {
  if (!std::isfinite(value)) value = 0;
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

void append_json_seconds(std::string& out, std::int64_t milliseconds) {
  const bool negative = milliseconds < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(milliseconds)
                                      : static_cast<std::uint64_t>(milliseconds);
  if (negative) out += '-';
  append_integer(out, size / 1000);
  if (const std::uint64_t rest = size % 1000; rest != 0) {
    char fraction[4] = {'.', static_cast<char>('0' + rest / 100),
                        static_cast<char>('0' + rest / 10 % 10),
                        static_cast<char>('0' + rest % 10)};
    out.append(fraction, rest % 100 == 0 ? 2 : rest % 10 == 0 ? 3 : 4);
  }
}

void append_json_strings(std::string& out, const std::vector<std::string>& items) {
  append_json_array(out, items, [&](const std::string& item) { append_json_string(out, item); });
}

void append_json_labels(std::string& out, const label_set& labels) {
  out += '{';
  bool first = true;
  for (const label& l : labels) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, l.name);
    out += ':';
    append_json_string(out, l.value);
  }
  out += '}';
}

}  // namespace skald
