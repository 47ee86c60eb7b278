// SPDX-License-Identifier: Apache-2.0
// memcmp without a call, for the lengths that names, fragments and repeated values mostly have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace skald {

template <class Word>
inline bool equal_ends(const char* a, const char* b, std::size_t bytes) {
  Word words[4];
  std::memcpy(&words[0], a, sizeof(Word));
  std::memcpy(&words[1], b, sizeof(Word));
  std::memcpy(&words[2], a + bytes - sizeof(Word), sizeof(Word));
  std::memcpy(&words[3], b + bytes - sizeof(Word), sizeof(Word));
  return ((words[0] ^ words[1]) | (words[2] ^ words[3])) == 0;
}

inline bool equal_bytes(const char* a, const char* b, std::size_t bytes) {
  if (bytes > 16) {
    return equal_ends<std::uint64_t>(a, b, 16) && std::memcmp(a + 16, b + 16, bytes - 16) == 0;
  }
  if (bytes >= 8) return equal_ends<std::uint64_t>(a, b, bytes);
  if (bytes >= 4) return equal_ends<std::uint32_t>(a, b, bytes);
  return bytes == 0 ||
         (a[0] == b[0] && a[bytes / 2] == b[bytes / 2] && a[bytes - 1] == b[bytes - 1]);
}

inline bool equal_bytes(std::string_view a, std::string_view b) {
  return a.size() == b.size() && equal_bytes(a.data(), b.data(), a.size());
}

}  // namespace skald
