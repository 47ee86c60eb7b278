// SPDX-License-Identifier: Apache-2.0
// What reads had of a cache that lies in front of the store, for the statistics of a query.
#pragma once

#include <cstdint>

namespace skald {

// Bytes are those that the store would be asked for (or was): the compressed form.
struct cache_use {
  std::uint64_t lookups = 0;
  std::uint64_t hits = 0;
  std::uint64_t stores = 0;  // entries that the cache took up, new or with more in them
  std::uint64_t bytes_found = 0;
  std::uint64_t bytes_stored = 0;
  std::uint64_t lookup_ns = 0;

  void add(const cache_use& other) {
    lookups += other.lookups;
    hits += other.hits;
    stores += other.stores;
    bytes_found += other.bytes_found;
    bytes_stored += other.bytes_stored;
    lookup_ns += other.lookup_ns;
  }
  // What came on top of `before`, an earlier reading of these counters.
  cache_use since(const cache_use& before) const {
    return {lookups - before.lookups,
            hits - before.hits,
            stores - before.stores,
            bytes_found - before.bytes_found,
            bytes_stored - before.bytes_stored,
            lookup_ns - before.lookup_ns};
  }
};

}  // namespace skald
