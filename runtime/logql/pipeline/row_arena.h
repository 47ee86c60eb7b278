// SPDX-License-Identifier: Apache-2.0
// Memory for texts that live as long as one row: unescaped values, rewritten lines, error details.
// Pointers stay valid until reset(), which keeps the memory unless it is much.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace skald::logql {

class row_arena {
 public:
  // At least `bytes` bytes; give back what is not used with trim().
  char* allocate(std::size_t bytes) {
    while (chunk_ < chunks_.size() && chunks_[chunk_].size - used_ < bytes) {
      ++chunk_;
      used_ = 0;
    }
    if (chunk_ == chunks_.size()) {
      const std::size_t size = bytes > chunk_bytes ? bytes : chunk_bytes;
      chunks_.push_back({std::make_unique<char[]>(size), size});
      used_ = 0;
    }
    char* out = chunks_[chunk_].data.get() + used_;
    used_ += bytes;
    row_bytes_ += bytes;
    return out;
  }
  // Whether the row may have so many bytes more of texts that a query makes up: what lines hold is
  // bounded, what templates make of it is not.
  bool has_room(std::size_t bytes) const { return row_bytes_ + bytes <= row_bytes_max; }
  // Gives back the last `bytes` bytes of the latest allocation.
  void trim(std::size_t bytes) {
    used_ -= bytes;
    row_bytes_ -= bytes;
  }

  std::string_view keep(std::string_view text) {
    if (text.empty()) return "";
    char* copy = allocate(text.size());
    std::memcpy(copy, text.data(), text.size());
    return {copy, text.size()};
  }

  void reset() {
    chunk_ = 0;
    used_ = 0;
    if (row_bytes_ > bytes_kept_max) chunks_.clear();
    row_bytes_ = 0;
    if (chunks_.size() > chunks_kept_max) chunks_.resize(chunks_kept_max);
  }

 private:
  static constexpr std::size_t chunk_bytes = 16 << 10;
  static constexpr std::size_t chunks_kept_max = 64;
  static constexpr std::size_t bytes_kept_max = 4 << 20;
  static constexpr std::size_t row_bytes_max = 64 << 20;
  struct chunk {
    std::unique_ptr<char[]> data;
    std::size_t size;
  };
  std::vector<chunk> chunks_;
  std::size_t chunk_ = 0;
  std::size_t used_ = 0;
  std::size_t row_bytes_ = 0;  // given out since reset()
};

}  // namespace skald::logql
