// SPDX-License-Identifier: Apache-2.0
// Reads one pack (docs/formats/pack.md): its directory at once, everything else when asked.
// Context: immutable, shared between threads through shared_ptr<const pack_reader>; blocks that it
// gives belong to one thread each and keep the reader alive. Lifetime: the object store must
// outlive readers and blocks. Errors everywhere: corrupt (names the section; also an unknown major
// version, which is named), and the store's own.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/hash.h"
#include "runtime/base/result.h"
#include "runtime/model/chunk_ref.h"
#include "runtime/model/log_block.h"
#include "runtime/model/time_range.h"
#include "storage/chunk/pack_info.h"
#include "storage/object_store/object_store.h"

namespace skald {

struct pack_contents;  // the parsed directory
class pack_parts;      // what is read later
class segment_cache;

// One chunk that a query wants. With `stream` given (from the index or a cache) no label text is
// read or parsed; its fingerprint must equal the chunk's. With null the reader makes it from the
// pack's own labels.
struct chunk_selection {
  std::uint32_t directory_entry = 0;
  stream_ptr stream;
};

class pack_reader : public std::enable_shared_from_this<pack_reader> {
 public:
  // Reads trailer and directory: one fetch, two when the directory is larger than 64 KiB. What
  // blocks read of segments goes to `segments`, if given, when they release it.
  static result<std::shared_ptr<const pack_reader>> open(
      object_store& store, std::string key, std::shared_ptr<segment_cache> segments = nullptr);
  ~pack_reader();
  pack_reader(const pack_reader&) = delete;
  pack_reader& operator=(const pack_reader&) = delete;

  const std::string& key() const;
  const pack_info& info() const;
  const std::string& origin() const { return info().identity.origin; }
  std::uint64_t flush_id() const { return info().identity.flush_id; }
  std::uint64_t flush_sequence() const { return info().identity.flush_sequence; }

  std::size_t chunk_count() const;
  // The reference as the writer returned it, with this pack's key. `entry` must be below
  // chunk_count().
  chunk_ref chunk(std::uint32_t entry) const;
  // The stream of a chunk, made from the pack's label text (read at the first call). Not cached:
  // parse cost each time.
  result<stream_ptr> stream(std::uint32_t entry) const;

  // One block for each segment that holds rows of the selected chunks overlapping `range`, in the
  // pack's order: of two blocks with one stream, the later has the later rows. Blocks list only the
  // selected runs. No fetch is made, unless a selection has no stream. Errors: invalid_argument for
  // an entry that does not exist or is selected twice.
  result<block_list> blocks(std::span<const chunk_selection> selection, time_range range) const;

  // What this object may come to hold in memory: directory, labels and skip filters.
  std::size_t memory_bytes_max() const;

 private:
  friend class segment_block;
  friend class segment_content;

  pack_reader(object_store& store, std::string key, std::unique_ptr<pack_contents> contents,
              std::shared_ptr<segment_cache> segments);
  // Whether the entry exists, is of the stream and was not `selected` before.
  result<void> check(const chunk_selection& wanted, std::vector<bool>& selected) const;
  block_list make_blocks(std::vector<std::vector<row_run>> runs_by_segment) const;

  object_store& store_;
  const std::string key_;
  const hash128 key_hash_;
  const std::unique_ptr<const pack_contents> contents_;
  const std::unique_ptr<pack_parts> parts_;        // guarded inside
  const std::shared_ptr<segment_cache> segments_;  // may be null
};

}  // namespace skald
