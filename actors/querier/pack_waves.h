// SPDX-License-Identifier: Apache-2.0
// In which order the packs of a query are opened. A limited log query mostly has its answer in the
// newest ones (or the oldest, forward), so these are opened first, and the others only when they
// can still matter. Rows of one stream that may have equal timestamps stay in one wave: which of
// them came first is known within a wave only, and copies of a row are told there. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "storage/index/index_query.h"

namespace skald {

struct pack_wave {
  std::vector<std::size_t> packs;  // positions in chunk_table::packs
  bool has_memory = false;         // the blocks from memory belong to it
  std::int64_t min_timestamp_ns = INT64_MAX;
  std::int64_t max_timestamp_ns = INT64_MIN;  // closed; of the packs' chunks and the memory
};

struct wave_request {
  bool forward = false;
  // A wave aims at so many rows, each one behind it at four times as many as the one before.
  std::size_t first_rows = SIZE_MAX;
  // Rows in memory and their time, closed; there are none when it is empty.
  std::size_t memory_rows = 0;
  std::int64_t memory_min_ns = INT64_MAX;
  std::int64_t memory_max_ns = INT64_MIN;
};

// Every pack, and the memory, is in exactly one wave. Backward, what comes later in the answer
// comes in later waves; within a stream, all rows of a wave are newer than those of later ones
// (forward: older).
std::vector<pack_wave> waves_of(const chunk_table& table, const wave_request& request);

}  // namespace skald
