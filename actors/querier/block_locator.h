// SPDX-License-Identifier: Apache-2.0
// From a selector and a time range to the blocks in the store that may hold its rows: keeps the
// index catalog in step with the object store, asks it for chunk references, opens packs through
// the cache. Also answers which streams exist. Context: safe from many threads; all calls may block
// on disk and object store. Lifetime: what it is given must outlive it and the blocks that it
// makes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/cancellation.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/loki_api/volume.h"
#include "runtime/model/label_matcher.h"
#include "runtime/model/log_block.h"
#include "runtime/model/time_range.h"
#include "storage/chunk/pack_cache.h"
#include "storage/index/index_catalog.h"
#include "storage/object_store/object_store.h"

namespace skald {

// Shares stream_info values between queries, so that label text is parsed once. Bounded; safe from
// many threads.
class stream_cache {
 public:
  explicit stream_cache(std::size_t streams_max = 200'000) : streams_max_(streams_max) {}
  // Errors: corrupt when the label text cannot be parsed.
  result<stream_ptr> get(const stream_fingerprint& fingerprint, std::string_view canonical_labels);

 private:
  const std::size_t streams_max_;
  std::mutex mutex_;
  std::unordered_map<stream_fingerprint, stream_ptr> streams_;
};

// Chunks that the index named; their packs are not open yet.
struct located_chunks {
  chunk_table table;
  std::vector<stream_ptr> streams;  // of the table's
  std::uint64_t streams_with_chunks = 0;
  std::uint64_t chunk_refs = 0;
};

// What to look for. Views must live through the call.
struct locate_request {
  std::string_view tenant;
  const std::vector<label_matcher>& matchers;
  time_range range;
  // Sorted names of flushes whose rows the caller already has from memory; their packs are left
  // out.
  std::span<const std::string> known_flushes;
};

class block_locator {
 public:
  block_locator(index_catalog& catalog, object_store& store, pack_cache& packs, const clock& time,
                std::chrono::seconds resync);

  // Days for which there may be data in the range, rising.
  result<std::vector<std::int64_t>> days(time_range range);
  // Errors: unavailable or not_found from the store, corrupt. Never a partial answer.
  result<located_chunks> locate(const locate_request& request);
  // The blocks with rows in the range of some of the located packs, which are opened. Errors as of
  // locate(), and those of `cancelled`.
  result<block_list> open(const located_chunks& located, std::span<const std::size_t> packs,
                          time_range range, const cancellation& cancelled);
  // Streams with chunks in the range, and these chunks.
  struct indexed_summary {
    stream_ptr stream;
    std::vector<chunk_summary> chunks;
  };
  result<std::vector<indexed_summary>> streams(const locate_request& request);
  // Their bytes; of a chunk that sticks out of the range, in proportion.
  result<std::uint64_t> bytes(const locate_request& request);
  // Which streams these are, without their chunks: costs less. Known flushes are not left out.
  result<std::vector<stream_ptr>> stream_names(const locate_request& request);

 private:
  // All index files of the range's tables: those of this node and those in the store, which are
  // fetched where needed.
  result<index_view> sync(time_range range);
  result<void> refresh_listing();
  result<void> fetch(std::int64_t day, const std::vector<object_info>& objects);
  // Streams and chunks; a stream may have none, when all are in known flushes.
  result<chunk_table> lookup(const locate_request& request);
  result<std::vector<stream_ptr>> resolve(const std::vector<indexed_stream>& streams);

  index_catalog& catalog_;
  object_store& store_;
  pack_cache& packs_;
  const clock& clock_;
  const std::chrono::seconds resync_;
  stream_cache streams_;

  std::mutex sync_mutex_;  // guards the listing and makes downloads happen once
  bool listed_ = false;
  std::chrono::steady_clock::time_point listed_at_;
  std::map<std::int64_t, std::vector<object_info>> objects_by_day_;
};

}  // namespace skald
