// SPDX-License-Identifier: Apache-2.0
// Adds rows to an index file: assigns ids, then writes everything in one transaction.
// Context: one thread at a time. Owned by its index_file; the environment must outlive it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/result.h"
#include "storage/index/index_keys.h"
#include "storage/index/index_query.h"
#include "storage/index/lmdb_env.h"
#include "storage/index/ref_block.h"

namespace skald {

class index_adder {
 public:
  explicit index_adder(lmdb_env& env) : env_(env) {}

  // Reads the ids that the file has given out, all of which stay in memory: about 100 bytes per
  // stream and label pair.
  result<void> load();
  // As index_file::add.
  result<void> add(std::string_view tenant, std::span<const index_row> rows);

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  template <class Value>
  using text_map = std::unordered_map<std::string, Value, text_hash, std::equal_to<>>;

  struct stream_key {
    stream_fingerprint fingerprint;
    std::uint32_t tenant = 0;
    friend bool operator==(const stream_key&, const stream_key&) = default;
  };
  struct stream_key_hash {
    std::size_t operator()(const stream_key& key) const {
      return key.fingerprint.low ^ key.tenant * std::uint64_t{0x9e3779b97f4a7c15};
    }
  };

  struct new_ref {
    std::uint32_t pack = 0;
    pack_ref ref;
  };
  // What one call adds, in memory. The texts are keys of the maps below.
  struct staged {
    std::vector<std::string> names;        // new
    std::vector<std::string> pairs;        // new: name id (big-endian), then the value
    std::vector<std::string> packs;        // new, ids ascending
    std::vector<stream_key> streams;       // new, ordinals ascending
    std::vector<std::string_view> labels;  // of those streams
    std::vector<std::uint64_t> postings;   // pair id << 32 | ordinal, of new streams
    std::vector<new_ref> refs;             // by pack, then ref_order
    index_keys::counters counters;
    // By position among a stream's labels: what stood there last. Neighbours share most labels.
    struct last_label {
      std::string name;
      std::string value;
      index_keys::name_entry entry;
      std::uint32_t pair = 0;
    };
    std::vector<last_label> last;
  };

  result<void> stage(std::string_view tenant, std::span<const index_row> rows, staged& out);
  result<std::uint32_t> stage_stream(std::uint32_t tenant, const index_row& row, staged& out);
  index_keys::name_entry name_of(std::string_view name, staged& out);
  std::uint32_t pair_of(std::uint32_t name, std::string_view value, staged& out);
  std::uint32_t pack_of(std::string_view key, staged& out);
  void forget(const staged& failed);

  result<void> write(lmdb_transaction& transaction, staged& what);
  result<void> write_dictionaries(lmdb_transaction& transaction, const staged& what);
  result<void> write_streams(lmdb_transaction& transaction, const staged& what);
  result<void> write_postings(lmdb_transaction& transaction, const staged& what);
  // Returns the number of refs that were not there.
  result<std::uint64_t> write_refs(lmdb_transaction& transaction, const staged& what);
  result<std::uint64_t> write_pack_refs(lmdb_transaction& transaction, std::string_view key,
                                        std::span<const new_ref> fresh);

  lmdb_env& env_;
  index_keys::counters counters_;
  text_map<index_keys::name_entry> names_;
  text_map<std::uint32_t> pairs_;
  text_map<std::uint32_t> packs_;
  std::unordered_map<stream_key, std::uint32_t, stream_key_hash> streams_;
  std::string scratch_;
};

}  // namespace skald
