// SPDX-License-Identifier: Apache-2.0
// Which segments a lane has, and what their headers say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "storage/file/file_system.h"
#include "storage/wal/wal_format.h"

namespace skald {

struct wal_lane_segment {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  bool readable = false;     // a good header of this lane
  bool unused_copy = false;  // a recycled file whose renaming was not durable: holds nothing
  wal_segment_header header;
};

struct wal_lane {
  std::string directory;
  std::uint32_t lane = 0;
  std::vector<wal_lane_segment> segments;  // by number

  std::string path_of(const wal_lane_segment& segment) const {
    return directory + "/" + wal_segment_name(segment.number);
  }
  // The nearest later segment with a good header, or null.
  const wal_lane_segment* successor(std::size_t i) const;
  // Where segment i ends: no record of it with this sequence or a higher one was ever acknowledged.
  // Maximum: unknown.
  std::uint64_t sequence_limit(std::size_t i) const;
  // Whether every record of segment i stands in front of `sequence`.
  bool is_wholly_below(std::size_t i, std::uint64_t sequence) const;
};

// Blocks. An absent directory is an empty lane. Errors: those of the file system; with
// `unreadable_is_damage` a segment that cannot be opened or read (unavailable) is listed as one
// without a good header.
result<wal_lane> list_wal_lane(const std::string& directory, std::uint32_t lane, file_system& files,
                               bool unreadable_is_damage = false);

}  // namespace skald
