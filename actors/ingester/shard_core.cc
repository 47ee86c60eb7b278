// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/shard_core.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "actors/ingester/push_rejection.h"
#include "runtime/base/assert.h"
#include "storage/chunk/prefetch.h"

namespace skald {
namespace {

constexpr row_index no_row = UINT32_MAX;
// So many are looked up or loaded together.
constexpr std::size_t slices_at_once = 16;
// Room for the pending slices of a row when it gets the first: most have a few per flush.
constexpr std::size_t pending_slices = 4;

// What a committed row costs beside its line: timestamp and line end.
constexpr std::int64_t row_overhead_bytes = 12;
// Quarantined streams that an answer lists.
constexpr std::size_t unreadable_listed_max = 10;

}  // namespace

std::string shard_origin(const ingester_options& options, std::uint32_t shard) {
  return fmt::format("{}-{:016x}-{}", options.node, options.incarnation, shard);
}

std::string flush_name(std::string_view origin, std::uint64_t flush_id) {
  return fmt::format("{}-{:016x}", origin, flush_id);
}

shard_core::shard_core(ingester_options options, std::shared_ptr<node_state> node,
                       std::string name_prefix)
    : options_(std::move(options)), node_(std::move(node)), name_prefix_(std::move(name_prefix)) {}

shard_core::~shard_core() {
  std::int64_t sealed = sealing_.bytes;
  for (const auto& [id, set] : kept_) {
    sealed += set.bytes;
    node_->sealed_buffers.fetch_sub(set.buffers, std::memory_order_relaxed);
  }
  node_->unflushed_bytes.fetch_sub(live_bytes_ + sealed, std::memory_order_relaxed);
  node_->sealed_bytes.fetch_sub(sealed, std::memory_order_relaxed);
  for (const auto& row : rows_) {
    if (!row.info) continue;
    node_->streams.fetch_sub(1, std::memory_order_relaxed);
    tenants_[row.tenant].counts->streams.fetch_sub(1, std::memory_order_relaxed);
    if (row.phase == row_phase::quarantined) {
      node_->quarantined.fetch_sub(1, std::memory_order_relaxed);
    }
  }
}

void shard_core::extent::add(const slice_ref& slice) {
  const bool rises = slice.is_in_order() && (rows == 0 || slice.min_timestamp_ns() > max_ns);
  add({slice.row_count, slice.line_bytes() - slice.row_count, slice.min_timestamp_ns(),
       slice.max_timestamp_ns(), !rises});
}

void shard_core::extent::add(const extent& other) {
  if (other.rows == 0) return;
  min_ns = rows == 0 ? other.min_ns : std::min(min_ns, other.min_ns);
  max_ns = rows == 0 ? other.max_ns : std::max(max_ns, other.max_ns);
  rows += other.rows;
  line_bytes += other.line_bytes;
  may_repeat = may_repeat || other.may_repeat;
}

std::uint32_t shard_core::tenant_index(std::string_view tenant) {
  if (const auto found = tenant_numbers_.find(tenant); found != tenant_numbers_.end()) {
    return found->second;
  }
  auto number = static_cast<std::uint32_t>(tenants_.size());
  if (free_tenants_.empty()) {
    tenants_.emplace_back();
  } else {
    number = free_tenants_.back();
    free_tenants_.pop_back();
  }
  tenants_[number] = {std::string(tenant), {}, node_->counts_of(tenant)};
  tenant_numbers_.emplace(std::string(tenant), number);
  return number;
}

std::string_view shard_core::tenant(row_index row) const {
  return tenants_[rows_[row].tenant].name;
}

row_index shard_core::find_row(std::uint32_t tenant, const stream_fingerprint& fingerprint) const {
  const auto found = by_stream_.find({tenant, fingerprint});
  return found == by_stream_.end() ? no_row : found->second;
}

row_index shard_core::make_row(std::uint32_t tenant, stream_ptr info) {
  row_index row = 0;
  if (free_.empty()) {
    row = static_cast<row_index>(rows_.size());
    rows_.emplace_back();
  } else {
    row = free_.back();
    free_.pop_back();
    rows_[row] = stream_row{};
  }
  by_stream_.emplace(stream_key{tenant, info->fingerprint}, row);
  tenants_[tenant].postings.add(row, info->labels);
  node_->streams.fetch_add(1, std::memory_order_relaxed);
  node_->streams_created.fetch_add(1, std::memory_order_relaxed);
  rows_[row].fingerprint = info->fingerprint;
  rows_[row].info = std::move(info);
  rows_[row].tenant = tenant;
  return row;
}

// --- writes --------------------------------------------------------------------------------------

admission shard_core::admit(const push_frame& frame, std::span<const std::uint32_t> slices,
                            const tenant_limits& limits, std::int64_t stream_limit,
                            time_point now) {
  admission out;
  out.rows.reserve(slices.size());
  const auto tenant = tenant_index(frame.tenant());
  std::array<row_index, slices_at_once> known;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    if (i % slices_at_once == 0) {
      find_rows(frame, slices.subspan(i, std::min(slices_at_once, slices.size() - i)), tenant,
                known);
    }
    out.rows.push_back(admit_slice(frame, slices[i], {tenant, known[i % slices_at_once]}, limits,
                                   stream_limit, now, out));
  }
  return out;
}

