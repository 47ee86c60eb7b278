// SPDX-License-Identifier: Apache-2.0
// The two leaf actors that exist per stream. A stream takes its shard's runs in order and spreads
// them over chunk buffers, one per open chunk (time bucket: the day of the entry time). A chunk
// buffer owns the columns under construction. Stream and buffers are linked: they die together, and
// the shard restores both from the WAL.
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include "actors/ingester/ingester_hooks.h"
#include "actors/ingester/stream_messages.h"
#include "runtime/model/labels.h"

namespace skald {

// Takes stream_run, stream_seal, stream_snapshot.
caf::actor spawn_stream(caf::actor_system& system, stream_ptr stream, ingester_hooks_ptr hooks);

// Takes buffer_add, buffer_seal (after which it ends normally), buffer_snapshot.
caf::actor spawn_chunk_buffer(caf::actor_system& system, stream_ptr stream, std::int64_t day,
                              ingester_hooks_ptr hooks);

}  // namespace skald
