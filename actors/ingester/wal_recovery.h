// SPDX-License-Identifier: Apache-2.0
// The reading of checkpoint and log: all of it at a start, entries for those who need them again
// later. Blocking functions without actors; used by recovery_actor.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "actors/ingester/flush_records.h"
#include "runtime/base/clock.h"
#include "storage/file/file_system.h"
#include "storage/index/index_catalog.h"
#include "storage/object_store/object_store.h"
#include "storage/wal/wal_options.h"
#include "storage/wal/wal_replay.h"
#include "storage/wal/wal_writer.h"

namespace skald {

struct read_frame {
  std::uint64_t sequence = 0;
  push_frame_ptr frame;
  std::vector<row_drop> drops;
};

// Who takes what a start reads, in order of the log.
class wal_start_visitor {
 public:
  virtual ~wal_start_visitor() = default;
  // Entries of that shard up to that sequence are in packs. Before any frame: what the checkpoint
  // and a look ahead tell. Later: what they did not tell, behind the frames it speaks of.
  virtual void flushed(std::uint32_t shard_count, std::uint32_t shard, std::uint64_t sequence) = 0;
  // All that is known in advance has been told.
  virtual void begin() = 0;
  // Frames up to here are not wanted, nor looked at.
  virtual std::uint64_t skip_through() const = 0;
  virtual void take(read_frame frame) = 0;
};

struct opened_wal {
  std::unique_ptr<wal_writer> writer;
  std::uint64_t next_sequence = 1;
  std::vector<std::string> packs;  // flushed, maybe in no shipped index file
  std::uint64_t damaged = 0;       // entries records whose contents are wrong, passed over
  std::string note;                // damage found, for people; empty when there is none
};

// Reads the checkpoint, looks ahead for flushed records, then reads the log once and hands
// everything that is not in packs for all shards to `out`; opens the writer behind the last record.
// A damaged checkpoint without a good former one is done without, and noted. A segment that cannot
// be read is an error, or with `unreadable_is_damage` noted as damage. Errors: those of the file
// system; unimplemented for a checkpoint of a later version. After an error it may be called again
// with the same visitor, who must skip what it has.
struct wal_opening {
  std::string directory;
  wal_options options;
  bool unreadable_is_damage = false;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};
result<opened_wal> open_wal(wal_opening what, file_system& files, const clock& time,
                            wal_start_visitor& out);

// Adds the rows of these packs to the index, reading each pack's directory. Idempotent. A pack that
// is gone (compacted, so it was shipped once) is passed over, a damaged one is too and counted in
// the result. Errors: those of store and index.
result<std::uint64_t> index_packs(const std::vector<std::string>& pack_keys, object_store& store,
                                  index_catalog& index);

struct frame_reading {
  std::string directory;
  std::uint32_t lane = 0;
  std::uint64_t after = 0;
  std::uint64_t through = 0;
  bool unreadable_is_damage = false;  // as in replay_options
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};
struct frames_read {
  // All records up to here were read, also when it ended with an error: go on behind it.
  std::uint64_t reached = 0;
  std::uint64_t damaged = 0;  // records whose contents are wrong
  std::uint64_t missing = 0;  // behind the first one read, that the log does not have any more
};

// Calls `take` with every entries record with after < sequence <= through, in order, and adds to
// `out`. Damaged and missing records are passed over. Errors: those of `take`; the file system's
// when a segment cannot be read, which says nothing about the records in it: try again.
result<void> read_frames(const frame_reading& what, file_system& files,
                         const std::function<result<void>(read_frame)>& take, frames_read& out);

}  // namespace skald
