// SPDX-License-Identifier: Apache-2.0
// What a cache did since it was made, and what is in it.
#pragma once

#include <cstdint>

namespace skald {

struct cache_stats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t evictions = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

}  // namespace skald
