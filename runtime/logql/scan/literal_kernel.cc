// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/literal_kernel.h"

#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace skald::logql {

bool literal_equals(const literal_kernel_input& input, const char* text) {
  if (!input.ignore_case) return std::memcmp(text, input.needle, input.needle_bytes) == 0;
  for (std::size_t i = 0; i < input.needle_bytes; ++i) {
    char c = text[i];
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    if (c != input.needle[i]) return false;
  }
  return true;
}

std::size_t find_literal_plain(const literal_kernel_input& input, const char* text,
                               std::size_t bytes, std::size_t from) {
  const auto first = static_cast<std::uint8_t>(input.needle[input.first_offset]);
  const auto second = static_cast<std::uint8_t>(input.needle[input.second_offset]);
  for (std::size_t at = from; at + input.needle_bytes <= bytes; ++at) {
    const auto a = static_cast<std::uint8_t>(text[at + input.first_offset]) | input.first_mask;
    const auto b = static_cast<std::uint8_t>(text[at + input.second_offset]) | input.second_mask;
    if (a == first && b == second && literal_equals(input, text + at)) return at;
  }
  return bytes;
}

#if defined(__x86_64__)
std::size_t find_literal_sse2(const literal_kernel_input& input, const char* text,
                              std::size_t bytes, std::size_t from) {
  const __m128i first = _mm_set1_epi8(input.needle[input.first_offset]);
  const __m128i second = _mm_set1_epi8(input.needle[input.second_offset]);
  const __m128i first_mask = _mm_set1_epi8(static_cast<char>(input.first_mask));
  const __m128i second_mask = _mm_set1_epi8(static_cast<char>(input.second_mask));
  std::size_t at = from;
  // All 16 positions of a turn leave room for the whole needle.
  for (; at + 15 + input.needle_bytes <= bytes; at += 16) {
    const __m128i a =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at + input.first_offset));
    const __m128i b =
        _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + at + input.second_offset));
    const __m128i hits = _mm_and_si128(_mm_cmpeq_epi8(_mm_or_si128(a, first_mask), first),
                                       _mm_cmpeq_epi8(_mm_or_si128(b, second_mask), second));
    auto bits = static_cast<std::uint32_t>(_mm_movemask_epi8(hits));
    for (; bits != 0; bits &= bits - 1) {
      const std::size_t candidate = at + static_cast<std::size_t>(__builtin_ctz(bits));
      if (literal_equals(input, text + candidate)) return candidate;
    }
  }
  return find_literal_plain(input, text, bytes, at);
}
#endif

literal_kernel best_literal_kernel() {
#if defined(__x86_64__)
  static const literal_kernel best = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
                                         ? find_literal_avx2
                                         : find_literal_sse2;
  return best;
#else
  return find_literal_plain;
#endif
}

}  // namespace skald::logql
