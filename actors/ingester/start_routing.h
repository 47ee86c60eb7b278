// SPDX-License-Identifier: Apache-2.0
// Which shard gets what of the log while a start reads it, in one pass. The difficulty: that
// entries are in packs is said by a flushed record behind them. Nearly always it is known before
// (the checkpoint, a look ahead); where damage hides such a record until the reading gets to it,
// the shard that got entries of packs is stale: it must be thrown away and replayed once more.
// Pure. Kept between attempts to read the log, so that each entry is routed once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "actors/common/push_frame.h"
#include "actors/ingester/flush_records.h"

namespace skald {

class start_routing {
 public:
  explicit start_routing(std::uint32_t shards) : shards_(shards) {}

  // The record says that entries are in packs.
  void set_flushed(std::uint32_t shard_count, std::uint32_t shard, std::uint64_t sequence) {
    if (progress_.get(shard_count, shard) >= sequence) return;
    progress_.set(shard_count, shard, sequence);
    newest_flushed_ = std::max(newest_flushed_, sequence);
    // A shard of another count shares its streams with many of these.
    for (std::uint32_t mine = 0; mine < shards_.size(); ++mine) {
      if (shard_count == shards_.size() && mine != shard) continue;
      auto& state = shards_[mine];
      state.stale = state.stale || (state.first_routed != 0 && state.first_routed <= sequence);
    }
  }
  const flush_progress& progress() const { return progress_; }

  // The numbers of the frame's slices for each shard: those that are in no pack. Frames come in
  // order of sequence; those up to the last one of an earlier attempt give none.
  const std::vector<std::vector<std::uint32_t>>& route(std::uint64_t sequence,
                                                       const push_frame& frame) {
    for (auto& list : lists_) list.clear();
    if (sequence <= routed_through_) return lists_;
    routed_through_ = sequence;
    const auto slices = frame.slices();
    const auto count = static_cast<std::uint32_t>(shards_.size());
    for (std::uint32_t i = 0; i < slices.size(); ++i) {
      const auto& stream = slices[i].fingerprint;
      if (sequence <= newest_flushed_ && progress_.is_flushed(stream, sequence)) continue;
      const auto shard = flush_progress::shard_of(stream, count);
      if (shards_[shard].stale) continue;
      if (shards_[shard].first_routed == 0) shards_[shard].first_routed = sequence;
      lists_[shard].push_back(i);
    }
    return lists_;
  }
  // Whether records up to here need no decoding.
  std::uint64_t routed_through() const { return routed_through_; }

  // The shard has entries that are in packs too.
  bool is_stale(std::uint32_t shard) const { return shards_[shard].stale; }

 private:
  struct shard_state {
    std::uint64_t first_routed = 0;  // 0: nothing
    bool stale = false;
  };
  flush_progress progress_;
  std::uint64_t newest_flushed_ = 0;
  std::uint64_t routed_through_ = 0;
  std::vector<shard_state> shards_;
  std::vector<std::vector<std::uint32_t>> lists_ =
      std::vector<std::vector<std::uint32_t>>(shards_.size());
};

}  // namespace skald
