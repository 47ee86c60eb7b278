// SPDX-License-Identifier: Apache-2.0
// What a start finds out from checkpoint and log before any entry is replayed, and the reading of
// entries. Blocking functions without actors; used by recovery_actor.
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

struct opened_wal {
  std::unique_ptr<wal_writer> writer;
  std::uint64_t next_sequence = 1;
  flush_progress progress;
  std::vector<std::string> packs;  // flushed, maybe in no shipped index file
  std::string note;                // damage found, for people; empty when there is none
};

// Reads the checkpoint and all flushed records, then opens the writer behind the last record.
// A damaged checkpoint without a good former one is done without, and noted. Errors: those of the
// file system; unimplemented for a checkpoint of a later version.
result<opened_wal> open_wal(const std::string& directory, wal_options options, file_system& files,
                            const clock& time);

// Adds the rows of these packs to the index, reading each pack's directory. Idempotent. A pack that
// is gone (compacted, so it was shipped once) is passed over, a damaged one is too and counted in
// the result. Errors: those of store and index.
result<std::uint64_t> index_packs(const std::vector<std::string>& pack_keys, object_store& store,
                                  index_catalog& index);

// Calls `take` with every entries record with after < sequence <= through, in order. Damaged frames
// are passed over and counted in `damaged`.
struct read_frame {
  std::uint64_t sequence = 0;
  push_frame_ptr frame;
  std::vector<row_drop> drops;
};
struct frame_reading {
  std::string directory;
  std::uint32_t lane = 0;
  std::uint64_t after = 0;
  std::uint64_t through = 0;
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};
result<void> read_frames(const frame_reading& what, file_system& files,
                         const std::function<result<void>(read_frame)>& take,
                         std::uint64_t& damaged);

}  // namespace skald
