// SPDX-License-Identifier: Apache-2.0
// Where each shard stands in the flush under way, and when the next may begin. A flush is one round
// over all shards, sealed at one WAL sequence; each shard goes through
//   sealing -> building -> recording -> indexing -> done
// where the WAL record written in `recording` is the commit point: a shard that dies before it is
// cancelled (its entries come again by replay, the packs are never referenced), one that dies later
// is finished first. Pure; one owner.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/assert.h"

namespace skald {

enum class flush_step : std::uint8_t {
  idle,
  sealing,
  building,
  recording,
  indexing,
  done,
  cancelled
};

class flush_rounds {
 public:
  explicit flush_rounds(std::uint32_t shards) : shards_(shards) {}

  void shard_up(std::uint32_t shard) { shards_[shard].up = true; }

  // The shard is gone. True: nothing of it is under way any more (it was cancelled or not taking
  // part) and it may be replayed from what is recorded. False: wait until it is done.
  bool shard_down(std::uint32_t shard) {
    auto& state = shards_[shard];
    state.up = false;
    if (state.step == flush_step::sealing || state.step == flush_step::building) {
      state.step = flush_step::cancelled;
    }
    return state.step != flush_step::recording && state.step != flush_step::indexing;
  }

  void request() { wanted_ = true; }
  // Begins a round if one is wanted, none is under way and all shards are up.
  bool try_begin() {
    if (!wanted_ || active_) return false;
    for (const auto& shard : shards_) {
      if (!shard.up) return false;
    }
    wanted_ = false;
    active_ = true;
    ++id_;
    for (auto& shard : shards_) shard.step = flush_step::sealing;
    return true;
  }
  // Moves a shard one step on. False when the message is of another round or a cancelled shard.
  bool advance(std::uint32_t shard, std::uint64_t id, flush_step from) {
    if (!active_ || id != id_ || shards_[shard].step != from) return false;
    SKALD_ASSERT(from >= flush_step::sealing && from <= flush_step::indexing);
    shards_[shard].step = static_cast<flush_step>(static_cast<int>(from) + 1);
    return true;
  }
  bool is_active() const { return active_; }
  bool is_wanted() const { return wanted_; }
  bool is_complete() const {
    if (!active_) return false;
    for (const auto& shard : shards_) {
      if (shard.step != flush_step::done && shard.step != flush_step::cancelled) return false;
    }
    return true;
  }
  // Ends a complete round. True when every shard was flushed; else another round is wanted.
  bool end() {
    SKALD_ASSERT(is_complete());
    bool all = true;
    for (auto& shard : shards_) {
      all = all && shard.step == flush_step::done;
      shard.step = flush_step::idle;
    }
    active_ = false;
    wanted_ = wanted_ || !all;
    return all;
  }
  std::uint64_t id() const { return id_; }
  flush_step step(std::uint32_t shard) const { return shards_[shard].step; }
  std::uint32_t shards() const { return static_cast<std::uint32_t>(shards_.size()); }

 private:
  struct shard_state {
    bool up = false;
    flush_step step = flush_step::idle;
  };
  std::vector<shard_state> shards_;
  bool active_ = false;
  bool wanted_ = false;
  std::uint64_t id_ = 0;
};

}  // namespace skald
