// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/value_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace skald {
namespace {

constexpr unsigned array_depth_max = 64;

// Bytes that may stand in a number.
constexpr auto number_bytes = [] {
  std::array<bool, 256> set{};
  for (const char c : {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '.', '-', '+', 'e', 'E'}) {
    set[static_cast<unsigned char>(c)] = true;
  }
  return set;
}();

// First of two bytes at or behind `at`, or `end`.
const char* find_either(const scan_range& range, char one, char other) {
  const char* at = range.at;
#if defined(__x86_64__)
  const __m128i first = _mm_set1_epi8(one);
  const __m128i second = _mm_set1_epi8(other);
  for (; at < range.end && range.readable_end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const auto hits = static_cast<unsigned>(_mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, first), _mm_cmpeq_epi8(bytes, second))));
    if (hits != 0) return std::min(at + std::countr_zero(hits), range.end);
  }
  if (at >= range.end) return range.end;
#endif
  while (at < range.end && *at != one && *at != other) ++at;
  return at;
}

// Separator, '=' or '"' at or behind `at`, or `end`.
const char* find_logfmt_special(const scan_range& range) {
  const char* at = range.at;
#if defined(__x86_64__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i equals = _mm_set1_epi8('=');
  const __m128i space = _mm_set1_epi8(' ');
  for (; at < range.end && range.readable_end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i separators = _mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes);
    const __m128i others =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, equals));
    const auto hits = static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(separators, others)));
    if (hits != 0) return std::min(at + std::countr_zero(hits), range.end);
  }
  if (at >= range.end) return range.end;
#endif
  while (at < range.end && !is_logfmt_separator(*at) && *at != '=' && *at != '"') ++at;
  return at;
}

bool is_json_delimiter(char c) {
  return is_json_space(c) || c == ',' || c == '}' || c == ']';
}

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Whether a parser undoes the escapes of a quoted logfmt value without an error.
bool has_valid_logfmt_escapes(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) < ' ') return false;
    if (text[at] != '\\') continue;
    if (++at == text.size()) return false;
    if (text[at] == 'u') {
      if (text.size() - at < 5 ||
          !std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                       text.begin() + static_cast<std::ptrdiff_t>(at) + 5, is_hex_digit)) {
        return false;
      }
      at += 4;
    } else if (std::string_view("\"\\/'bfnrt").find(text[at]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

const char* closing_quote(scan_range range, bool& escaped) {
  escaped = false;
  while (true) {
    range.at = find_either(range, '"', '\\');
    if (range.at == range.end) return nullptr;
    if (*range.at == '"') return range.at;
    escaped = true;
    if (range.end - range.at < 2) return nullptr;
    range.at += 2;
  }
}

}  // namespace

const char* find_closing_quote(const scan_range& range) {
  bool escaped = false;
  return closing_quote(range, escaped);
}

const char* json_scalar_end(const scan_range& range) {
  const char* at = range.at;
  if (at == range.end) return nullptr;
  const std::string_view rest(at, static_cast<std::size_t>(range.end - at));
  if (*at == '-' || (*at >= '0' && *at <= '9')) {
    while (at < range.end && number_bytes[static_cast<unsigned char>(*at)]) ++at;
  } else if (rest.starts_with("true") || rest.starts_with("null")) {
    at += 4;
  } else if (rest.starts_with("false")) {
    at += 5;
  } else {
    return nullptr;
  }
  return at < range.end && is_json_delimiter(*at) ? at : nullptr;
}

const char* json_array_end(const scan_range& range) {
  std::uint64_t is_object = 0;  // of each open level, the innermost in the lowest bit
  unsigned depth = 0;
  scan_range rest = range;
  for (; rest.at < rest.end; ++rest.at) {
    switch (*rest.at) {
      case '"':
        ++rest.at;
        rest.at = find_closing_quote(rest);
        if (rest.at == nullptr) return nullptr;
        break;
      case '[':
      case '{':
        if (depth == array_depth_max) return nullptr;
        is_object = is_object << 1 | (*rest.at == '{' ? 1 : 0);
        ++depth;
        break;
      case ']':
      case '}':
        if (depth == 0 || (is_object & 1) != (*rest.at == '}' ? 1U : 0U)) return nullptr;
        is_object >>= 1;
        if (--depth == 0) return rest.at + 1;
        break;
      default:
        if (depth == 0) return nullptr;
        break;
    }
  }
  return nullptr;
}

const char* logfmt_bare_end(const scan_range& range) {
  const char* at = find_logfmt_special(range);
  return at == range.end || is_logfmt_separator(*at) ? at : nullptr;
}

const char* logfmt_quoted_end(const scan_range& range) {
  bool escaped = false;
  const char* end = closing_quote(range, escaped);
  if (end == nullptr || !escaped) return end;
  const std::string_view text(range.at, static_cast<std::size_t>(end - range.at));
  return has_valid_logfmt_escapes(text) ? end : nullptr;
}

const char* find_slot_end(slot_kind kind, const scan_range& range) {
  switch (kind) {
    case slot_kind::json_string:
      return find_closing_quote(range);
    case slot_kind::json_scalar:
      return json_scalar_end(range);
    case slot_kind::json_array:
      return range.at < range.end && *range.at == '[' ? json_array_end(range) : nullptr;
    case slot_kind::logfmt_bare:
      return logfmt_bare_end(range);
    case slot_kind::logfmt_quoted:
      return logfmt_quoted_end(range);
    case slot_kind::none:
      return nullptr;
  }
  return nullptr;
}

}  // namespace skald
