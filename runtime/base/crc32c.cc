// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace skald {
namespace {

constexpr std::array<std::array<std::uint32_t, 256>, 1> make_tables() {
  std::array<std::array<std::uint32_t, 256>, 1> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82F63B78u & (0u - (crc & 1u)));
    tables[0][i] = crc;
  }
  return tables;
}

constexpr auto tables = make_tables();

#if defined(__x86_64__)
// What a checksum becomes when `bytes` zero bytes follow: linear, so four tables by byte do.
struct zeros_operator {
  std::size_t bytes;
  std::array<std::array<std::uint32_t, 256>, 4> by_byte{};

  explicit constexpr zeros_operator(std::size_t count) : bytes(count) {
    std::array<std::uint32_t, 32> of_bit{};
    for (std::uint32_t bit = 0; bit < 32; ++bit) {
      std::uint32_t crc = std::uint32_t{1} << bit;
      for (std::size_t i = 0; i < count; ++i) crc = tables[0][crc & 0xFF] ^ (crc >> 8);
      of_bit[bit] = crc;
    }
    for (std::uint32_t byte = 0; byte < 4; ++byte) {
      for (std::uint32_t value = 0; value < 256; ++value) {
        for (std::uint32_t bit = 0; bit < 8; ++bit) {
          if ((value >> bit & 1) != 0) by_byte[byte][value] ^= of_bit[8 * byte + bit];
        }
      }
    }
  }

  std::uint64_t apply(std::uint64_t crc) const {
    return by_byte[0][crc & 0xFF] ^ by_byte[1][crc >> 8 & 0xFF] ^ by_byte[2][crc >> 16 & 0xFF] ^
           by_byte[3][crc >> 24 & 0xFF];
  }
};

constexpr zeros_operator after_1024(1024);
constexpr zeros_operator after_128(128);

std::uint64_t word_at(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

// The instruction takes three cycles but can begin each cycle: three neighbouring blocks at once
// keep it busy.
__attribute__((target("sse4.2"))) void crc_blocks(std::uint64_t& crc, const char*& p,
                                                  std::size_t& n, const zeros_operator& block) {
  for (; n >= 3 * block.bytes; n -= 3 * block.bytes, p += 3 * block.bytes) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < block.bytes; i += 8) {
      crc = _mm_crc32_u64(crc, word_at(p + i));
      second = _mm_crc32_u64(second, word_at(p + block.bytes + i));
      third = _mm_crc32_u64(third, word_at(p + 2 * block.bytes + i));
    }
    crc = block.apply(block.apply(crc) ^ second) ^ third;
  }
}

__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(std::string_view bytes,
                                                             std::uint32_t seed) {
  std::uint64_t crc = ~seed;
  const char* p = bytes.data();
  std::size_t n = bytes.size();
  crc_blocks(crc, p, n, after_1024);
  crc_blocks(crc, p, n, after_128);
  for (; n >= 8; n -= 8, p += 8) crc = _mm_crc32_u64(crc, word_at(p));
  for (; n > 0; --n, ++p) {
    crc = _mm_crc32_u8(static_cast<std::uint32_t>(crc), static_cast<unsigned char>(*p));
  }
  return ~static_cast<std::uint32_t>(crc);
}
#endif

}  // namespace

std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t crc = ~seed;
  for (const char c : bytes) {
    crc = tables[0][(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  }
  return ~crc;
}

std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed) {
#if defined(__x86_64__)
  static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
  if (has_sse42) return crc32c_sse42(bytes, seed);
#endif
  return crc32c_portable(bytes, seed);
}

}  // namespace skald
