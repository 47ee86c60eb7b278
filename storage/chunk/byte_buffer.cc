// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/byte_buffer.h"

#include <array>
#include <cstdlib>

#include "runtime/base/assert.h"

namespace skald {
namespace {

// Smaller ones malloc serves well, larger ones would pin too much memory per thread.
constexpr std::size_t kept_bytes_min = 32U << 10;
constexpr std::size_t kept_bytes_max = 2U << 20;
constexpr std::size_t kept_count_max = 3;

struct kept_memory {
  char* data = nullptr;
  std::size_t capacity = 0;
};

// Set while the calling thread's list may be used: buffers may be freed after thread-local objects
// are gone.
thread_local bool list_is_alive = false;

struct kept_list {
  kept_list() { list_is_alive = true; }
  ~kept_list() {
    list_is_alive = false;
    for (const kept_memory& one : kept) std::free(one.data);
  }
  std::array<kept_memory, kept_count_max> kept;
};

kept_list& this_thread_list() {
  thread_local kept_list list;
  return list;
}

// The smallest kept memory that fits and is not wastefully large: segments in the cache hold what
// they get for long.
kept_memory take_kept(std::size_t bytes) {
  kept_memory* best = nullptr;
  for (kept_memory& one : this_thread_list().kept) {
    const bool fits = one.capacity >= bytes && one.capacity <= bytes * 2;
    if (fits && (best == nullptr || one.capacity < best->capacity)) best = &one;
  }
  if (best == nullptr) return {};
  return std::exchange(*best, {});
}

// Gives the memory to the list if it is worth keeping there.
bool keep(kept_memory memory) {
  if (!list_is_alive || memory.capacity < kept_bytes_min || memory.capacity > kept_bytes_max) {
    return false;
  }
  kept_memory* smallest = &this_thread_list().kept[0];
  for (kept_memory& one : this_thread_list().kept) {
    if (one.capacity < smallest->capacity) smallest = &one;
  }
  if (smallest->capacity >= memory.capacity) return false;
  std::free(smallest->data);
  *smallest = memory;
  return true;
}

}  // namespace

void byte_buffer::resize(std::size_t bytes) {
  if (bytes > capacity_) {
    reset();
    kept_memory memory;
    if (bytes >= kept_bytes_min) memory = take_kept(bytes);
    if (memory.data == nullptr) {
      memory = {static_cast<char*>(std::malloc(bytes)), bytes};
      SKALD_ASSERT(memory.data != nullptr);
    }
    data_ = memory.data;
    capacity_ = memory.capacity;
  }
  size_ = bytes;
}

void byte_buffer::reset() {
  if (data_ != nullptr && !keep({data_, capacity_})) std::free(data_);
  data_ = nullptr;
  size_ = 0;
  capacity_ = 0;
}

}  // namespace skald
