// SPDX-License-Identifier: Apache-2.0
// The only writer of this node's index_catalog, and its carrier to the object store: adds rows of
// new packs, ends slot files, uploads them as index/<table>/raw/<name>, and drops expired files.
// Blocks on disk and store, hence detached (not in deterministic tests). Look-ups do not come here:
// the catalog serves them on any thread. A failed upload is tried again at the next tick; the rows
// are safe until then, since the WAL's checkpoint names their packs.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <chrono>

#include "runtime/base/clock.h"
#include "runtime/metrics/metric_registry.h"
#include "storage/index/index_catalog.h"
#include "storage/object_store/object_store.h"

namespace skald {

// All must outlive the actor; `metrics` may be null.
struct index_actor_setup {
  index_catalog* index = nullptr;
  object_store* store = nullptr;
  const clock* time = nullptr;
  metric_registry* metrics = nullptr;
  std::chrono::nanoseconds ship_interval = std::chrono::minutes(1);
  bool detached = true;
};

caf::actor spawn_index_actor(caf::actor_system& system, index_actor_setup setup);

}  // namespace skald