// Several at once, and has the processor load them: with many streams each is far from its caches,
// and so is the frame, which another core wrote.
void shard_core::find_rows(const push_frame& frame, std::span<const std::uint32_t> slices,
                           std::uint32_t tenant, std::span<row_index> rows) const {
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const auto& slice = frame.slices()[slices[i]];
    prefetch(slice.timestamps.data(), slice.timestamps.size_bytes());
    rows[i] = find_row(tenant, slice.fingerprint);
    if (rows[i] != no_row) prefetch(&rows_[rows[i]], sizeof(stream_row));
  }
}

row_index shard_core::admit_slice(const push_frame& frame, std::uint32_t number, found_row found,
                                  const tenant_limits& limits, std::int64_t stream_limit,
                                  time_point now, admission& out) {
  const auto tenant = found.tenant;
  const auto& slice = frame.slices()[number];
  const auto drop_all = [&](stream_rejection why) {
    out.drops.push_back({number, 0, static_cast<std::uint32_t>(slice.rows())});
    out.rejected.push_back(std::move(why));
    return no_row;
  };
  const rejection_context context{frame.tenant(), slice.canonical_labels, slice.rows(),
                                  options_.max_returned_stream_errors};
  auto row = found.row;
  if (row == no_row) row = find_row(tenant, slice.fingerprint);  // made by a slice before this
  if (row == no_row) {
    tenant_counts& counts = *tenants_[tenant].counts;
    if (!counts.try_add_stream(stream_limit)) {
      return drop_all(reject_stream_limit(context, slice));
    }
    auto info = make_stream(slice.canonical_labels);
    if (!info.ok() || (*info)->fingerprint != slice.fingerprint) {
      counts.streams.fetch_sub(1, std::memory_order_relaxed);
      return drop_all(reject_labels(context, slice));
    }
    row = make_row(tenant, std::move(info).value());
  }
  if (rows_[row].phase == row_phase::quarantined) {
    return drop_all(reject_quarantined(context, slice));
  }
  admit_rows(rows_[row], frame, number, limits, now, out);
  return row;
}

