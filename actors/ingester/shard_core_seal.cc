// SPDX-License-Identifier: Apache-2.0
// The part of shard_core that moves buffers from their streams into flushes.
#include <algorithm>

#include "actors/ingester/shard_core.h"
#include "runtime/base/assert.h"

namespace skald {

std::vector<row_index> shard_core::begin_seal(std::uint64_t id, std::uint64_t sequence) {
  SKALD_ASSERT(!sealing_.active);
  sealing_.active = true;
  sealing_.id = id;
  // A mark may be older than what this shard has replayed since, never newer than what it commits.
  sealing_.sequence = sequence;
  sealing_.bytes = std::exchange(live_bytes_, 0);
  node_->sealed_bytes.fetch_add(sealing_.bytes, std::memory_order_relaxed);
  oldest_live_ = time_point::max();
  std::vector<row_index> ask;
  for (row_index index = 0; index < rows_.size(); ++index) {
    auto& row = rows_[index];
    if (!row.info || row.phase == row_phase::quarantined || row.live.rows == 0) continue;
    sealing_.waiting.emplace(index, std::exchange(row.live, {}));
    if (row.phase == row_phase::live) ask.push_back(index);
  }
  for (const auto& [index, entries] : unkept_) {
    if (must_be_kept(entries)) sealing_.waiting.emplace(index, extent{});
  }
  return ask;
}

// The seal under way releases the log behind entries that are nowhere else.
bool shard_core::must_be_kept(const unkept_entries& entries) const {
  return sealing_.active &&
         std::min(entries.wanted_through, sealing_.sequence) > entries.kept_through;
}

const shard_core::extent* shard_core::awaited(row_index row) const {
  if (rows_[row].phase == row_phase::quarantined) return nullptr;
  const auto found = sealing_.waiting.find(row);
  return found == sealing_.waiting.end() ? nullptr : &found->second;
}

std::uint64_t shard_core::row_sealed_through(row_index row) const {
  return sealing_.active && !awaits_seal(row) ? sealing_.sequence : sealed_through_;
}

std::vector<shard_core::keep_order> shard_core::take_keep_orders(bool all) {
  std::vector<keep_order> orders;
  for (auto& [index, entries] : unkept_) {
    if (entries.ordered_through > entries.kept_through) continue;  // under way
    if (entries.wanted_through <= entries.kept_through) continue;
    if (!all && !must_be_kept(entries)) continue;
    orders.push_back({index, entries.kept_through, entries.wanted_through});
    entries.ordered_through = entries.wanted_through;
  }
  return orders;
}

void shard_core::kept(row_index row, std::uint64_t through) {
  auto& entries = unkept_[row];
  entries.kept_through = std::max(entries.kept_through, through);
  if (awaits_seal(row) && !must_be_kept(entries)) sealing_.waiting.erase(row);
}

bool shard_core::awaits_seal(row_index row) const {
  return sealing_.active && sealing_.waiting.contains(row);
}

void shard_core::add_sealed(row_index index, std::vector<head_snapshot_ptr> pieces) {
  if (!awaits_seal(index)) return;
  sealing_.waiting.erase(index);
  auto& row = rows_[index];
  for (auto& piece : pieces) {
    if (piece->rows == 0) continue;
    row.sealed.push_back(std::move(piece));
    row.sealed_ids.push_back(sealing_.id);
  }
}

sealed_set_ptr shard_core::take_sealed_set() {
  if (!sealing_.active || !sealing_.waiting.empty()) return nullptr;
  auto set = std::make_shared<sealed_set>();
  set->flush_id = sealing_.id;
  set->sequence = sealing_.sequence;
  kept_set kept;
  set->bytes = kept.bytes = sealing_.bytes;
  for (row_index index = 0; index < rows_.size(); ++index) {
    const auto& row = rows_[index];
    bool any = false;
    for (std::size_t i = 0; i < row.sealed.size(); ++i) {
      if (row.sealed_ids[i] != sealing_.id) continue;
      set->by_tenant[tenants_[row.tenant].name].push_back(row.sealed[i]);
      ++kept.buffers;
      any = true;
    }
    if (any) kept.rows.push_back(index);
  }
  sealed_through_ = std::max(sealed_through_, sealing_.sequence);
  last_sealed_id_ = sealing_.id;
  node_->sealed_buffers.fetch_add(kept.buffers, std::memory_order_relaxed);
  kept_.emplace(sealing_.id, std::move(kept));
  sealing_ = {};
  return set;
}

void shard_core::drop_sealed(std::uint64_t id) {
  const auto found = kept_.find(id);
  if (found == kept_.end()) return;
  for (const auto index : found->second.rows) {
    auto& row = rows_[index];
    for (std::size_t i = row.sealed.size(); i-- > 0;) {
      if (row.sealed_ids[i] != id) continue;
      row.sealed.erase(row.sealed.begin() + static_cast<std::ptrdiff_t>(i));
      row.sealed_ids.erase(row.sealed_ids.begin() + static_cast<std::ptrdiff_t>(i));
    }
    row.sealed.shrink_to_fit();
    row.sealed_ids.shrink_to_fit();
  }
  node_->unflushed_bytes.fetch_sub(found->second.bytes, std::memory_order_relaxed);
  node_->sealed_bytes.fetch_sub(found->second.bytes, std::memory_order_relaxed);
  node_->sealed_buffers.fetch_sub(found->second.buffers, std::memory_order_relaxed);
  kept_.erase(found);
}

void shard_core::check_invariants() const {
  std::size_t used = 0;
  std::size_t restoring = 0;
  for (row_index index = 0; index < rows_.size(); ++index) {
    const auto& row = rows_[index];
    if (!row.info) continue;
    ++used;
    restoring += row.phase == row_phase::restoring;
    SKALD_ASSERT(row.sealed.size() == row.sealed_ids.size());
    SKALD_ASSERT(row.phase != row_phase::live || row.pending.empty() || row.live.rows > 0 ||
                 sealing_.active);
    const auto found = by_stream_.find({row.tenant, row.info->fingerprint});
    SKALD_ASSERT(found != by_stream_.end() && found->second == index);
    for (const auto id : row.sealed_ids) {
      SKALD_ASSERT(kept_.contains(id) || (sealing_.active && sealing_.id == id));
    }
  }
  SKALD_ASSERT(used == by_stream_.size());
  SKALD_ASSERT(used + free_.size() == rows_.size());
  SKALD_ASSERT(restoring == restoring_rows_);
  SKALD_ASSERT(live_bytes_ >= 0);
}

}  // namespace skald
