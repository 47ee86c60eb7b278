// SPDX-License-Identifier: Apache-2.0
// The AVX2 version alone in its file: target attributes keep the rest of the library free of AVX2.
#if defined(__x86_64__)

#include <immintrin.h>

#include "runtime/logql/scan/literal_kernel.h"

namespace skald::logql {
namespace {

struct vectors {
  __m256i first, second, first_mask, second_mask;
};

__attribute__((target("avx2,bmi"), always_inline)) inline std::uint32_t hits_at(
    const literal_kernel_input& input, const vectors& v, const char* at) {
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + input.first_offset));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + input.second_offset));
  const __m256i hits =
      _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_or_si256(a, v.first_mask), v.first),
                       _mm256_cmpeq_epi8(_mm256_or_si256(b, v.second_mask), v.second));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(hits));
}

}  // namespace

__attribute__((target("avx2,bmi"))) std::size_t find_literal_avx2(const literal_kernel_input& input,
                                                                  const char* text,
                                                                  std::size_t bytes,
                                                                  std::size_t from) {
  const std::size_t needed = input.needle_bytes;
  if (from + 31 + needed > bytes) return find_literal_sse2(input, text, bytes, from);
  const vectors v{_mm256_set1_epi8(input.needle[input.first_offset]),
                  _mm256_set1_epi8(input.needle[input.second_offset]),
                  _mm256_set1_epi8(static_cast<char>(input.first_mask)),
                  _mm256_set1_epi8(static_cast<char>(input.second_mask))};
  std::size_t at = from;
  for (; at + 63 + needed <= bytes; at += 64) {
    const std::uint32_t low = hits_at(input, v, text + at);
    const std::uint32_t high = hits_at(input, v, text + at + 32);
    std::uint64_t bits = low | (static_cast<std::uint64_t>(high) << 32);
    for (; bits != 0; bits &= bits - 1) {
      const std::size_t candidate = at + static_cast<std::size_t>(__builtin_ctzll(bits));
      if (literal_equals(input, text + candidate)) return candidate;
    }
  }
  // The rest in turns of 32 positions; the last turn steps back and sees some positions twice.
  const std::size_t last = bytes - needed - 31;
  while (at + needed <= bytes) {
    if (at > last) at = last;
    std::uint32_t bits = hits_at(input, v, text + at);
    for (; bits != 0; bits &= bits - 1) {
      const std::size_t candidate = at + static_cast<std::size_t>(__builtin_ctz(bits));
      if (literal_equals(input, text + candidate)) return candidate;
    }
    at += 32;
  }
  return bytes;
}

}  // namespace skald::logql

#endif
