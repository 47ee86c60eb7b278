// SPDX-License-Identifier: Apache-2.0
// What the ingester writes into WAL records and checkpoints beside frames, and what follows from it
// at replay: which entries are in packs already. Formats: schemas/wal_record.capnp, and for entries
// docs/formats/wal.md ("entries": uint32 number of dropped ranges, uint32 0, per range three uint32
// (slice, first row, rows), padding to 8 bytes, then the push frame).
// Pure. Errors everywhere: corrupt.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/ingester/slice_ref.h"
#include "runtime/base/hash.h"
#include "runtime/base/result.h"

namespace skald {

// The part of an entries record in front of the frame.
std::string encode_drops(std::span<const row_drop> drops);

struct entries_record {
  std::vector<row_drop> drops;
  std::string_view frame_bytes;
};
result<entries_record> decode_entries(std::string_view body);

struct flushed_pack {
  std::string tenant;
  std::int64_t day = 0;
  std::string key;
  friend bool operator==(const flushed_pack&, const flushed_pack&) = default;
};

// Every entry of the shard up to and including `sequence` lies in these packs or in earlier ones.
struct flushed_record {
  std::uint32_t shard = 0;
  std::uint32_t shard_count = 1;
  std::uint64_t sequence = 0;
  std::uint64_t flush_id = 0;
  std::vector<flushed_pack> packs;
  friend bool operator==(const flushed_record&, const flushed_record&) = default;
};
std::string encode_flushed(const flushed_record& record);
result<flushed_record> decode_flushed(std::string_view body);

// How far each shard's entries are in packs. Knows several numbers of shards at once, since a
// restart may change it.
class flush_progress {
 public:
  using shard_id = std::pair<std::uint32_t, std::uint32_t>;  // number of shards, shard

  // A stream's shard among `count`.
  static std::uint32_t shard_of(const hash128& fingerprint, std::uint32_t count) {
    return static_cast<std::uint32_t>(fingerprint.low % count);
  }

  void set(std::uint32_t count, std::uint32_t shard, std::uint64_t sequence);
  // 0 when unknown.
  std::uint64_t get(std::uint32_t count, std::uint32_t shard) const;
  // Whether a stream's entries of this record are in packs.
  bool is_flushed(const hash128& fingerprint, std::uint64_t sequence) const;
  // Everything up to here is in packs, whatever the stream: the least of all shards of one count,
  // for the count that gives most.
  std::uint64_t flushed_by_all() const;
  // Forgets what says nothing beyond flushed_by_all().
  void prune();

  const std::map<shard_id, std::uint64_t>& all() const { return sequences_; }
  friend bool operator==(const flush_progress&, const flush_progress&) = default;

 private:
  std::map<shard_id, std::uint64_t> sequences_;
};

struct checkpoint_record {
  flush_progress progress;
  // Packs that are in no shipped index file. Only keys are needed; the pack names its tenant.
  std::vector<std::string> unshipped_packs;
  friend bool operator==(const checkpoint_record&, const checkpoint_record&) = default;
};
std::string encode_checkpoint(const checkpoint_record& record);
result<checkpoint_record> decode_checkpoint(std::string_view bytes);

}  // namespace skald
