// SPDX-License-Identifier: Apache-2.0
// What the index actor takes. Local to one process.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/supervision/one_shot.h"
#include "runtime/model/chunk_ref.h"
#include "runtime/model/labels.h"

namespace skald {

// Rows for the index, of one tenant and one pack. The chunks' own pack keys are empty.
struct pack_rows {
  std::string tenant;
  std::string pack_key;
  std::vector<std::pair<stream_ptr, chunk_ref>> chunks;
};

// Adds rows; visible to look-ups when answered. Idempotent.
struct index_add {
  std::shared_ptr<const std::vector<pack_rows>> rows;
  one_shot<bool> reply;
};

// Ships finished slot files; with `all` ends the open ones first. Answers with the keys of packs
// that are still in no shipped file.
struct index_ship {
  bool all = false;
  one_shot<std::vector<std::string>> reply;
};

// The keys of packs that are in no shipped file.
struct index_unshipped {
  one_shot<std::vector<std::string>> reply;
};

// Its own timer; then to the shipper: ship what is finished, drop what is expired.
struct index_tick {};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::index_add)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::index_ship)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::index_unshipped)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::index_tick)
