// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/gram45_avx2.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

namespace skald::gram45_avx2 {
namespace {

// Positions handled per turn; small enough that folded bytes and masks stay in the first-level
// cache.
constexpr std::size_t block_bytes = 4096;
constexpr std::size_t block_words = block_bytes / 64;
// A gram looks at four bytes behind its position, and the kernel loads sixteen.
constexpr std::size_t lookahead_bytes = 64;

struct text_block {
  alignas(32) std::uint8_t folded[block_bytes + lookahead_bytes];
  // One bit per byte; one word more than positions, for the look-ahead.
  std::uint64_t number[block_words + 1];
  std::uint64_t newline[block_words + 1];
  std::uint64_t backslash[block_words + 1];
  std::uint64_t letter_u[block_words + 1];
};

inline __m256i fold(__m256i bytes) {
  const __m256i offset = _mm256_add_epi8(bytes, _mm256_set1_epi8(static_cast<char>(128 - 'A')));
  const __m256i is_upper = _mm256_cmpgt_epi8(_mm256_set1_epi8(-128 + 26), offset);
  return _mm256_or_si256(bytes, _mm256_and_si256(is_upper, _mm256_set1_epi8(0x20)));
}

// 0xff where a folded byte is one of 0-9 a-f and the dot: one table by the low digit, one by the
// high digit.
inline __m256i number_class(__m256i folded) {
  const __m256i low_table =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(1, 5, 5, 5, 5, 5, 5, 1, 1, 1, 0, 0, 0, 0, 2, 0));
  const __m256i high_table =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 0, 2, 1, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  const __m256i digit = _mm256_set1_epi8(0x0f);
  const __m256i low = _mm256_shuffle_epi8(low_table, _mm256_and_si256(folded, digit));
  const __m256i high =
      _mm256_shuffle_epi8(high_table, _mm256_and_si256(_mm256_srli_epi16(folded, 4), digit));
  const __m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(low, high), _mm256_setzero_si256());
  return _mm256_xor_si256(none, _mm256_set1_epi8(-1));
}

inline std::uint64_t mask_of(__m256i bytes) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes));
}

// Fills folded bytes and masks for `bytes` of text (at most block plus look-ahead); what is missing
// counts as newlines, so that no gram runs past the end. Returns whether a byte >= 0x80 was seen.
bool fill_block(const char* text, std::size_t bytes, text_block& block) {
  constexpr std::size_t all = block_bytes + lookahead_bytes;
  const char* from = text;
  if (bytes < all) {
    memcpy(block.folded, text, bytes);
    memset(block.folded + bytes, '\n', all - bytes);
    from = reinterpret_cast<const char*>(block.folded);
  }
  __m256i seen = _mm256_setzero_si256();
  for (std::size_t word = 0; word <= block_words; ++word) {
    std::uint64_t number = 0;
    std::uint64_t newline = 0;
    std::uint64_t backslash = 0;
    std::uint64_t letter_u = 0;
    for (unsigned half = 0; half < 2; ++half) {
      const std::size_t at = word * 64 + half * 32;
      const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + at));
      seen = _mm256_or_si256(seen, raw);
      const __m256i folded = fold(raw);
      _mm256_store_si256(reinterpret_cast<__m256i*>(block.folded + at), folded);
      const unsigned shift = half * 32;
      number |= mask_of(number_class(folded)) << shift;
      newline |= mask_of(_mm256_cmpeq_epi8(folded, _mm256_set1_epi8('\n'))) << shift;
      backslash |= mask_of(_mm256_cmpeq_epi8(folded, _mm256_set1_epi8('\\'))) << shift;
      letter_u |= mask_of(_mm256_cmpeq_epi8(folded, _mm256_set1_epi8('u'))) << shift;
    }
    block.number[word] = number;
    block.newline[word] = newline;
    block.backslash[word] = backslash;
    block.letter_u[word] = letter_u;
  }
  return _mm256_movemask_epi8(seen) != 0;
}

// Bit i is bit i + by of the two words.
inline std::uint64_t ahead(const std::uint64_t* words, unsigned by) {
  return words[0] >> by | words[1] << (64 - by);
}

// Lane i of eight becomes all ones if bit i is set.
inline __m256i lanes_of(std::uint32_t bits) {
  const __m256i lane_bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  return _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(static_cast<int>(bits)), lane_bit),
                            lane_bit);
}

