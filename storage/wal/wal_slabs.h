// SPDX-License-Identifier: Apache-2.0
// Memory for what is read from the log, in large pieces that are used again: the first touch of a
// fresh page costs more than reading into it. A piece is in use as long as anybody holds it, on any
// thread; all is given back to the system when the last user is gone.
#pragma once

#include <cstddef>
#include <memory>

namespace skald {

class wal_slabs {
 public:
  // What is best asked for. Pieces of 2 MiB to this much are used again.
  static constexpr std::size_t slab_bytes = std::size_t{4} << 20;

  wal_slabs();
  // Pieces that are in use stay valid.
  ~wal_slabs();
  wal_slabs(const wal_slabs&) = delete;
  wal_slabs& operator=(const wal_slabs&) = delete;

  // At least `bytes`, with any contents, aligned to 4 KiB. Aborts by bad_alloc without memory.
  std::shared_ptr<char> take(std::size_t bytes);

 private:
  class pool;
  struct loan;
  std::shared_ptr<pool> pool_;
};

}  // namespace skald
