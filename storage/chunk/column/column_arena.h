// SPDX-License-Identifier: Apache-2.0
// Memory of decoded columns: taken piece by piece, freed at once. One thread at a time.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "storage/chunk/byte_buffer.h"

namespace skald {

class column_arena {
 public:
  // Room for `count` values of a plain type, uninitialised, 16-byte aligned, valid until clear().
  template <class T>
  std::span<T> take(std::size_t count) {
    static_assert(alignof(T) <= alignment);
    return {reinterpret_cast<T*>(take_bytes(count * sizeof(T))), count};
  }
  std::span<char> take_text(std::size_t bytes) { return {take_bytes(bytes), bytes}; }

  // Frees everything. Keeps the first piece of memory for the next column.
  void clear();
  std::size_t memory_bytes() const;

 private:
  static constexpr std::size_t alignment = 16;
  char* take_bytes(std::size_t bytes);

  std::vector<byte_buffer> pieces_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace skald
