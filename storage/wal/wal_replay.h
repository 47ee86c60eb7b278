// SPDX-License-Identifier: Apache-2.0
// Reads a lane back. Damage never stops it: records whose checksum is wrong are counted, their
// segment is copied to <lane>/quarantine/, and reading goes on at the next valid record. A segment
// that cannot be read at all does stop it. Format and rules: docs/formats/wal.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "storage/file/file_system.h"
#include "storage/wal/wal_format.h"

namespace skald {

struct wal_record {
  wal_record_type type = wal_record_type::entries;
  std::uint32_t shard = 0;
  std::uint64_t sequence = 0;
  // Starts at an 8-byte aligned address. Valid during the visitor's call, and where there is an
  // owner as long as a copy of that is held: it keeps some 4 MiB of the log in memory.
  std::string_view body;
  std::shared_ptr<const void> owner;
};

struct wal_segment_info {
  std::uint64_t segment = 0;
  std::uint64_t first_sequence = 0;
  std::uint64_t file_bytes = 0;
  friend bool operator==(const wal_segment_info&, const wal_segment_info&) = default;
};

struct replay_summary {
  std::uint64_t records = 0;  // handed to the visitor
  std::uint64_t bytes = 0;    // their bodies
  // Damage: bytes of records that were durable once and cannot be read, and how many sequences are
  // missing (0 when unknown). May be acknowledged data.
  std::uint64_t lost_bytes = 0;
  std::uint64_t lost_records = 0;
  // The unfinished last group of a life of the process: normal after a crash.
  std::uint64_t torn_bytes = 0;
  std::vector<std::uint64_t> quarantined_segments;  // copied in this run or an earlier one
  std::uint64_t last_sequence = 0;  // at least from_sequence - 1; 0: the lane is empty
  std::uint64_t next_segment = 1;
  std::uint64_t last_incarnation = 0;
  std::vector<wal_segment_info> segments;  // all that exist, oldest first, for the writer
};

struct replay_options {
  std::uint32_t lane = 0;
  // Records below this are not handed out, segments wholly below not read. From the checkpoint.
  std::uint64_t from_sequence = 1;
  // A segment that cannot be opened or read is not damaged as far as anybody knows: the replay ends
  // with that error, and the caller tries again. On, for a start that has tried long enough: I/O
  // errors (unavailable) count as damage, and what can be read is handed out.
  bool unreadable_is_damage = false;
  // Called now and then with bytes looked at and bytes in all.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};

// In order of sequence, each sequence at most once. An error of the visitor ends the replay with
// that error.
using wal_visitor = std::function<result<void>(const wal_record&)>;

// Blocks; reads each segment once, front to end, some 4 MiB at a time. An absent directory is an
// empty lane.
// Errors: the visitor's; those of the file system when the directory cannot be listed or a segment
// cannot be opened or read (see options.unreadable_is_damage). All records visited before the error
// are good: go on behind the last of them.
result<replay_summary> wal_replay(const std::string& directory, file_system& files,
                                  const wal_visitor& visitor, const replay_options& options = {});

}  // namespace skald
