// SPDX-License-Identifier: Apache-2.0
// Settings of the distributor. Changing one needs a restart; limits of tenants are in
// runtime/limits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skald {

struct distributor_options {
  // Shards of the receiving ingester: a stream's shard is shard_of(fingerprint, shards). At
  // least 1.
  std::uint32_t shards = 1;
  // Memory of one label cache (one an io thread). Less: labels are parsed more often; more: no gain
  // once all active streams fit (about 600 bytes each).
  std::size_t label_cache_bytes_max = 16u << 20;
  // A frame is closed when it takes about this. Larger frames cost less per entry, smaller ones are
  // acknowledged sooner.
  std::size_t frame_bytes_max = 2u << 20;
  // Longest line, and most structured metadata of one entry, whatever the tenant's limits say: one
  // entry must fit into one frame and one WAL record.
  std::size_t entry_bytes_max = 16u << 20;
};

}  // namespace skald
