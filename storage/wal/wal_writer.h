// SPDX-License-Identifier: Apache-2.0
// Appends records to one lane of the WAL: a directory of fixed-size segments that are recycled by
// renaming. Format: docs/formats/wal.md. Context: one thread (a detached actor); not thread-safe;
// sync() blocks on fdatasync. Lifetime: file_system and clock must outlive the writer. Destruction
// does not sync.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "storage/file/file_system.h"
#include "storage/wal/wal_format.h"
#include "storage/wal/wal_options.h"
#include "storage/wal/wal_replay.h"

namespace skald {

// Where a writer goes on. The default is an empty lane.
struct wal_start {
  std::uint64_t next_sequence = 1;
  std::uint64_t next_segment = 1;
  // Of the segments that exist. The writer takes a higher one when options.incarnation is not.
  std::uint64_t last_incarnation = 0;
  std::vector<wal_segment_info> segments;  // those that exist, oldest first
};

// Pass the checkpoint's sequence too: it counts when the log itself is empty or shorter.
wal_start wal_start_after(const replay_summary& replayed, std::uint64_t checkpoint_sequence = 1);

struct wal_stats {
  std::uint64_t disk_bytes = 0;  // segments and recycled files
  std::uint64_t segments = 0;    // with records that may be needed, the active one included
  std::uint64_t recycled = 0;    // files waiting for reuse
  std::uint64_t oldest_sequence =
      0;  // first record that is still on disk (or the next, when there is none)
  std::uint64_t synced_sequence = 0;  // last durable record; 0 when there is none
  std::uint64_t synced_bytes = 0;     // written with sync() since open, padding included
  std::uint64_t syncs = 0;
  std::uint64_t failed_syncs = 0;  // since open; a lane with several in a row should go read-only
  std::uint64_t consecutive_failures = 0;
};

class wal_writer {
 public:
  // Makes the directory if needed; the first segment is made by the first sync() or prepare().
  // Errors: invalid_argument for options out of bounds; those of file_system.
  static result<std::unique_ptr<wal_writer>> open(std::string directory, wal_options options,
                                                  file_system& files, const clock& time,
                                                  wal_start start);
  ~wal_writer();
  wal_writer(const wal_writer&) = delete;
  wal_writer& operator=(const wal_writer&) = delete;

  // Buffers one record whose body is all parts, one behind the other, copied before it returns. The
  // body will lie at an 8-byte aligned offset. Returns its sequence: 1-based, one more per record
  // over the life of the lane. Nothing is durable until sync() succeeds. The buffer has no bound of
  // its own: sync when pending_bytes() reaches the group cap. Errors: invalid_argument when the
  // record cannot fit into a segment; resource_exhausted for `entries` while the disk is too full
  // (other types are still taken, they are what frees space).
  result<std::uint64_t> append(wal_record_type type, std::uint32_t shard,
                               std::span<const std::string_view> parts);
  // Stored bytes of records that are not durable yet.
  std::uint64_t pending_bytes() const;

  // Writes all buffered records and makes them durable: one write and one fdatasync (more only when
  // they do not fit into what is left of the segment). On an error the segment is abandoned for
  // good; records up to synced_sequence() are durable, the others stay buffered: call sync() again
  // to write them into a fresh segment, or discard_pending(). Errors: resource_exhausted when the
  // disk is full, else unavailable.
  result<void> sync();
  std::uint64_t synced_sequence() const;
  // Forgets buffered records, which must be answered with an error. Their sequences are given out
  // again.
  void discard_pending();

  // No record below `sequence` is needed any more. Segments wholly below are renamed into the pool,
  // or deleted when it is full. The last segment stays.
  result<void> release_below(std::uint64_t sequence);

  // Zero-fills at most `bytes_max` in front of the write position and makes the next segment's
  // file. Call it while nothing waits for a sync. Returns whether work is left. Optional: without
  // it, syncs cost more.
  result<bool> prepare(std::uint64_t bytes_max);

  // Whether `entries` are refused now. Looks at the file system at most each disk_check_interval.
  bool disk_full();
  wal_stats stats() const;

 private:
  class implementation;
  explicit wal_writer(std::unique_ptr<implementation> state);
  std::unique_ptr<implementation> state_;
};

}  // namespace skald
