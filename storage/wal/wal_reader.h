// SPDX-License-Identifier: Apache-2.0
// Finds the records in the bytes of one segment, whatever state they are in. Format and rules:
// docs/formats/wal.md.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

#include "runtime/base/result.h"
#include "storage/wal/wal_format.h"
#include "storage/wal/wal_replay.h"
#include "storage/wal/wal_segment_source.h"

namespace skald {

// What the segment's neighbours tell about it.
struct wal_scan_context {
  wal_segment_header header;
  std::uint64_t next_sequence = 1;  // the first record not seen in earlier segments
  // First sequence of the following segment: what stands here from there on was never acknowledged.
  // Maximum: unknown.
  std::uint64_t sequence_limit = std::numeric_limits<std::uint64_t>::max();
  // No later segment of the same life of the process: the last group may be unfinished.
  bool last_of_life = true;
};

struct wal_scan {
  std::uint64_t records = 0;  // handed to the visitor
  std::uint64_t bytes = 0;
  std::uint64_t lost_bytes = 0;  // an upper bound when the end of the segment is damaged
  std::uint64_t lost_records = 0;
  std::uint64_t torn_bytes = 0;
  std::uint64_t next_sequence = 1;  // one past the last record seen

  bool damaged() const { return lost_bytes != 0 || lost_records != 0; }
};

// Looks at the whole segment once, mostly from the front to the end. Time is linear in its size for
// any contents. Hands out records from next_sequence up to the limit, with the source's owner.
// Errors: the visitor's and the source's; all records handed out before are good.
result<wal_scan> scan_wal_segment(wal_segment_source& segment, const wal_scan_context& context,
                                  const wal_visitor& visitor);
// The same for a segment that is in memory. Pure.
result<wal_scan> scan_wal_segment(std::string_view segment, const wal_scan_context& context,
                                  const wal_visitor& visitor);

}  // namespace skald
