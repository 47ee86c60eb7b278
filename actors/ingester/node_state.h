// SPDX-License-Identifier: Apache-2.0
// The few numbers that all shards of a node share: unflushed bytes, bytes on their way into the
// WAL, streams per tenant. Counters only; nobody waits on them. Safe from any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace skald {

struct tenant_counts {
  std::atomic<std::int64_t> streams{0};
  // Counts one more stream unless there are `limit` already (0: no limit), whatever other shards do
  // at the same time.
  bool try_add_stream(std::int64_t limit) {
    auto counted = streams.load(std::memory_order_relaxed);
    do {
      if (limit > 0 && counted >= limit) return false;
    } while (!streams.compare_exchange_weak(counted, counted + 1, std::memory_order_relaxed));
    return true;
  }
};

struct node_state {
  std::atomic<std::int64_t> unflushed_bytes{0};
  std::atomic<std::int64_t> sealed_bytes{0};  // those of them that a flush under way takes
  // Memory of push frames that are kept until all their rows are flushed.
  std::atomic<std::int64_t> held_bytes{0};
  // Memory of push frames that only readers have any more.
  std::atomic<std::int64_t> reader_held_bytes{0};
  std::atomic<std::int64_t> streams{0};
  std::atomic<std::int64_t> streams_created{0};  // since they were counted last
  std::atomic<std::int64_t> sealed_buffers{0};   // that wait for their flush
  std::atomic<std::int64_t> quarantined{0};
  std::int64_t live_bytes() const {
    return unflushed_bytes.load(std::memory_order_relaxed) -
           sealed_bytes.load(std::memory_order_relaxed);
  }
  // Frames between admission and their group's sync.
  std::atomic<std::int64_t> wal_waiting_bytes{0};
  // Somebody wants to hear when wal_waiting_bytes falls.
  std::atomic<bool> pushes_queued{false};
  // A shard has asked for a flush that has not begun.
  std::atomic<bool> flush_wanted{false};

  std::shared_ptr<tenant_counts> counts_of(std::string_view tenant) {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto found = tenants_.find(tenant);
    if (found == tenants_.end()) {
      found = tenants_.emplace(std::string(tenant), std::make_shared<tenant_counts>()).first;
    }
    return found->second;
  }
  // Forgets tenants that no shard holds any more.
  void forget_unused_counts() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::erase_if(tenants_, [](const auto& tenant) { return tenant.second.use_count() == 1; });
  }
  std::size_t tenants() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return tenants_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<tenant_counts>, std::less<>> tenants_;
};

// Counts bytes from its making to its destruction, wherever it travels.
class byte_hold {
 public:
  byte_hold(std::shared_ptr<std::atomic<std::int64_t>> counter, std::int64_t bytes)
      : counter_(std::move(counter)), bytes_(bytes) {
    counter_->fetch_add(bytes_, std::memory_order_relaxed);
  }
  byte_hold(const byte_hold&) = delete;
  byte_hold& operator=(const byte_hold&) = delete;
  ~byte_hold() { counter_->fetch_sub(bytes_, std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> counter_;
  std::int64_t bytes_;
};

}  // namespace skald
