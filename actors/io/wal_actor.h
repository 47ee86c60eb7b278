// SPDX-License-Identifier: Apache-2.0
// The only writer of a WAL lane. Group commit without a gather window: the first record that finds
// nothing under way makes the actor send itself `commit`; what is in the mailbox before that joins
// the group, and while the group is being synced the next one collects. One write, one sync, then
// one message per shard.
// Context: detached (it blocks on fdatasync); undetached in deterministic tests.
// Failure: a group whose sync failed is written once more, into a fresh segment; if that fails too,
// its records are answered with the error. After failed_groups_max such groups in a row the lane is
// read-only until restart. A full disk refuses records before anything is acknowledged.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <memory>
#include <string>

#include "runtime/metrics/metric_registry.h"
#include "storage/file/file_system.h"
#include "storage/wal/wal_writer.h"

namespace skald {

struct wal_actor_options {
  // Null: nothing is logged, records are acknowledged from memory and numbered from next_sequence.
  std::shared_ptr<wal_writer> writer;
  std::uint64_t next_sequence = 1;  // of the first record; the writer's wal_start has it
  std::string directory;            // of the lane, for checkpoints
  file_system* files = nullptr;     // may be null without a writer
  // A group is written when it has this many bytes, 64 KiB to 64 MiB.
  std::uint64_t group_bytes_max = 8ull << 20;
  std::uint32_t failed_groups_max = 3;
  // Zero-filling per idle turn.
  std::uint64_t prepare_step_bytes = 1ull << 20;
  metric_registry* metrics = nullptr;
  bool detached = true;
};

// `options.files` and `options.metrics` must outlive the actor.
caf::actor spawn_wal_actor(caf::actor_system& system, wal_actor_options options);

}  // namespace skald
