// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_slabs.h"

#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

#include "storage/wal/page_memory.h"

namespace skald {
namespace {

// Free pieces that wait for reuse.
constexpr std::size_t free_slabs_max = 4;

page_memory map(std::size_t bytes) {
  page_memory memory = page_memory::map(bytes, true);
  if (memory.data() == nullptr) throw std::bad_alloc();
  return memory;
}

char* allocate_small(std::size_t bytes) {
  constexpr std::size_t alignment = 4096;
  const std::size_t rounded = (bytes + alignment) / alignment * alignment;
  char* const got = static_cast<char*>(std::aligned_alloc(alignment, rounded));
  if (got == nullptr) throw std::bad_alloc();
  return got;
}

}  // namespace

class wal_slabs::pool {
 public:
  page_memory take() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!free_.empty()) {
        page_memory slab = std::move(free_.back());
        free_.pop_back();
        return slab;
      }
    }
    return map(slab_bytes);
  }

  void give_back(page_memory slab) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!closed_ && free_.size() < free_slabs_max) free_.push_back(std::move(slab));
  }

  void close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    free_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<page_memory> free_;
  bool closed_ = false;
};

// A piece in use.
struct wal_slabs::loan {
  explicit loan(std::shared_ptr<pool> from) : owner(std::move(from)), memory(owner->take()) {}
  ~loan() { owner->give_back(std::move(memory)); }
  const std::shared_ptr<pool> owner;
  page_memory memory;
};

wal_slabs::wal_slabs() : pool_(std::make_shared<pool>()) {}

wal_slabs::~wal_slabs() {
  pool_->close();
}

std::shared_ptr<char> wal_slabs::take(std::size_t bytes) {
  if (bytes < page_memory::large_page_bytes) return {allocate_small(bytes), &std::free};
  if (bytes <= slab_bytes) {
    const auto slab = std::make_shared<loan>(pool_);
    return {slab, slab->memory.data()};
  }
  const auto own = std::make_shared<page_memory>(map(bytes));
  return {own, own->data()};
}

}  // namespace skald
