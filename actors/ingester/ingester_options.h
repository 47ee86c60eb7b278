// SPDX-License-Identifier: Apache-2.0
// Settings of the ingester. All need a restart to change.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>

#include "actors/supervision/restart_policy.h"
#include "storage/chunk/pack_writer.h"
#include "storage/wal/wal_options.h"

namespace skald {

struct ingester_options {
  using duration = std::chrono::nanoseconds;

  // Names this node in pack keys: [A-Za-z0-9._-], at most 100 bytes.
  std::string node = "skald";
  // Number of this life of the process, higher at every start (wall clock in ns will do). 0: take
  // it from the clock.
  std::uint64_t incarnation = 0;
  // Shards share the streams by fingerprint; each is one actor. 1 to 64. About one per core.
  std::uint32_t shards = 2;

  // Loki's ingester.wal.enabled. Off: acknowledged means in memory; a crash loses what is
  // unflushed.
  bool wal_enabled = true;
  std::string wal_directory = "wal";
  wal_options wal;
  std::uint64_t wal_group_bytes_max = 8ull << 20;
  // Frames between admission and their group's sync. Over it pushes wait at most `wal_wait`, then
  // are refused with unavailable. 1 MiB to 1 GiB.
  std::uint64_t wal_waiting_bytes_max = 16ull << 20;
  duration wal_wait = std::chrono::seconds(2);
  // Pushes that wait, together. More are refused at once.
  std::uint64_t queued_bytes_max = 64ull << 20;

  // A flush begins when this many bytes are unflushed; with many streams at up to twice the amount,
  // so that a stream's share of a flush is worth its index entry. At twice that amount pushes wait
  // for the flush, at most `wal_wait`, then they are refused with unavailable. The node gives
  // min(64 MiB, memory limit / 10).
  std::uint64_t unflushed_bytes_max = 64ull << 20;
  // Unflushed bytes per stream that a flush waits for within these bounds.
  std::uint64_t flush_bytes_per_stream = 2048;
  // ... or when the oldest unflushed entry has waited this long.
  duration flush_age = std::chrono::minutes(15);
  // Waits between attempts at a failed flush step: doubled from min to max.
  duration flush_retry_min = std::chrono::seconds(1);
  duration flush_retry_max = std::chrono::minutes(1);
  bool flush_on_shutdown = true;
  duration shutdown_timeout = std::chrono::seconds(60);
  pack_writer_options pack;

  // Loki's max_chunk_age; entries are accepted up to half of it behind their stream's newest.
  duration max_chunk_age = std::chrono::hours(2);
  // Entries of one stream's refusal that are listed in the answer. 0 lists all.
  std::uint32_t max_returned_stream_errors = 10;
  // A stream without entries for so long and nothing unflushed is forgotten.
  duration stream_idle = std::chrono::minutes(30);

  // A push frame is kept in memory until its rows are flushed, instead of being copied from, when
  // it takes at most so many times the memory of exact copies. Copies that grow take 1.2 times
  // that, and the CPU of copying. 0: always copy.
  double held_frame_factor = 1.75;
  // Committed slices go to their stream for a read or a flush, or at this many pending bytes, ...
  std::uint32_t hand_over_bytes = 8192;
  // ... of frames that are kept at this many. ...
  std::uint32_t hand_over_held_bytes = 64 << 10;
  // ... Those of other frames also when such frames reach this (per node), or at the tick.
  std::uint64_t pinned_bytes_max = 40ull << 20;
  duration tick = std::chrono::seconds(1);
  // Bytes handed to streams and not yet copied by their buffers (per shard), without those of
  // frames that are kept. Over it pushes to the shard are refused with unavailable.
  std::uint64_t backlog_bytes_max = 64ull << 20;
  // Frames that the replay may have on their way into the shards. 0: no bound, for tests on one
  // thread.
  std::uint64_t replay_bytes_max = 8ull << 20;

  // How often new index files go to the object store.
  duration index_ship_interval = std::chrono::minutes(1);

  supervision_options stream_supervision{{3, std::chrono::seconds(60)},
                                         {100, std::chrono::seconds(60)}};
  supervision_options shard_supervision;
  // Workers that block run on threads of their own. Off in deterministic tests only.
  bool detached_workers = true;
};

// Unflushed bytes at which a flush begins, given the streams of the node.
inline std::int64_t flush_trigger_bytes(const ingester_options& options, std::int64_t streams) {
  const auto budget = static_cast<std::int64_t>(options.unflushed_bytes_max);
  return std::clamp(streams * static_cast<std::int64_t>(options.flush_bytes_per_stream), budget,
                    2 * budget);
}

// Unflushed bytes at which pushes wait for the flush under way.
inline std::int64_t unflushed_ceiling_bytes(const ingester_options& options, std::int64_t streams) {
  return 2 * flush_trigger_bytes(options, streams);
}

// Bytes of held frames at which they do: frames are larger than their rows, and are freed only when
// all shards have flushed.
inline std::int64_t held_ceiling_bytes(const ingester_options& options, std::int64_t streams) {
  return unflushed_ceiling_bytes(options, streams) * 3 / 2;
}

}  // namespace skald