void shard_core::admit_rows(stream_row& row, const push_frame& frame, std::uint32_t number,
                            const tenant_limits& limits, time_point now, admission& out) {
  const auto& slice = frame.slices()[number];
  const auto window = options_.max_chunk_age.count() / 2;
  auto highest = row.highest_ns;
  std::vector<late_entry> late;
  std::vector<row_drop> drops;
  std::uint64_t late_bytes = 0;
  const bool follows = slice.rises && slice.min_timestamp_ns >= highest;
  if (follows) highest = slice.max_timestamp_ns;
  for (std::uint32_t i = 0; i < slice.rows() && !follows; ++i) {
    const auto timestamp = slice.timestamps[i];
    if (timestamp >= highest) {
      highest = timestamp;
    } else if (const auto oldest = highest - window; timestamp < oldest) {
      late.push_back({timestamp, oldest});
      late_bytes += slice.lines.line(i).size();
      if (!drops.empty() && drops.back().first_row + drops.back().row_count == i) {
        ++drops.back().row_count;
      } else {
        drops.push_back({number, i, 1});
      }
    }
  }
  const rejection_context context{frame.tenant(), slice.canonical_labels, slice.rows(),
                                  options_.max_returned_stream_errors};
  const auto accepted_bytes = slice.line_bytes() - late_bytes;
  const auto rate = static_cast<double>(limits.per_stream_rate_limit);
  const auto burst = static_cast<double>(limits.per_stream_rate_limit_burst);
  if (row.bucket.burst() == 0) row.bucket = token_bucket(rate, burst);
  row.bucket.configure(rate, burst, now);
  row.last_use = now;
  if (limits.per_stream_rate_limit > 0 &&
      !row.bucket.try_take(static_cast<double>(accepted_bytes), now)) {
    out.drops.push_back({number, 0, static_cast<std::uint32_t>(slice.rows())});
    out.rejected.push_back(reject_rate_limited(context, slice, limits.per_stream_rate_limit));
    return;
  }
  row.highest_ns = highest;
  out.accepted_lines += slice.rows() - late.size();
  out.accepted_bytes += accepted_bytes;
  if (late.empty()) return;
  out.rejected.push_back(reject_late(context, late, late_bytes));
  out.drops.insert(out.drops.end(), drops.begin(), drops.end());
}

// Two look-ups in a table of all streams per slice would be a good part of a push of many streams.
row_index shard_core::row_for(std::uint32_t tenant, const stream_slice& slice, row_index hint) {
  if (hint < rows_.size()) {
    const auto& row = rows_[hint];
    if (row.info && row.tenant == tenant && row.fingerprint == slice.fingerprint) return hint;
  }
  const auto row = find_row(tenant, slice.fingerprint);
  if (row != no_row) return row;
  auto info = make_stream(slice.canonical_labels);
  // Admission refuses such slices: this is a record of another version.
  if (!info.ok() || (*info)->fingerprint != slice.fingerprint) return no_row;
  tenants_[tenant].counts->try_add_stream(0);
  return make_row(tenant, std::move(info).value());
}

void shard_core::commit(const durable_frame_ptr& from, std::span<const std::uint32_t> slices,
                        std::span<const row_index> hints, std::span<const row_drop> drops,
                        time_point now, std::vector<row_index>& ready) {
  committed_through_ = std::max(committed_through_, from->sequence);
  const auto& frame = *from->frame;
  const auto tenant = tenant_index(frame.tenant());
  auto drop = drops.begin();
  const auto live_before = live_bytes_;
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const auto number = slices[i];
    const auto& slice = frame.slices()[number];
    const auto row = row_for(tenant, slice, hints.empty() ? no_row : hints[i]);
    if (row == no_row) continue;
    std::uint32_t next = 0;
    while (drop != drops.end() && drop->slice < number) ++drop;
    for (; drop != drops.end() && drop->slice == number; ++drop) {
      if (drop->first_row > next) {
        commit_rows(row, {from, number, next, drop->first_row - next}, now, ready);
      }
      next = drop->first_row + drop->row_count;
    }
    const auto rows = static_cast<std::uint32_t>(slice.rows());
    if (next < rows) commit_rows(row, {from, number, next, rows - next}, now, ready);
  }
  node_->unflushed_bytes.fetch_add(live_bytes_ - live_before, std::memory_order_relaxed);
  if (from->is_dense()) return;
  pinned_bytes_ += frame.bytes().size();
  if (pinned_bytes_ > options_.pinned_bytes_max / options_.shards) {
    const auto all = take_dirty();
    ready.insert(ready.end(), all.begin(), all.end());
  }
}

