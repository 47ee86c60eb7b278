// SPDX-License-Identifier: Apache-2.0
// Where runs of one stream in different blocks cover the same time. Only there can an entry be
// stored twice: rows within a block are unique, and equal entries have equal timestamps. Reads no
// columns.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/base/hash.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

struct closed_span {
  std::int64_t min_ns = 0;
  std::int64_t max_ns = 0;
  friend bool operator==(const closed_span&, const closed_span&) = default;
};

// Immutable once made.
class run_overlaps {
 public:
  explicit run_overlaps(std::span<const std::unique_ptr<log_block>> blocks);

  // Ascending, disjoint; those that touch the run's time. Mostly empty.
  std::span<const closed_span> of(const row_run& run) const;
  bool empty() const { return spans_.empty(); }

 private:
  std::unordered_map<hash128, std::vector<closed_span>> spans_;  // by stream
};

bool in_spans(std::span<const closed_span> spans, std::int64_t timestamp_ns);

// Remembers entries: stream, timestamp, stored line, structured metadata, as 128-bit hashes.
class entry_memory {
 public:
  // False when the entry was seen before.
  bool first_time(const hash128& stream, std::int64_t timestamp_ns, std::string_view line,
                  std::span<const metadata_pair> metadata);
  std::uint64_t memory_bytes() const { return seen_.size() * entry_bytes; }

 private:
  static constexpr std::uint64_t entry_bytes = 48;  // with what the set needs for it
  std::unordered_set<hash128> seen_;
  std::string scratch_;
};

// Blocks that must be read together, as indices: every pair with overlapping runs of one stream is
// in one group.
std::vector<std::vector<std::size_t>> connected_blocks(
    std::span<const std::unique_ptr<log_block>> blocks);

}  // namespace skald::logql
