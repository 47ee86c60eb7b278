// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/json_string.h"

#include <emmintrin.h>

#include <algorithm>
#include <cstring>

#include "runtime/base/utf8.h"

namespace skald {
namespace {

constexpr std::size_t group_bytes = 16;
// What one byte may become, and one invalid one: \ufffd.
constexpr std::size_t escape_bytes_max = 6;
// Written in one go before it is appended: spares the string's bookkeeping for each piece.
constexpr std::size_t buffer_bytes = 1024;

// Bit i: byte i is a control byte, a quote, a backslash or not ASCII.
unsigned special_bytes(const char* group) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(group));
  // Signed compare: bytes from 0x80 on are negative, hence below a space, too.
  const __m128i low = _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '));
  const __m128i other = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, other)));
}

// What stands behind the backslash; zero: \u00 and two digits.
struct escape_table {
  char letters[128] = {};
  constexpr escape_table() {
    letters[static_cast<unsigned char>('"')] = '"';
    letters[static_cast<unsigned char>('\\')] = '\\';
    letters[static_cast<unsigned char>('\n')] = 'n';
    letters[static_cast<unsigned char>('\r')] = 'r';
    letters[static_cast<unsigned char>('\t')] = 't';
  }
};

// Returns the end of what it wrote.
char* write_ascii_escape(char* to, char c) {
  static constexpr escape_table escapes;
  static constexpr char digits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  to[0] = '\\';
  to[1] = escapes.letters[byte];
  if (to[1] != 0) return to + 2;
  const char code[] = {'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
  std::memcpy(to + 1, code, sizeof code);
  return to + 1 + sizeof code;
}

// Writes the character at the begin of `text`, which is not ASCII; moves `length` to its bytes.
char* write_wide_character(char* to, std::string_view text, std::size_t& length) {
  const char32_t code = decode_utf8(text, length);
  std::string_view out = text.substr(0, length);
  if (code == 0xfffd && length == 1) {
    out = "\\ufffd";
  } else if (code == 0x2028 || code == 0x2029) {
    out = code == 0x2028 ? "\\u2028" : "\\u2029";
  }
  std::memcpy(to, out.data(), out.size());
  return to + out.size();
}

// Writes one group, of which `group` and the same number of bytes behind it can be read, up to its
// first byte that is not ASCII; `used` becomes how many bytes of it that was.
char* write_group(char* to, const char* group, std::size_t bytes, std::size_t& used) {
  unsigned special = special_bytes(group) & ((1u << bytes) - 1);
  std::memcpy(to, group, group_bytes);
  used = 0;
  while (special != 0) {
    const auto at = static_cast<std::size_t>(__builtin_ctz(special));
    to += at - used;
    used = at;
    if (static_cast<unsigned char>(group[at]) >= 0x80) return to;
    to = write_ascii_escape(to, group[at]);
    used = at + 1;
    std::memcpy(to, group + used, group_bytes);
    special &= special - 1;
  }
  to += bytes - used;
  used = bytes;
  return to;
}

}  // namespace

void append_json_string(std::string& out, std::string_view value) {
  char buffer[buffer_bytes];
  // What one round may write, and the quote at the end.
  const char* const full =
      buffer + buffer_bytes - (group_bytes + 1) * escape_bytes_max - group_bytes - 1;
  char* to = buffer;
  *to++ = '"';
  for (std::size_t at = 0; at < value.size();) {
    if (to > full) {
      out.append(buffer, to);
      to = buffer;
    }
    const std::size_t left = value.size() - at;
    char last[2 * group_bytes];
    const char* group = value.data() + at;
    if (left < sizeof last) {
      std::memset(last, 0, sizeof last);
      std::memcpy(last, group, left);
      group = last;
    }
    const std::size_t bytes = std::min(left, group_bytes);
    std::size_t used = 0;
    to = write_group(to, group, bytes, used);
    at += used;
    if (used == bytes) continue;
    std::size_t length = 0;
    to = write_wide_character(to, value.substr(at), length);
    at += length;
  }
  *to++ = '"';
  out.append(buffer, to);
}

}  // namespace skald
