// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_cache.h"

#include <iterator>

namespace skald {
namespace {

// Those turned away that are remembered: some times what the cache can hold.
constexpr std::size_t turned_away_max = 8192;

}  // namespace

std::unique_ptr<segment_content> segment_cache::take(const segment_key& key, cache_use& use) {
  const auto begun_at = clock_.now();
  std::unique_ptr<segment_content> content = find(key);
  ++use.lookups;
  use.lookup_ns += static_cast<std::uint64_t>((clock_.now() - begun_at).count());
  if (content == nullptr) return nullptr;
  ++use.hits;
  use.bytes_found += content->stored_bytes();
  return content;
}

std::unique_ptr<segment_content> segment_cache::find(const segment_key& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || found->second->content == nullptr) {
    ++stats_.misses;
    return nullptr;
  }
  ++stats_.hits;
  touch(found->second);
  return std::move(found->second->content);
}

void segment_cache::touch(slot_list::iterator at) {
  at->used = ++use_count_;
  at->used_at = clock_.now();
  slots_.splice(slots_.begin(), slots_, at);
}

void segment_cache::give_back(const segment_key& key, std::unique_ptr<segment_content> content,
                              cache_use& use) {
  const std::uint64_t bytes = content->memory_bytes();
  const std::uint64_t stored_bytes = content->stored_bytes();
  const std::uint64_t new_stored_bytes = content->new_stored_bytes();
  content_list freed;
  const std::lock_guard lock(mutex_);
  evict_unused(freed);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    slot& known = *found->second;
    if (known.content != nullptr) {  // two blocks read it at once
      freed.push_back(std::move(content));
      return;
    }
    known.content = std::move(content);
    if (bytes > options_.bytes_max) return evict(found->second, freed);
    stats_.bytes += bytes - known.bytes;
    known.bytes = bytes;
    evict_until_fits(freed);
    if (new_stored_bytes == 0 || !by_key_.contains(key)) return;
    ++use.stores;
    use.bytes_stored += new_stored_bytes;
    return;
  }
  if (bytes > options_.bytes_max || !make_room(bytes, turned_away_at(key), freed)) {
    turn_away(key);
    freed.push_back(std::move(content));
    return;
  }
  turned_away_.erase(key);
  slots_.push_front({key, std::move(content), bytes, ++use_count_, clock_.now()});
  by_key_.emplace(key, slots_.begin());
  stats_.bytes += bytes;
  ++use.stores;
  use.bytes_stored += stored_bytes;
}

void segment_cache::drop(const segment_key& key) {
  content_list freed;
  const std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) evict(found->second, freed);
}

void segment_cache::evict(slot_list::iterator at, content_list& freed) {
  if (at->content != nullptr) freed.push_back(std::move(at->content));
  stats_.bytes -= at->bytes;
  ++stats_.evictions;
  by_key_.erase(at->key);
  slots_.erase(at);
}

void segment_cache::evict_unused(content_list& freed) {
  if (options_.ttl <= std::chrono::nanoseconds::zero()) return;
  const auto now = clock_.now();
  while (!slots_.empty() && now - slots_.back().used_at > options_.ttl) {
    evict(std::prev(slots_.end()), freed);
  }
}

// What is here grows as more of it is read.
void segment_cache::evict_until_fits(content_list& freed) {
  while (stats_.bytes > options_.bytes_max) evict(std::prev(slots_.end()), freed);
}

bool segment_cache::make_room(std::uint64_t bytes, std::uint64_t unused_since,
                              content_list& freed) {
  std::uint64_t available = options_.bytes_max - stats_.bytes;
  auto last = slots_.end();
  while (available < bytes) {
    if (last == slots_.begin()) return false;
    --last;
    if (last->used > unused_since) return false;
    available += last->bytes;
  }
  while (last != slots_.end()) evict(last++, freed);
  return true;
}

std::uint64_t segment_cache::turned_away_at(const segment_key& key) const {
  const auto known = turned_away_.find(key);
  return known == turned_away_.end() ? 0 : known->second;
}

void segment_cache::turn_away(const segment_key& key) {
  const std::uint64_t now = ++use_count_;
  turned_away_[key] = now;
  turned_away_order_.emplace_back(key, now);
  while (turned_away_order_.size() > turned_away_max) {
    const auto& [oldest, when] = turned_away_order_.front();
    const auto known = turned_away_.find(oldest);
    if (known != turned_away_.end() && known->second == when) turned_away_.erase(known);
    turned_away_order_.pop_front();
  }
}

cache_stats segment_cache::stats() const {
  const std::lock_guard lock(mutex_);
  cache_stats copy = stats_;
  copy.entries = slots_.size();
  return copy;
}

}  // namespace skald
