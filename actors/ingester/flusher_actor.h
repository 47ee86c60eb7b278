// SPDX-License-Identifier: Apache-2.0
// Builds and uploads packs, one sealed set after the other: processor time and blocking I/O, hence
// a worker of its own. Message: build_packs, answered by packs_built.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include "actors/ingester/ingester_hooks.h"
#include "actors/ingester/ingester_options.h"
#include "runtime/base/clock.h"
#include "runtime/metrics/metric_registry.h"
#include "storage/file/file_system.h"
#include "storage/object_store/object_store.h"

namespace skald {

// All must outlive the actor; `metrics` and `hooks` may be null.
struct flusher_setup {
  ingester_options options;
  object_store* store = nullptr;
  file_system* files = nullptr;
  const clock* time = nullptr;
  metric_registry* metrics = nullptr;
  ingester_hooks_ptr hooks;
};

caf::actor spawn_flusher(caf::actor_system& system, flusher_setup setup);

}  // namespace skald
