// SPDX-License-Identifier: Apache-2.0
// Growing bytes at an address aligned to 4 KiB, not zeroed when they grow; in large pages from half
// of one on. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "storage/wal/page_memory.h"
#include "storage/wal/wal_format.h"

namespace skald {

class aligned_buffer {
 public:
  char* data() { return pages_.data() != nullptr ? pages_.data() : bytes_.get(); }
  const char* data() const { return pages_.data() != nullptr ? pages_.data() : bytes_.get(); }
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
    pages_ = page_memory();
    size_ = capacity_ = 0;
  }

 private:
  struct free_bytes {
    void operator()(char* bytes) const { std::free(bytes); }
  };

  void grow(std::size_t size) {
    const std::size_t capacity = wal_round_to_block(std::max(size, capacity_ * 2));
    if (capacity >= page_memory::large_page_bytes / 2 && grow_in_pages(capacity)) return;
    std::unique_ptr<char, free_bytes> bytes(
        static_cast<char*>(std::aligned_alloc(wal_block_bytes, capacity)));
    if (!bytes) throw std::bad_alloc();
    if (size_ != 0) std::memcpy(bytes.get(), data(), size_);
    bytes_ = std::move(bytes);
    pages_ = page_memory();
    capacity_ = capacity;
  }

  bool grow_in_pages(std::size_t capacity) {
    page_memory pages = page_memory::map(capacity, true);
    if (pages.data() == nullptr) return false;
    if (size_ != 0) std::memcpy(pages.data(), data(), size_);
    pages_ = std::move(pages);
    bytes_.reset();
    capacity_ = pages_.size();
    return true;
  }

  std::unique_ptr<char, free_bytes> bytes_;  // one of the two
  page_memory pages_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace skald
