// SPDX-License-Identifier: Apache-2.0
// What a shard says to its streams, and a stream to its chunk buffers.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <cstdint>
#include <memory>
#include <vector>

#include "actors/ingester/head_snapshot.h"
#include "actors/ingester/node_state.h"
#include "actors/ingester/slice_ref.h"
#include "actors/supervision/join.h"
#include "runtime/model/time_range.h"

namespace skald {

// All buffers of one stream, as they were sealed.
struct sealed_part {
  std::uint32_t row = 0;
  std::uint32_t life = 0;  // of the stream
  std::vector<head_snapshot_ptr> pieces;
};
using seal_gather = gather<sealed_part>;
using snapshot_gather = gather<head_snapshot_ptr>;

// shard -> stream: committed rows, in order. `hold` counts what buffers will copy against the
// shard's backlog until they have; null when that is nothing.
struct stream_run {
  std::vector<slice_ref> slices;
  std::shared_ptr<const byte_hold> hold;
};
// shard -> stream: take the last rows, end all open buffers and report them as one part.
struct stream_seal {
  std::uint32_t row = 0;
  std::uint32_t life = 0;
  seal_gather::ticket ticket;
  std::vector<slice_ref> slices;
  std::shared_ptr<const byte_hold> hold;
};
// shard -> stream: report every buffer with rows in the range. The stream issues a ticket per
// buffer.
struct stream_snapshot {
  time_range range;
  reader_form form = reader_form::in_frames;
  std::shared_ptr<snapshot_gather> target;
  snapshot_gather::ticket duty;
};

// stream -> chunk buffer.
struct buffer_add {
  std::vector<slice_ref> slices;
  std::shared_ptr<const byte_hold> hold;
};
struct buffer_seal {
  std::uint32_t row = 0;
  std::uint32_t life = 0;
  seal_gather::ticket ticket;
};
struct buffer_snapshot {
  time_range range;
  reader_form form = reader_form::in_frames;
  snapshot_gather::ticket ticket;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::stream_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::stream_seal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::stream_snapshot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::buffer_add)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::buffer_seal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::buffer_snapshot)