void shard_core::commit_rows(row_index index, slice_ref rows, time_point now,
                             std::vector<row_index>& ready) {
  auto& row = rows_[index];
  if (row.phase == row_phase::quarantined) {
    // It was admitted before: acknowledged, and in the log only.
    auto& unkept = unkept_[index];
    unkept.wanted_through = std::max(unkept.wanted_through, rows.sequence());
    unkept.lost.add(rows);
    return;
  }
  row.last_use = now;
  row.highest_ns = std::max(row.highest_ns, rows.max_timestamp_ns());
  row.live.add(rows);
  const auto stored_bytes = rows.stored_bytes();
  const auto bytes = static_cast<std::int64_t>(stored_bytes) +
                     row_overhead_bytes * static_cast<int>(rows.row_count);
  live_bytes_ += bytes;
  if (oldest_live_ == time_point::max()) oldest_live_ = now;
  const bool dense = rows.source->is_dense();
  const auto hand_over_bytes = dense ? options_.hand_over_held_bytes : options_.hand_over_bytes;
  if (row.phase == row_phase::restoring && dense) {
    // Rows may wait here while the log cannot be read; held frames would stop all pushes then.
    const auto& held = *rows.source;
    rows.source = std::make_shared<const durable_frame>(
        durable_frame{held.frame, held.sequence, nullptr, nullptr});
  }
  if (row.pending.capacity() == 0) row.pending.reserve(pending_slices);
  row.pending.push_back(std::move(rows));
  row.pending_bytes += static_cast<std::uint32_t>(stored_bytes);
  if (row.phase == row_phase::restoring) return;
  if (row.pending_bytes >= hand_over_bytes) {
    ready.push_back(index);
  } else if (!dense && !row.dirty) {
    row.dirty = true;
    dirty_.push_back(index);
  }
}

std::vector<slice_ref> shard_core::take_pending(row_index index) {
  auto& row = rows_[index];
  if (row.phase == row_phase::restoring) return {};
  row.pending_bytes = 0;
  return std::exchange(row.pending, {});
}

std::vector<row_index> shard_core::take_dirty() {
  pinned_bytes_ = 0;
  auto taken = std::exchange(dirty_, {});
  std::erase_if(taken, [this](row_index row) {
    rows_[row].dirty = false;
    return rows_[row].pending.empty();
  });
  return taken;
}

// --- reads ---------------------------------------------------------------------------------------

std::vector<row_index> shard_core::select(std::string_view tenant,
                                          const std::vector<label_matcher>& matchers,
                                          const time_range& range) const {
  const auto found = tenant_numbers_.find(tenant);
  if (found == tenant_numbers_.end()) return {};
  auto rows = tenants_[found->second].postings.candidates(matchers);
  std::erase_if(rows, [&](row_index index) {
    const auto& row = rows_[index];
    bool overlaps = row.live.rows > 0 && range.overlaps(row.live.min_ns, row.live.max_ns);
    for (const auto& piece : row.sealed) {
      overlaps = overlaps || range.overlaps(piece->min_timestamp_ns, piece->max_timestamp_ns);
    }
    if (const auto* coming = awaited(index)) {
      overlaps = overlaps || (coming->rows > 0 && range.overlaps(coming->min_ns, coming->max_ns));
    }
    return !overlaps || !matches_all(matchers, row.info->labels);
  });
  return rows;
}

unflushed_stream shard_core::describe(row_index index, bool live) const {
  const auto& row = rows_[index];
  unflushed_stream out;
  out.stream = row.info;
  const auto add = [&out](const extent& some) {
    if (some.rows > 0) out.add_buffer(some.rows, some.line_bytes, some.min_ns, some.max_ns);
  };
  if (live) add(row.live);
  if (const auto* coming = awaited(index)) add(*coming);
  for (const auto& piece : row.sealed) {
    out.add_buffer(piece->rows, piece->line_bytes(), piece->min_timestamp_ns,
                   piece->max_timestamp_ns);
  }
  return out;
}

std::span<const head_snapshot_ptr> shard_core::sealed_pieces(row_index row) const {
  return rows_[row].sealed;
}

bool shard_core::has_live(row_index row) const {
  return rows_[row].live.rows > 0;
}

bool shard_core::is_small_part(std::span<const row_index> rows) const {
  std::int64_t all = live_bytes_ + sealing_.bytes;
  for (const auto& [id, set] : kept_) all += set.bytes;
  std::int64_t part = 0;
  for (const auto row : rows) {
    const auto unflushed = describe(row);
    part += static_cast<std::int64_t>(unflushed.line_bytes + row_overhead_bytes * unflushed.lines);
  }
  return part <= all / 4;
}

std::string shard_core::first_flush_here() const {
  // Flushes end in order. Live rows may be flushed before the reader asks the index; whatever else
  // those flushes hold came after this call.
  return flush_name(name_prefix_, kept_.empty() ? last_sealed_id_ + 1 : kept_.begin()->first);
}

