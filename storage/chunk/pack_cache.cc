// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/pack_cache.h"

namespace skald {

pack_cache::pack_cache(object_store& store, pack_cache_options options,
                       std::shared_ptr<segment_cache> segments)
    : store_(store), options_(options), segments_(std::move(segments)) {}

result<std::shared_ptr<const pack_reader>> pack_cache::get(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      ++stats_.hits;
      recent_.splice(recent_.begin(), recent_, found->second);
      return recent_.front().reader;
    }
    ++stats_.misses;
  }
  SKALD_TRY_ASSIGN(reader_ptr reader, pack_reader::open(store_, key, segments_));
  const std::uint64_t bytes = reader->memory_bytes_max();
  if (bytes > options_.bytes_max) return reader;
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) return found->second->reader;
  recent_.push_front({reader, bytes});
  by_key_.emplace(key, recent_.begin());
  stats_.bytes += bytes;
  evict_until_fits();
  return reader;
}

void pack_cache::evict_until_fits() {
  while (stats_.bytes > options_.bytes_max) {
    const slot& oldest = recent_.back();
    stats_.bytes -= oldest.bytes;
    ++stats_.evictions;
    by_key_.erase(oldest.reader->key());
    recent_.pop_back();
  }
}

void pack_cache::drop(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  stats_.bytes -= found->second->bytes;
  recent_.erase(found->second);
  by_key_.erase(found);
}

cache_stats pack_cache::stats() const {
  const std::lock_guard lock(mutex_);
  cache_stats copy = stats_;
  copy.entries = recent_.size();
  return copy;
}

}  // namespace skald
