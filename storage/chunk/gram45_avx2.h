// SPDX-License-Identifier: Apache-2.0
// The AVX2 kernel of gram45. Only for processors that have it; its source includes as little as
// possible, since inline functions compiled there must not be used elsewhere.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skald::gram45_avx2 {

// text_facts without its constructors.
struct facts {
  bool ascii;
  bool unicode_escape;
  std::size_t newlines;
};

facts mark(const char* text, std::size_t bytes, unsigned width, std::uint8_t* map);
// Packs `words` x 64 marks to bits and returns the number of bits set.
std::size_t pack(const std::uint8_t* map, std::uint64_t* bits, std::size_t words);

}  // namespace skald::gram45_avx2
