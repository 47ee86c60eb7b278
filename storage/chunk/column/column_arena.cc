// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/column_arena.h"

#include <algorithm>

namespace skald {
namespace {

// Pieces double up to the size that threads keep for each other (byte_buffer).
constexpr std::size_t piece_bytes_min = 32U << 10;
constexpr std::size_t piece_bytes_max = 1U << 20;

}  // namespace

char* column_arena::take_bytes(std::size_t bytes) {
  bytes = (bytes + alignment - 1) / alignment * alignment;
  if (bytes > left_) {
    const std::size_t shift = std::min<std::size_t>(pieces_.size(), 5);
    const std::size_t piece = std::max(bytes, std::min(piece_bytes_min << shift, piece_bytes_max));
    // A large piece of its own leaves the rest of the current one in use.
    if (bytes > piece_bytes_max) {
      pieces_.emplace_back(bytes);
      return pieces_.back().data();
    }
    pieces_.emplace_back(piece);
    next_ = pieces_.back().data();
    left_ = piece;
  }
  char* taken = next_;
  next_ += bytes;
  left_ -= bytes;
  return taken;
}

std::size_t column_arena::memory_bytes() const {
  std::size_t bytes = 0;
  for (const byte_buffer& piece : pieces_) bytes += piece.capacity();
  return bytes;
}

void column_arena::clear() {
  next_ = nullptr;
  left_ = 0;
  if (pieces_.empty()) return;
  pieces_.resize(1);
  if (pieces_.front().size() > piece_bytes_max) {
    pieces_.clear();
    return;
  }
  next_ = pieces_.front().data();
  left_ = pieces_.front().size();
}

}  // namespace skald
