// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/json_unescape.h"

#include <emmintrin.h>

#include <cstdint>
#include <cstring>

#include "runtime/model/go_string.h"
#include "runtime/model/unicode_escape.h"

namespace skald {
namespace {

char* find_quote_or_backslash(char* p) {
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  for (;; p += 16) {
    const __m128i group = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const int hits = _mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(group, quote), _mm_cmpeq_epi8(group, backslash)));
    if (hits != 0) return p + __builtin_ctz(static_cast<unsigned>(hits));
  }
}

char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return '\0';
  }
}

// `in` points at the four digits behind \u. Advances it behind the escape; false when it is
// malformed.
bool unescape_unicode(char*& in, char*& out) {
  const int first = read_hex4(in);
  if (first < 0) return false;
  in += 4;
  char32_t code = static_cast<char32_t>(first);
  if (code >= 0xd800 && code < 0xdc00 && in[0] == '\\' && in[1] == 'u') {
    const int second = read_hex4(in + 2);
    if (second >= 0xdc00 && second < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<char32_t>(second) - 0xdc00);
      in += 6;
    }
  }
  if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
  out = put_utf8(out, code);
  return true;
}

}  // namespace

unescaped_json unescape_json_in_place(char* text) {
  char* in = find_quote_or_backslash(text);
  char* out = in;
  while (*in == '\\') {
    if (in[1] == 'u') {
      in += 2;
      if (!unescape_unicode(in, out)) return {{}, false};
    } else {
      const char plain = simple_escape(in[1]);
      if (plain == '\0') return {{}, false};
      *out++ = plain;
      in += 2;
    }
    char* next = find_quote_or_backslash(in);
    std::memmove(out, in, static_cast<std::size_t>(next - in));
    out += next - in;
    in = next;
  }
  return {{text, static_cast<std::size_t>(out - text)}, true};
}

std::size_t json_document_length(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t first = text.find_first_not_of(space);
  if (first == std::string_view::npos || text[first] != '{') return text.size();
  if (text[text.find_last_not_of(space)] == '}') return text.size();
  std::size_t depth = 0;
  for (std::size_t i = first; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) {
        if (text[i] == '\\') ++i;
      }
    } else if (c == '{') {
      ++depth;
    } else if (c == '}' && --depth == 0) {
      return i + 1;
    }
  }
  return text.size();
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  while (!text.empty()) {
    std::size_t length = 0;
    const char32_t code = decode_utf8(text, length);
    if (code == 0xfffd && length == 1) {
      append_utf8(out, code);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace skald
