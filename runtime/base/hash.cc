// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/hash.h"

#include <xxhash.h>

namespace skald {

hash128 xxh3_128(std::string_view bytes) {
  const XXH128_hash_t h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.high64, h.low64};
}

std::uint64_t xxh3_64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::string to_hex(const hash128& value) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out(32, '0');
  for (int i = 0; i < 16; ++i) {
    out[15 - i] = digits[(value.high >> (4 * i)) & 15];
    out[31 - i] = digits[(value.low >> (4 * i)) & 15];
  }
  return out;
}

}  // namespace skald
