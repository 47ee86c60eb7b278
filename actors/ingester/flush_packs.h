// SPDX-License-Identifier: Apache-2.0
// Makes packs of a sealed set and puts them into the object store: one per tenant and day, more
// only where the labels are too much for one. Blocking, without actors; used by flusher_actor.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/ingester/flush_records.h"
#include "actors/ingester/shard_core.h"
#include "actors/io/index_messages.h"
#include "storage/chunk/pack_writer.h"
#include "storage/object_store/object_store.h"

namespace skald {

// Rows of one tenant that no pack takes, which the caller keeps for people.
struct refused_rows {
  push_frame_ptr frame;
  error why;
  std::int64_t day = 0;
  std::string pack_key = {};  // the pack that they would be in
};

struct flushed_set {
  std::vector<flushed_pack> packs;
  std::vector<pack_rows> rows;
  std::uint64_t raw_bytes = 0;
  std::uint64_t stored_bytes = 0;
  std::uint64_t duplicates = 0;  // rows left out by buffers and packs
  std::vector<pack_info> infos;  // of the packs
  std::vector<refused_rows> refused;
};

// `origin` is that of the shard. Errors: those of the object store; a repeated call writes the same
// keys. Memory: the columns of one tenant's day where they must be sorted, and one pack.
result<flushed_set> flush_packs(const sealed_set& set, const std::string& origin,
                                pack_writer& writer, object_store& store);

}  // namespace skald
