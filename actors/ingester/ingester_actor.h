// SPDX-License-Identifier: Apache-2.0
// Root of the ingester: starts and supervises WAL, recovery, index, flush and shards; routes pushes
// and reads; bounds what is on its way into the WAL. Its message interface is ingester_interface.h.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <functional>

#include "actors/ingester/ingester_hooks.h"
#include "actors/ingester/ingester_interface.h"
#include "actors/ingester/ingester_options.h"
#include "runtime/base/clock.h"
#include "runtime/limits/limits_snapshot.h"
#include "runtime/metrics/metric_registry.h"
#include "storage/file/file_system.h"
#include "storage/index/index_catalog.h"
#include "storage/object_store/object_store.h"

namespace skald {

// All must outlive the actor system. The index catalog is written by the ingester only; anybody may
// look up in it.
struct ingester_dependencies {
  file_system* files = nullptr;
  object_store* store = nullptr;
  index_catalog* index = nullptr;
  const limits_source* limits = nullptr;
  const clock* time = nullptr;
  metric_registry* metrics = nullptr;    // may be null
  std::function<double()> stream_share;  // replication factor / live ingesters; null: 1
  ingester_hooks_ptr hooks;              // tests only
};

// Opens and replays the WAL in the background; see status_request. When a part fails beyond what
// its supervisor may restart, the phase is `failed` and the actor keeps answering errors: the node
// has to stop. Ends after shutdown_request, or on an exit message without saving anything.
caf::actor spawn_ingester(caf::actor_system& system, ingester_options options,
                          ingester_dependencies dependencies);

}  // namespace skald
