// SPDX-License-Identifier: Apache-2.0
// Anonymous memory of whole large pages, for buffers that go to the disk past the page cache: a
// write pins each page that it reads from, so one page of 2 MiB is far cheaper than 512 of 4 KiB.
// Where the system has no large pages it is ordinary memory. Units: bytes.
#pragma once

#include <cstddef>
#include <utility>

namespace skald {

class page_memory {
 public:
  static constexpr std::size_t large_page_bytes = 2u << 20;

  page_memory() = default;
  // Aligned to large pages, zero until written. Read-only memory that is never written costs
  // nothing, however large. Empty when the system refuses.
  static page_memory map(std::size_t bytes, bool writable);
  ~page_memory();
  page_memory(page_memory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  page_memory& operator=(page_memory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }

  char* data() { return data_; }
  const char* data() const { return data_; }
  // A multiple of large_page_bytes, at least what was asked for.
  std::size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace skald
