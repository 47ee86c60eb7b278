// SPDX-License-Identifier: Apache-2.0
// Asks for memory that will be read soon.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skald {

inline constexpr std::size_t cache_line_bytes = 64;

// All cache lines of the bytes. The empty asm matters: gcc takes a function that does nothing but
// prefetch for one without effect, and drops the calls of it and of its callers.
inline void prefetch(const void* from, std::size_t bytes) {
  const auto* const begin = static_cast<const char*>(from);
  const std::size_t before = reinterpret_cast<std::uintptr_t>(from) % cache_line_bytes;
  for (std::size_t i = 0; i < before + bytes; i += cache_line_bytes) {
    __builtin_prefetch(begin - before + i);
  }
  asm volatile("");
}

}  // namespace skald
