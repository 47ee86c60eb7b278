// SPDX-License-Identifier: Apache-2.0
// The only writer of this node's index_catalog: adds the rows of new packs. A child of its own, the
// shipper, ends slot files and carries them to the object store; requests for that pass through
// here, behind the rows that came before them. Blocks on disk, hence detached (not in deterministic
// tests). Look-ups do not come here: the catalog serves them on any thread.
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
