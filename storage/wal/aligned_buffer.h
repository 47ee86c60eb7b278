// SPDX-License-Identifier: Apache-2.0
// Growing bytes at an address aligned to 4 KiB, not zeroed when they grow. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "storage/wal/wal_format.h"

namespace skald {

class aligned_buffer {
 public:
  char* data() { return bytes_.get(); }
  const char* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }

  // Keeps the contents up to the smaller size.
  void resize(std::size_t size) {
    if (size > capacity_) grow(size);
    size_ = size;
  }
  // Removes the first `count` bytes.
  void erase_front(std::size_t count) {
    if (count < size_) std::memmove(data(), data() + count, size_ - count);
    size_ -= count;
  }
  void release() {
    bytes_.reset();
    size_ = capacity_ = 0;
  }

 private:
  struct free_bytes {
    void operator()(char* bytes) const { std::free(bytes); }
  };

  void grow(std::size_t size) {
    const std::size_t capacity = wal_round_to_block(std::max(size, capacity_ * 2));
    std::unique_ptr<char, free_bytes> bytes(
        static_cast<char*>(std::aligned_alloc(wal_block_bytes, capacity)));
    if (!bytes) throw std::bad_alloc();
    if (size_ != 0) std::memcpy(bytes.get(), data(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char, free_bytes> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace skald
