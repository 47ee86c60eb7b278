// SPDX-License-Identifier: Apache-2.0
// Keeps recently used pack readers open, bounded by bytes.
// Context: safe from many threads. Lifetime: the object store must outlive the cache and all
// readers it gave.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "runtime/base/result.h"
#include "storage/chunk/cache_stats.h"
#include "storage/chunk/pack_reader.h"
#include "storage/object_store/object_store.h"

namespace skald {

struct pack_cache_options {
  // Directories, labels and filters of the packs kept; a pack of 128 MiB raw takes about 2 MiB. A
  // pack larger than all of it is opened and not kept. 0 keeps nothing.
  std::uint64_t bytes_max = 64U << 20;
};

class pack_cache {
 public:
  // `segments`, if given, keeps what is read of the packs' segments.
  explicit pack_cache(object_store& store, pack_cache_options options = {},
                      std::shared_ptr<segment_cache> segments = nullptr);

  // The open reader of a pack, from memory or opened now (outside the lock: two threads that miss
  // at once both open). Errors: those of pack_reader::open; an error is not kept.
  result<std::shared_ptr<const pack_reader>> get(const std::string& key);
  // Forgets a pack, as its object was removed. Readers in use stay valid in memory.
  void drop(const std::string& key);
  cache_stats stats() const;

 private:
  using reader_ptr = std::shared_ptr<const pack_reader>;
  struct slot {
    reader_ptr reader;
    std::uint64_t bytes = 0;
  };

  void evict_until_fits();  // needs mutex_ held

  object_store& store_;
  const pack_cache_options options_;
  const std::shared_ptr<segment_cache> segments_;
  mutable std::mutex mutex_;  // guards all below
  std::list<slot> recent_;    // newest use first
  std::unordered_map<std::string, std::list<slot>::iterator> by_key_;
  cache_stats stats_;
};

}  // namespace skald
