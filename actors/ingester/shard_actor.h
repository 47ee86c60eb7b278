// SPDX-License-Identifier: Apache-2.0
// A shard: owns the admission rows of its streams, commits what the WAL has made durable and hands
// it to the streams in runs, gathers reads and seals. Supervises its streams: a dead one is
// restored from the WAL while the others go on; one that dies too often is quarantined; too many
// deaths in all end the shard, which its own supervisor restarts by replay. Decisions are in
// shard_core. Messages: actors/ingester/ingester_messages.h, actors/io/wal_messages.h.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <functional>
#include <memory>

#include "actors/ingester/ingester_hooks.h"
#include "actors/ingester/ingester_options.h"
#include "actors/ingester/node_state.h"
#include "runtime/base/clock.h"
#include "runtime/limits/limits_snapshot.h"
#include "runtime/metrics/metric_registry.h"

namespace skald {

struct shard_setup {
  std::uint32_t shard = 0;
  std::uint64_t life = 0;  // tells messages of an earlier life of the shard apart
  ingester_options options;
  std::shared_ptr<node_state> node;
  caf::actor root;
  caf::actor wal;  // null at a start: comes with shard_opened
  caf::actor recovery;
  // Entries up to here are in packs, and flushes up to here are over.
  std::uint64_t flushed_through = 0;
  std::uint64_t flushes_done = 0;
  const limits_source* limits = nullptr;
  // This node's part of a tenant's streams: replication factor / ingesters. Null: all.
  std::function<double()> stream_share;
  const clock* time = nullptr;
  metric_registry* metrics = nullptr;  // may be null
  ingester_hooks_ptr hooks;
};

// A new shard refuses pushes until it got replay_finished or shard_opened. The pointers must
// outlive it.
caf::actor spawn_shard(caf::actor_system& system, shard_setup setup);

}  // namespace skald
