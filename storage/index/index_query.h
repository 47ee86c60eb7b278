// SPDX-License-Identifier: Apache-2.0
// What goes into the index and what look-ups ask and get. Values only; shared by index_file and
// index_catalog.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/model/chunk_ref.h"
#include "runtime/model/label_matcher.h"
#include "runtime/model/time_range.h"

namespace skald {

// One chunk of one stream, to be added. The views must live through the call.
struct index_row {
  std::string_view canonical_labels;
  chunk_ref chunk;  // chunk.stream must be the labels' fingerprint
  // Takes the place of chunk.pack_key unless empty: rows of one pack need no copies of its key.
  std::string_view shared_pack_key = {};

  std::string_view pack_key() const {
    return shared_pack_key.empty() ? std::string_view(chunk.pack_key) : shared_pack_key;
  }
};

// Every `count`-th part of the fingerprints, by their top bits. `count` is a power of two.
struct stream_shard {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
  bool contains(const stream_fingerprint& stream) const {
    return count <= 1 ||
           static_cast<std::uint32_t>((stream.high >> 32) * static_cast<std::uint64_t>(count) >>
                                      32) == index;
  }
};

struct index_query {
  std::string tenant;
  // All must pass. An absent label has the empty value (Prometheus' rule). Empty: every stream.
  std::vector<label_matcher> matchers;
  time_range range;
  stream_shard shard;
};

struct indexed_stream {
  stream_fingerprint fingerprint;
  std::string canonical_labels;
  friend bool operator==(const indexed_stream&, const indexed_stream&) = default;
};

// A stream and those of its chunks that overlap the range, by min timestamp.
struct stream_chunks {
  stream_fingerprint fingerprint;
  std::string canonical_labels;
  std::vector<chunk_ref> chunks;
};

// A chunk of a pack that is named beside it.
struct pack_chunk {
  std::uint32_t stream = 0;           // position in chunk_table::streams
  std::uint32_t directory_entry = 0;  // position in the pack's chunk directory
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;  // closed
  std::uint64_t rows = 0;
  std::uint64_t line_bytes = 0;
};

struct pack_chunks {
  std::string key;
  std::vector<pack_chunk> chunks;  // in no particular order, each once
};

// Chunks that overlap a range, pack by pack: a key and a stream's labels stand here once, not with
// every chunk.
struct chunk_table {
  std::vector<indexed_stream> streams;  // those with chunks; in no particular order
  std::vector<pack_chunks> packs;       // by key
};

// The same by stream, which rises.
std::vector<stream_chunks> chunks_by_stream(const chunk_table& table);

struct index_volume {
  std::uint64_t streams = 0;
  std::uint64_t chunks = 0;
  // Chunks that stick out of the range count in proportion to the time inside.
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

}  // namespace skald
