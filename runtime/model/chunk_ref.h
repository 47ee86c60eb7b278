// SPDX-License-Identifier: Apache-2.0
// What the index knows of a chunk: whose it is, which time it covers and where it lies.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/model/labels.h"

namespace skald {

// One entry of a pack's chunk directory. A chunk is all rows of one stream in one pack.
struct chunk_ref {
  stream_fingerprint stream;
  std::string pack_key;               // object key of the pack
  std::uint32_t directory_entry = 0;  // position in the pack's chunk directory
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;  // closed
  std::uint64_t rows = 0;
  std::uint64_t line_bytes = 0;  // without newlines
  friend bool operator==(const chunk_ref&, const chunk_ref&) = default;
};

}  // namespace skald
