// SPDX-License-Identifier: Apache-2.0
// Settings of one WAL lane.
#pragma once

#include <chrono>
#include <cstdint>

namespace skald {

// All need a restart to change. Sizes may differ from those of segments that exist already.
struct wal_options {
  // Bytes of a segment file: a multiple of 4 KiB, 64 KiB to 1 GiB. A record must fit into one.
  // Larger segments mean fewer renames and coarser release; smaller ones less disk on small nodes.
  std::uint64_t segment_bytes = 64ull << 20;
  // Released segments kept for reuse. More than these are deleted.
  std::uint32_t recycled_segments_max = 4;
  // Distance that prepare() keeps zero-filled in front of the write position.
  std::uint64_t zero_fill_ahead_bytes = 8ull << 20;
  // Writes segments past the page cache where the file system can.
  bool direct_io = true;
  // Which lane of the node the directory holds. A segment of another lane is never replayed.
  std::uint32_t lane = 0;
  // Number of this life of the process: higher at every start, never 0.
  std::uint64_t incarnation = 1;
  // `entries` records are refused once the file system is fuller than this share of what is used
  // and available, above 0 and up to 1.0 (1.0: no check).
  double disk_full_share = 0.90;
  // How old the last look at the file system may be.
  std::chrono::milliseconds disk_check_interval{1000};
};

}  // namespace skald
