// SPDX-License-Identifier: Apache-2.0
// Uninitialised memory for columns. Segments come and go by the million bytes: fresh pages cost a
// fifth of a decoder's time, so each thread keeps a few freed buffers for the next one. Context: a
// buffer belongs to one thread at a time; the thread that frees it keeps the memory.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace skald {

class byte_buffer {
 public:
  byte_buffer() = default;
  explicit byte_buffer(std::size_t bytes) { resize(bytes); }
  ~byte_buffer() { reset(); }
  byte_buffer(byte_buffer&& other) noexcept { swap(other); }
  byte_buffer& operator=(byte_buffer&& other) noexcept {
    swap(other);
    return *this;
  }

  // Makes room for `bytes`. The contents are lost.
  void resize(std::size_t bytes);
  // Frees the memory.
  void reset();

  char* data() { return data_; }
  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  // Of the memory, which may be more than was asked for.
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {data_, size_}; }

  // The memory as `count` values of a plain type; resize() first. Aligned for any of them.
  template <class T>
  std::span<T> as(std::size_t count) {
    return {reinterpret_cast<T*>(data_), count};
  }

 private:
  void swap(byte_buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace skald