std::vector<std::string> shard_core::unreadable(std::string_view tenant,
                                                const std::vector<label_matcher>& matchers,
                                                const time_range& range) const {
  std::vector<std::string> texts;
  std::size_t more = 0;
  for (const auto& [index, entries] : unkept_) {
    const auto& row = rows_[index];
    if (entries.lost.rows == 0 || tenants_[row.tenant].name != tenant ||
        !range.overlaps(entries.lost.min_ns, entries.lost.max_ns) ||
        !matches_all(matchers, row.info->labels)) {
      continue;
    }
    if (texts.size() >= unreadable_listed_max) {
      ++more;
      continue;
    }
    texts.push_back(fmt::format("up to {} entries of stream {} are left out: it is in quarantine",
                                entries.lost.rows, row.info->canonical_labels));
  }
  if (more > 0) texts.push_back(fmt::format("{} more streams in quarantine are left out", more));
  return texts;
}

// --- streams' lives ------------------------------------------------------------------------------

void shard_core::begin_restore(row_index index) {
  auto& row = rows_[index];
  if (row.phase != row_phase::restoring) ++restoring_rows_;
  row.phase = row_phase::restoring;
  row.pending.clear();
  row.pending_bytes = 0;
}

void shard_core::end_restore(row_index index) {
  auto& row = rows_[index];
  if (row.phase != row_phase::restoring) return;
  row.phase = row_phase::live;
  --restoring_rows_;
}

void shard_core::quarantine(row_index index) {
  auto& row = rows_[index];
  if (row.phase == row_phase::quarantined) return;
  if (row.phase == row_phase::restoring) --restoring_rows_;
  auto& unkept = unkept_[index];
  unkept.kept_through = unkept.ordered_through = row_sealed_through(index);
  unkept.wanted_through = committed_through_;
  unkept.lost = row.live;
  if (awaits_seal(index)) unkept.lost.add(sealing_.waiting[index]);
  row.phase = row_phase::quarantined;
  row.pending.clear();
  row.pending_bytes = 0;
  row.live = {};
  node_->quarantined.fetch_add(1, std::memory_order_relaxed);
}

void shard_core::set_flushed(std::uint64_t sequence, std::uint64_t flush_id) {
  sealed_through_ = std::max(sealed_through_, sequence);
  committed_through_ = std::max(committed_through_, sequence);
  last_sealed_id_ = std::max(last_sealed_id_, flush_id);
}

bool shard_core::is_idle(const stream_row& row, time_point now) const {
  return row.info && row.phase == row_phase::live && row.live.rows == 0 && row.pending.empty() &&
         row.sealed.empty() && !row.dirty && now - row.last_use > options_.stream_idle;
}

void shard_core::sweep_tenants() {
  std::vector<bool> used(tenants_.size());
  for (const auto& row : rows_) {
    if (row.info) used[row.tenant] = true;
  }
  for (std::uint32_t number = 0; number < tenants_.size(); ++number) {
    if (used[number] || !tenants_[number].counts) continue;
    tenant_numbers_.erase(tenants_[number].name);
    tenants_[number] = {};
    free_tenants_.push_back(number);
  }
  node_->forget_unused_counts();
}

std::vector<row_index> shard_core::sweep(time_point now) {
  std::vector<row_index> gone;
  if (sealing_.active) return gone;
  std::set<std::uint32_t> changed;
  for (row_index index = 0; index < rows_.size(); ++index) {
    auto& row = rows_[index];
    if (!is_idle(row, now)) continue;
    by_stream_.erase({row.tenant, row.info->fingerprint});
    tenants_[row.tenant].counts->streams.fetch_sub(1, std::memory_order_relaxed);
    node_->streams.fetch_sub(1, std::memory_order_relaxed);
    changed.insert(row.tenant);
    row.info = nullptr;
    free_.push_back(index);
    gone.push_back(index);
  }
  sweep_tenants();
  // Removing single rows from posting lists would be quadratic: build them anew.
  for (const auto number : changed) tenants_[number].postings.clear();
  if (changed.empty()) return gone;
  for (row_index index = 0; index < rows_.size(); ++index) {
    const auto& row = rows_[index];
    if (row.info && changed.contains(row.tenant)) {
      tenants_[row.tenant].postings.add(index, row.info->labels);
    }
  }
  return gone;
}

}  // namespace skald
