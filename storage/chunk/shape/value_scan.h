// SPDX-License-Identifier: Apache-2.0
// Finds where the value of a slot ends. Pure functions on a stretch of memory; each returns null
// when the value is not one of its kind, so that the line is stored plain. `readable_end` may lie
// behind `end`: bytes up to there may be looked at, for speed, but never count.
#pragma once

#include <bit>

#include "storage/chunk/shape/shape_set.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace skald {

struct scan_range {
  const char* at = nullptr;
  const char* end = nullptr;
  const char* readable_end = nullptr;
};

inline bool is_json_space(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
// What stands between logfmt pairs.
inline bool is_logfmt_separator(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

// The closing quote, behind escapes; null when there is none.
const char* find_closing_quote(const scan_range& range);
// End of a number, true, false or null that a delimiter follows.
const char* json_scalar_end(const scan_range& range);
// Behind the bracket that closes the array at the front. Its brackets and braces are balanced.
const char* json_array_end(const scan_range& range);
// End of a value without quotes: a separator or the end of the line.
const char* logfmt_bare_end(const scan_range& range);
// The closing quote of a value whose escapes, if any, are valid.
const char* logfmt_quoted_end(const scan_range& range);

// The end of a slot's value, quotes not included.
const char* find_slot_end(slot_kind kind, const scan_range& range);

// The same; strings without escapes that end within 16 bytes are found without a call.
inline const char* slot_end(slot_kind kind, const scan_range& range) {
#if defined(__x86_64__)
  if (kind == slot_kind::json_string && range.readable_end - range.at >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(range.at));
    const auto quotes =
        static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'))));
    const auto escapes =
        static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    const char* end = range.at + std::countr_zero(quotes | 0x10000U);
    if (quotes != 0 && (escapes & ((quotes & (0 - quotes)) - 1)) == 0 && end < range.end)
      return end;
  }
#endif
  return find_slot_end(kind, range);
}

}  // namespace skald
