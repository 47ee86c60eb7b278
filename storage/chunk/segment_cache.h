// SPDX-License-Identifier: Apache-2.0
// Keeps what blocks read of segments between queries, bounded by bytes: dashboards ask for the same
// hours again and again. A content is lent to one block at a time; another one that wants it
// meanwhile reads for itself.
//
// A segment that is new takes the place of others only if it was here before and they were not used
// since: reading once through more than fits displaces nothing, neither does doing it again.
// (LRU with a list of those turned away, as in 2Q: Johnson and Shasha, VLDB 1994.)
// Context: safe from many threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/hash.h"
#include "runtime/model/cache_use.h"
#include "storage/chunk/cache_stats.h"
#include "storage/chunk/segment_content.h"

namespace skald {

struct segment_key {
  hash128 pack;  // of the pack's key
  std::uint32_t segment = 0;
  friend bool operator==(const segment_key&, const segment_key&) = default;
};

struct segment_cache_options {
  std::uint64_t bytes_max = 100U << 20;
  // What was not used for so long is freed, when the cache is used next. 0: never for that reason.
  std::chrono::nanoseconds ttl = std::chrono::hours(1);
};

class segment_cache {
 public:
  // `time` must outlive the cache.
  segment_cache(segment_cache_options options, const clock& time)
      : options_(options), clock_(time) {}

  // What is kept of a segment, lent until give_back() or drop(); null when there is nothing. Both
  // add to `use`.
  std::unique_ptr<segment_content> take(const segment_key& key, cache_use& use);
  // Keeps a detached content, or frees it.
  void give_back(const segment_key& key, std::unique_ptr<segment_content> content, cache_use& use);
  // Ends a loan without a content.
  void drop(const segment_key& key);
  cache_stats stats() const;

 private:
  struct key_hash {
    std::size_t operator()(const segment_key& key) const {
      return key.pack.low + key.segment * 0x9e3779b97f4a7c15ULL;
    }
  };
  struct slot {
    segment_key key;
    std::unique_ptr<segment_content> content;  // null while it is lent
    std::uint64_t bytes = 0;                   // lent ones keep their room
    std::uint64_t used = 0;                    // use_count_ when it was used last
    std::chrono::steady_clock::time_point used_at;
  };
  using slot_list = std::list<slot>;
  using content_list = std::vector<std::unique_ptr<segment_content>>;

  std::unique_ptr<segment_content> find(const segment_key& key);
  // These need mutex_ held. What they free goes to `freed`, to be destroyed without the lock.
  void touch(slot_list::iterator at);
  void evict(slot_list::iterator at, content_list& freed);
  void evict_unused(content_list& freed);
  void evict_until_fits(content_list& freed);
  bool make_room(std::uint64_t bytes, std::uint64_t unused_since, content_list& freed);
  // When the segment was turned away last; 0 if it was not, as far as is known.
  std::uint64_t turned_away_at(const segment_key& key) const;
  void turn_away(const segment_key& key);

  const segment_cache_options options_;
  const clock& clock_;
  mutable std::mutex mutex_;  // guards all below
  slot_list slots_;           // newest use first
  std::unordered_map<segment_key, slot_list::iterator, key_hash> by_key_;
  std::unordered_map<segment_key, std::uint64_t, key_hash> turned_away_;
  std::deque<std::pair<segment_key, std::uint64_t>> turned_away_order_;
  std::uint64_t use_count_ = 0;
  cache_stats stats_;
};

}  // namespace skald
