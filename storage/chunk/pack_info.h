// SPDX-License-Identifier: Apache-2.0
// Who wrote a pack, and what all of it holds. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace skald {

// Given by the writer's caller and kept in the pack.
struct pack_identity {
  std::string tenant;  // at most 150 bytes
  // Which node wrote it, at most 255 bytes: together with flush_id it tells a flush that was
  // repeated after a crash.
  std::string origin;
  std::uint64_t flush_id = 0;
  // Orders packs by arrival: of rows with equal timestamps those of the lower sequence came first.
  std::uint64_t flush_sequence = 0;
  friend bool operator==(const pack_identity&, const pack_identity&) = default;
};

struct pack_info {
  pack_identity identity;
  std::uint64_t segments = 0;
  std::uint64_t chunks = 0;
  std::uint64_t rows = 0;
  std::uint64_t line_bytes = 0;  // without newlines
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;  // closed
  friend bool operator==(const pack_info&, const pack_info&) = default;
};

// `packs/<tenant>/<day number>/<origin>-<flush id in 16 hex digits>.skp`: unique per flush, and the
// same when a flush is repeated, so that the second put replaces an equal object. Where a tenant's
// day takes more than one pack those behind the first end in `.<part>.skp`.
std::string pack_object_key(const pack_identity& identity, std::int64_t day, std::size_t part = 0);

}  // namespace skald
