// SPDX-License-Identifier: Apache-2.0
// The keys of skip filters: case-folded grams of four bytes, or five where the text looks like hex
// or numbers. Defined in docs/formats/pack.md, skip filters. Text and needle agree by construction:
// which bytes form a gram depends on nothing outside it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace skald {

// What one pass over the lines of a segment finds besides grams.
struct text_facts {
  bool ascii = true;            // no byte >= 0x80
  bool unicode_escape = false;  // a backslash followed by 'u' or 'U' occurs
  std::size_t newlines = 0;
};

constexpr std::uint8_t fold_byte(std::uint8_t byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<std::uint8_t>(byte | 0x20) : byte;
}
// Whether a folded byte is one of 0-9 a-f and the dot.
constexpr bool is_number_byte(std::uint8_t folded) {
  return (folded >= '0' && folded <= '9') || (folded >= 'a' && folded <= 'f') || folded == '.';
}

// The hash of the gram at `folded`, which must have four bytes, or five if `five`.
constexpr std::uint32_t gram_hash(const std::uint8_t* folded, bool five) {
  std::uint32_t w =
      static_cast<std::uint32_t>(folded[0]) | static_cast<std::uint32_t>(folded[1]) << 8 |
      static_cast<std::uint32_t>(folded[2]) << 16 | static_cast<std::uint32_t>(folded[3]) << 24;
  if (five) w ^= (static_cast<std::uint32_t>(folded[4]) + 1) * 0x9E3779B1U;
  std::uint32_t h = w * 0x85EBCA6BU;
  h ^= h >> 15;
  return h * 0xC2B2AE35U;
}

// Bytes of a mark map of base width `width`: one per index, and some that take the marks of
// positions without a gram.
constexpr std::size_t mark_map_bytes(unsigned width) {
  return (std::size_t{1} << width) + 64;
}

// Sets map[h >> (32 - width)] = 1 for each gram of `text`, whose lines are separated by '\n'. Bytes
// from 2^width on may become anything. Uses AVX2 where the processor has it.
text_facts mark_grams(std::string_view text, unsigned width, std::span<std::uint8_t> map);
// The plain version, for tests of equality and other processors.
text_facts mark_grams_portable(std::string_view text, unsigned width, std::span<std::uint8_t> map);

// Packs marks to bits: bit i of `bits` is map[i]. `bits` has 2^width / 64 words. Returns the number
// of bits set.
std::size_t pack_marks(std::span<const std::uint8_t> map, std::span<std::uint64_t> bits);

// Calls `use(gram, hash)` for each gram of a needle, `gram` being its folded bytes. Stops and
// returns false when `use` does; true at the end. A needle may hold newlines: no gram crosses one.
bool for_each_needle_gram(
    std::string_view needle,
    const std::function<bool(std::span<const std::uint8_t> gram, std::uint32_t hash)>& use);

}  // namespace skald
