// SPDX-License-Identifier: Apache-2.0
// Places where tests make an ingester fail. Passed in per system under test; null in production.
#pragma once

#include <caf/actor.hpp>
#include <functional>
#include <memory>
#include <string_view>

#include "actors/ingester/slice_ref.h"

namespace skald {

struct ingester_hooks {
  // Called by a chunk buffer before it takes rows; may throw.
  std::function<void(const slice_ref&)> before_append;
  // Called for each child that is started: "shard", "stream", "chunk_buffer", "wal", ...
  std::function<void(std::string_view kind, const caf::actor& child)> spawned;
  // Called before each durable step of a flush ("put", "record", "index", "drop", "checkpoint").
  // False: stop there, as if the process had died.
  std::function<bool(std::string_view step)> before_step;
};
using ingester_hooks_ptr = std::shared_ptr<const ingester_hooks>;

inline void tell_spawned(const ingester_hooks_ptr& hooks, std::string_view kind,
                         const caf::actor& child) {
  if (hooks && hooks->spawned) hooks->spawned(kind, child);
}

}  // namespace skald
