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
  // A frame is closed before an entry that would make it larger than this; one with a single entry
  // may be. Larger frames cost less per entry, smaller ones are acknowledged sooner.
  std::size_t frame_bytes_max = 2u << 20;
  // What an entry may have, whatever the tenant's limits say: every entry that is acknowledged must
  // fit into a frame, a WAL record and a pack. Bytes of the line; ...
  std::size_t line_bytes_max = 16u << 20;
  // ... of names and values of the structured metadata as sent, `detected_level` included; ...
  std::size_t metadata_bytes_max = 8u << 20;
  // ... and its pairs.
  std::size_t metadata_pairs_max = 65'535;
};

}  // namespace skald
