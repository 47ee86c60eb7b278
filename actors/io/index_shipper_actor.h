// SPDX-License-Identifier: Apache-2.0
// Carries finished index files to the object store as index/<table>/raw/<name>, and drops expired
// ones. Apart from the index actor, so that adding rows never waits for an upload: a flush that
// waits makes pushes wait. Blocks on disk and store, hence detached (not in deterministic tests).
// Files are moved piece by piece. A failed upload is tried again at the next tick; the rows are
// safe until then, since the WAL's checkpoint names their packs. Takes index_ship. Owned and
// restarted by the index actor; it has no state of its own.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include "actors/io/index_actor.h"

namespace skald {

caf::actor spawn_index_shipper(caf::actor_system& system, index_actor_setup setup);

}  // namespace skald
