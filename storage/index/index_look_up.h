// SPDX-License-Identifier: Apache-2.0
// Look-ups in one index file, inside one read transaction.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "storage/index/index_keys.h"
#include "storage/index/index_query.h"
#include "storage/index/lmdb_env.h"
#include "storage/index/posting_codec.h"
#include "storage/index/ref_block.h"

namespace skald {

// Both arguments must outlive it. One thread.
class index_look_up {
 public:
  index_look_up(lmdb_transaction& transaction, const index_query& query)
      : transaction_(transaction), query_(query) {}

  // As the members of index_file with these names.
  result<std::vector<indexed_stream>> find_streams(bool in_range);
  result<chunk_table> chunks();
  result<std::vector<std::string>> label_names();
  result<std::vector<std::string>> label_values(std::string_view name);
  result<index_volume> stats();
  // Sets those positions of `out` whose rows are stored. Takes the tenant alone from the query.
  result<void> contains(std::span<const index_row> rows, std::vector<bool>& out);

 private:
  // A stream that passed. Lists of them are by rising ordinal.
  struct wanted_stream {
    std::uint32_t ordinal = 0;
    stream_fingerprint fingerprint;
    std::string_view labels;  // in the file
  };
  // Reads the counters. False: the file has nothing in the query's range, or nothing at all.
  result<bool> begin();
  // Streams of the tenant that pass all matchers. Ignores the shard.
  result<ordinal_set> matching();
  result<void> apply(const label_matcher& matcher, roaring_bitmap_t& set);
  // Whether the matcher's label has `most` values or fewer.
  result<bool> has_few_values(const label_matcher& matcher, std::uint64_t most);
  // The same for few streams, by reading their labels.
  result<void> filter(std::span<const label_matcher* const> matchers, roaring_bitmap_t& set);
  // Adds the streams of all values that the predicate takes.
  result<void> add_values(const label_matcher& matcher, std::uint32_t name, bool wanted,
                          roaring_bitmap_t& out);
  result<void> add_pair(std::uint32_t pair, roaring_bitmap_t& out);
  result<void> add_value(std::uint32_t name, std::string_view value, roaring_bitmap_t& out);
  result<std::uint32_t> pair_of(std::uint32_t name, std::string_view value);  // 0: none
  result<bool> name_of(std::string_view name, index_keys::name_entry& out);
  template <class Take>
  result<void> for_each_value(std::uint32_t name, Take take);
  template <class Take>
  result<void> for_each_stream(const roaring_bitmap_t& set, Take take);
  result<bool> intersects(std::uint32_t pair, const roaring_bitmap_t& set);
  // Whether `set` is every stream of the file.
  bool is_everything(const roaring_bitmap_t& set) const;
  result<std::vector<wanted_stream>> wanted(const roaring_bitmap_t& set);
  // All chunks of the streams whose time overlaps the range, pack by pack: enter(pack_entry), then
  // visit(position, block, at) for each chunk, which is entry `at` of the block and of the stream
  // at `position`.
  template <class Enter, class Visit>
  result<void> for_each_ref(std::span<const wanted_stream> streams, Enter enter, Visit visit);
  template <class Visit>
  result<void> refs_of_pack(lmdb_cursor& cursor, std::uint32_t id, bool covered,
                            std::span<const wanted_stream> streams, Visit& visit);
  template <class Visit>
  result<void> refs_of_block(const index_keys::ref_key& key, std::string_view value, bool covered,
                             std::span<const wanted_stream> streams, std::size_t first,
                             Visit& visit);
  result<void> contains_of_pack(std::uint32_t id, std::uint32_t tenant,
                                std::span<const index_row> rows,
                                std::span<const std::size_t> positions, std::vector<bool>& out);
  // Leaves only the streams with a chunk in the range.
  result<void> keep_in_range(std::vector<wanted_stream>& streams);

  lmdb_transaction& transaction_;
  const index_query& query_;
  index_keys::counters counters_;
  bool enough_ = false;  // a visitor wants no more packs
};

// All refs of a pack, in ref_order.
result<std::vector<pack_ref>> read_pack_refs(lmdb_transaction& transaction, std::uint32_t pack);

// A chunk's share in a range, and the chunk itself.
void add_to_volume(index_volume& volume, const time_range& range, std::int64_t min_timestamp_ns,
                   std::int64_t max_timestamp_ns, std::uint64_t rows, std::uint64_t line_bytes);

}  // namespace skald
