// SPDX-License-Identifier: Apache-2.0
// Reads the WAL for those who need it: once at start, which opens the lane and replays entries into
// all shards on the way; later for a shard that died; and to restore single streams. Blocks on the
// disk and on its own flow control, hence a worker of its own; jobs run one after the other.
// Messages: recovery_open, recovery_replay, recovery_restore.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include "actors/ingester/ingester_options.h"
#include "runtime/base/clock.h"
#include "runtime/metrics/metric_registry.h"
#include "storage/file/file_system.h"
#include "storage/index/index_catalog.h"
#include "storage/object_store/object_store.h"

namespace skald {

// All must outlive the actor; `metrics` may be null.
struct recovery_setup {
  ingester_options options;
  file_system* files = nullptr;
  object_store* store = nullptr;
  index_catalog* index = nullptr;
  const clock* time = nullptr;
  metric_registry* metrics = nullptr;
};

caf::actor spawn_recovery(caf::actor_system& system, recovery_setup setup);

}  // namespace skald
