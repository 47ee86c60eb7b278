// SPDX-License-Identifier: Apache-2.0
// Memory for push frames that stay until their flush: pieces of large pages, one behind the other.
// Frames are most of what a busy node holds; from the heap each would be hundreds of small pages
// that the kernel maps and clears one by one. Frames end about in the order of their making, so
// pages come free whole. Safe from any thread. Units: bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/wal/page_memory.h"

namespace skald {

class frame_memory : public std::enable_shared_from_this<frame_memory> {
 public:
  // Others are better off elsewhere.
  static constexpr std::size_t piece_bytes_min = 32u << 10;
  static constexpr std::size_t piece_bytes_max = 16u << 20;
  static constexpr std::size_t alignment = 64;

  struct piece {
    char* data = nullptr;               // null: refused
    std::shared_ptr<const void> owner;  // the memory is taken as long as this lives
  };

  static std::shared_ptr<frame_memory> make();

  // Memory that is not zeroed. Refused when `bytes` is out of bounds or the system has no more.
  piece take(std::size_t bytes);
  // Call it about once a second: gives pages that were free all the time since the last call back
  // to the system.
  void trim();

  std::size_t used_pages() const;      // some piece of them is taken
  std::size_t resident_pages() const;  // taken before, and not given back since

 private:
  static constexpr std::size_t page_bytes = page_memory::large_page_bytes;
  static constexpr std::size_t range_pages = 32;
  static constexpr std::size_t range_bytes = range_pages * page_bytes;
  struct page {
    std::uint32_t pieces = 0;
    bool resident = false;
    bool idle = false;  // free at the last trim()
  };
  class lease;

  frame_memory() = default;
  static bool is_free(const page& at, bool resident) {
    return at.pieces == 0 && (at.resident || !resident);
  }
  bool fits_at_cursor(std::size_t bytes, bool resident) const;
  bool find_room(std::size_t bytes, bool resident);
  bool add_range();
  void release(std::size_t first_page, std::size_t last_page);

  mutable std::mutex mutex_;
  std::vector<page_memory> ranges_;
  std::vector<page> pages_;  // of all ranges
  std::size_t cursor_ = 0;   // where the next piece goes, counted through all ranges
};

}  // namespace skald
