// SPDX-License-Identifier: Apache-2.0
// The hashes of Skald's formats: XXH3 with 64 and 128 bits (https://xxhash.com), stable across
// machines and versions.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace skald {

struct hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const hash128&, const hash128&) = default;
};

hash128 xxh3_128(std::string_view bytes);
std::uint64_t xxh3_64(std::string_view bytes, std::uint64_t seed = 0);

// 32 lower-case hex digits, high half first.
std::string to_hex(const hash128& value);

}  // namespace skald

template <>
struct std::hash<skald::hash128> {
  std::size_t operator()(const skald::hash128& h) const noexcept { return h.low; }
};