// The base indices of the eight grams at `folded`.
inline __m256i indices_of(const std::uint8_t* folded, std::uint32_t five, __m128i shift) {
  const __m256i windows = _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6,  //
                                           4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10);
  const __m256i fifths =
      _mm256_setr_epi8(4, -1, -1, -1, 5, -1, -1, -1, 6, -1, -1, -1, 7, -1, -1,
                       -1,  //
                       8, -1, -1, -1, 9, -1, -1, -1, 10, -1, -1, -1, 11, -1, -1, -1);
  const __m256i bytes =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(folded)));
  __m256i w = _mm256_shuffle_epi8(bytes, windows);
  const __m256i fifth = _mm256_add_epi32(_mm256_shuffle_epi8(bytes, fifths), _mm256_set1_epi32(1));
  const __m256i mixed = _mm256_mullo_epi32(fifth, _mm256_set1_epi32(static_cast<int>(0x9E3779B1U)));
  w = _mm256_xor_si256(w, _mm256_and_si256(mixed, lanes_of(five)));
  __m256i h = _mm256_mullo_epi32(w, _mm256_set1_epi32(static_cast<int>(0x85EBCA6BU)));
  h = _mm256_xor_si256(h, _mm256_srli_epi32(h, 15));
  h = _mm256_mullo_epi32(h, _mm256_set1_epi32(static_cast<int>(0xC2B2AE35U)));
  return _mm256_srl_epi32(h, shift);
}

// The grams at the 64 positions from `folded` on. Their indices go through memory: eight at a time
// through registers would take more instructions than all the hashing.
inline void mark_word(const std::uint8_t* folded, std::uint64_t five, std::uint64_t valid,
                      __m128i shift, __m256i nowhere, std::uint8_t* map) {
  alignas(32) std::uint32_t indices[64];
  for (unsigned at = 0; at < 64; at += 8) {
    __m256i found = indices_of(folded + at, static_cast<std::uint32_t>(five >> at), shift);
    if (~valid != 0) {
      const __m256i lanes = lanes_of(static_cast<std::uint32_t>(valid >> at));
      found = _mm256_blendv_epi8(nowhere, found, lanes);
    }
    _mm256_store_si256(reinterpret_cast<__m256i*>(indices + at), found);
  }
#pragma GCC unroll 16
  for (const std::uint32_t index : indices) map[index] = 1;
}

}  // namespace

facts mark(const char* text, std::size_t bytes, unsigned width, std::uint8_t* map) {
  facts found = {true, false, 0};
  text_block block;
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(32 - width));
  const __m256i nowhere = _mm256_set1_epi32(1 << width);
  for (std::size_t start = 0; start < bytes; start += block_bytes) {
    const std::size_t left = bytes - start;
    constexpr std::size_t wanted = block_bytes + lookahead_bytes;
    if (fill_block(text + start, left < wanted ? left : wanted, block)) found.ascii = false;
    for (std::size_t word = 0; word < block_words; ++word) {
      const std::uint64_t* number = block.number + word;
      const std::uint64_t* newline = block.newline + word;
      const std::uint64_t five = number[0] & ahead(number, 1) & ahead(number, 2);
      const std::uint64_t cut_four =
          newline[0] | ahead(newline, 1) | ahead(newline, 2) | ahead(newline, 3);
      const std::uint64_t valid = ~(cut_four | (five & ahead(newline, 4)));
      if ((block.backslash[word] & ahead(block.letter_u + word, 1)) != 0)
        found.unicode_escape = true;
      found.newlines += static_cast<std::size_t>(__builtin_popcountll(newline[0]));
      if (valid == 0) continue;
      mark_word(block.folded + word * 64, five, valid, shift, nowhere, map);
    }
    // What stands behind the text was filled with newlines.
    if (left < block_bytes) found.newlines -= block_bytes - left;
  }
  return found;
}

std::size_t pack(const std::uint8_t* map, std::uint64_t* bits, std::size_t words) {
  std::size_t set = 0;
  for (std::size_t word = 0; word < words; ++word) {
    const auto* from = reinterpret_cast<const __m256i*>(map + word * 64);
    const std::uint64_t low = mask_of(_mm256_slli_epi16(_mm256_loadu_si256(from), 7));
    const std::uint64_t high = mask_of(_mm256_slli_epi16(_mm256_loadu_si256(from + 1), 7));
    bits[word] = low | high << 32;
    set += static_cast<std::size_t>(__builtin_popcountll(bits[word]));
  }
  return set;
}

}  // namespace skald::gram45_avx2
#endif
