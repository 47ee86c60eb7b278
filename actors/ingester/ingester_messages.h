// SPDX-License-Identifier: Apache-2.0
// Messages between the ingester's own actors: root, shards, recovery, flusher, index.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/ingester/ingester_interface.h"
#include "actors/ingester/push_job.h"
#include "actors/ingester/shard_core.h"
#include "actors/ingester/stream_messages.h"
#include "actors/io/index_messages.h"
#include "storage/wal/wal_writer.h"

namespace skald {

// --- root -> shard -------------------------------------------------------------------------------

// Judge your part of the job; the last shard sends it to the WAL.
struct admit_push {
  push_job_ptr job;
};
struct shard_read {
  std::shared_ptr<const read_request> request;
  gather<ingester_snapshot>::ticket ticket;
};
struct shard_streams {
  std::shared_ptr<const streams_request> request;
  gather<unflushed_streams>::ticket ticket;
};
// The flush is in packs and in the index.
struct shard_drop_sealed {
  std::uint64_t flush_id = 0;
};
// The shard's own timer.
struct shard_tick {};

// --- shard -> root -------------------------------------------------------------------------------

// The replay given to this shard has been committed: pushes may come.
struct shard_ready {
  std::uint32_t shard = 0;
  std::uint64_t life = 0;
};
// A new life of a shard is attached to the WAL: what it gets from there begins behind `sequence`.
struct shard_attached {
  std::uint32_t shard = 0;
  std::uint64_t life = 0;
  std::uint64_t sequence = 0;
};
struct shard_sealed {
  std::uint32_t shard = 0;
  std::uint64_t life = 0;
  sealed_set_ptr set;
};
// Why a flush begins, as in Loki where it knows the reason.
enum class flush_reason : std::uint8_t { budget, age, forced, pressure };
// Unflushed bytes, their age or a full disk call for a flush.
struct flush_due {
  flush_reason reason = flush_reason::budget;
};

// --- streams -> shard (by gather) ----------------------------------------------------------------

struct shard_parts_arrived {
  std::uint64_t flush_id = 0;
  std::vector<sealed_part> parts;
  std::size_t failed = 0;
};

// --- recovery worker -----------------------------------------------------------------------------

// Reads checkpoint and WAL, gives the shards all entries that are in no pack, opens the writer,
// adds rows of unshipped packs to the index. When the log cannot be read, it is tried again a few
// times; meanwhile the shards get restore_stalled.
struct recovery_open {
  caf::actor reply_to;         // also of replay_progress
  std::uint32_t failures = 0;  // attempts before this one
  std::vector<std::pair<std::uint32_t, caf::actor>> shards;
};
struct recovery_opened {
  result<bool> outcome = true;
  std::shared_ptr<wal_writer> writer;  // null without WAL
  std::uint64_t next_sequence = 1;
  flush_progress progress;
  std::string note;  // damage, for people
  // They were given entries that are in packs, as damage hid that: to be replaced and replayed.
  std::vector<std::uint32_t> stale_shards;
};
// recovery -> shard, at a start, before any entries: those up to here are in packs.
struct replay_begun {
  std::uint64_t flushed_through = 0;
};
// root -> shard, at a start: you have got everything, and this is the WAL.
struct shard_opened {
  caf::actor wal;
  std::uint64_t flushed_through = 0;  // known by now
};

// The log cannot be read or a file for people not be written: so many jobs wait to be tried again,
// and flushes wait for them. To the root, at every change.
struct recovery_stalled {
  std::size_t jobs = 0;
  std::string why;
};

// Hands entries (after `after` and up to `through`) of one shard's or of all shards' streams to
// them, without those that are in packs by `progress`; then replay_finished to each. When the log
// cannot be read, it is tried again until it can; meanwhile the shards get restore_stalled.
struct recovery_replay {
  bool at_start = false;       // of the node: shards that were stale or died meanwhile
  std::uint32_t failures = 0;  // attempts before this one
  std::uint64_t after = 0;
  std::uint64_t through = 0;
  flush_progress progress;
  std::vector<std::pair<std::uint32_t, caf::actor>> shards;
  caf::actor progress_to;
};
// To the root, now and then.
struct replay_progress {
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
};
struct replay_entries {
  durable_frame_ptr frame;
  std::vector<std::uint32_t> slices;
  std::shared_ptr<const std::vector<row_drop>> drops;
  std::shared_ptr<const void> hold;  // flow control: let go when committed
};
struct replay_finished {
  result<bool> outcome = true;
};
// The replay (row: no_restored_row) or the restoring of a stream makes no progress for now: answer
// reads with an error.
inline constexpr std::uint32_t no_restored_row = UINT32_MAX;
struct restore_stalled {
  std::uint32_t row = no_restored_row;
  std::uint64_t life = 0;
};

// One stream's entries after `after` and up to `through`, to its shard; then restore_finished or
// stream_kept. Tried again until it succeeds, as recovery_replay is.
struct recovery_restore {
  std::uint32_t failures = 0;  // attempts before this one
  caf::actor shard;
  std::uint32_t row = 0;
  std::uint64_t life = 0;  // of the stream; comes back unchanged
  std::string tenant;
  stream_fingerprint fingerprint;
  std::uint64_t after = 0;
  std::uint64_t through = 0;
  // Instead of sending them: keep the entries in a file for people, as the stream is given up.
  bool quarantine = false;
};
// The entries of a quarantined stream up to `through` are durable in a file.
struct stream_kept {
  std::uint32_t row = 0;
  std::uint64_t through = 0;
};
struct restored_run {
  std::uint32_t row = 0;
  std::uint64_t life = 0;
  std::vector<slice_ref> slices;
  std::shared_ptr<const void> hold;
};
struct restore_finished {
  std::uint32_t row = 0;
  std::uint64_t life = 0;
  result<bool> outcome = true;
};

// --- flusher -------------------------------------------------------------------------------------

struct build_packs {
  std::uint32_t shard = 0;
  sealed_set_ptr set;
  caf::actor reply_to;
};
struct packs_built {
  std::uint32_t shard = 0;
  std::uint64_t flush_id = 0;
  result<bool> outcome = true;
  flushed_record record;
  std::shared_ptr<const std::vector<pack_rows>> rows;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::admit_push)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shard_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shard_streams)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shard_drop_sealed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shard_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shard_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shard_attached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shard_sealed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shard_parts_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::recovery_open)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::recovery_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::replay_begun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shard_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::recovery_replay)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::replay_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::replay_entries)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::replay_finished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::recovery_stalled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::restore_stalled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::recovery_restore)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::stream_kept)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::restored_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::restore_finished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::build_packs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::packs_built)
