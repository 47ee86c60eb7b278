// SPDX-License-Identifier: Apache-2.0
// Drives flushes: one round at a time over all shards (flush_rounds has the states), each step
// durable before the next begins, each tried again until it succeeds:
//   seal at one WAL sequence -> packs into the object store -> flushed record in the WAL (commit
//   point) -> rows into the index -> shards drop their buffers -> checkpoint, WAL released.
// A crash between any two steps loses nothing and shows nothing twice: before the record the
// entries come back by replay and the packs are in no index; after it the entries are skipped and
// the packs' rows are added again from their directories.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <chrono>
#include <cstdint>
#include <memory>

#include "actors/ingester/flush_records.h"
#include "actors/ingester/ingester_hooks.h"
#include "actors/ingester/ingester_messages.h"
#include "actors/ingester/ingester_options.h"
#include "actors/ingester/node_state.h"
#include "runtime/base/clock.h"
#include "runtime/metrics/metric_registry.h"
#include "storage/file/file_system.h"
#include "storage/object_store/object_store.h"

namespace skald {

// The shard takes part in flushes from now on.
struct flush_shard_up {
  std::uint32_t shard = 0;
  std::uint64_t life = 0;
  caf::actor handle;
};
// The shard died. Answered by flush_shard_released, when its flush under way is settled.
struct flush_shard_down {
  std::uint32_t shard = 0;
};
struct flush_shard_released {
  std::uint32_t shard = 0;
  std::uint64_t flushed_through = 0;
  std::uint64_t flushes_done = 0;  // the shard's flushes up to here are over
  flush_progress progress;
};
// To the root: a round begins; all its shards are done or gone.
struct flush_round_begun {};
struct flush_round_over {
  std::int64_t bytes = 0;  // 0 when something failed or a shard did not take part to the end
  std::chrono::nanoseconds took{0};
};
// Flush if asked, ship the whole index, write the last checkpoint.
struct flush_finish {
  bool flush = true;
  one_shot<bool> reply;
};

// Pointers must outlive the actor; `metrics` and `hooks` may be null.
struct flush_setup {
  ingester_options options;
  std::shared_ptr<node_state> node;
  caf::actor root;
  caf::actor wal;
  caf::actor index;
  flush_progress progress;  // as recovered
  object_store* store = nullptr;
  file_system* files = nullptr;
  const clock* time = nullptr;
  metric_registry* metrics = nullptr;
  ingester_hooks_ptr hooks;
};

// Takes flush_request, flush_due, shard_sealed, packs_built and those above.
caf::actor spawn_flush_actor(caf::actor_system& system, flush_setup setup);

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_shard_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_shard_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_shard_released)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_round_begun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_round_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_finish)
