// SPDX-License-Identifier: Apache-2.0
// Decides what a shard does: admission of slices (late entries, rate per stream, number of
// streams), rows by stream, hand-over of committed slices in runs, and which buffers are sealed for
// a flush. Pure: no actors, no I/O, no clock. Owned by one shard actor; not thread-safe (node_state
// is).
//
// A row's entries are in one of four places: pending here, in its stream's open buffers ("live"),
// in sealed buffers of a flush under way (kept here until it is done), or in packs. WAL records up
// to sealed_through() are in one of the latter two.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/ingester/head_snapshot.h"
#include "actors/ingester/ingester_interface.h"
#include "actors/ingester/ingester_options.h"
#include "actors/ingester/label_postings.h"
#include "actors/ingester/node_state.h"
#include "actors/ingester/slice_ref.h"
#include "runtime/limits/tenant_limits.h"
#include "runtime/limits/token_bucket.h"

namespace skald {

using row_index = std::uint32_t;

// What one shard says to its part of a push.
struct admission {
  // The row of each slice, a hint for commit(): a row may be forgotten in between.
  std::vector<row_index> rows;
  std::vector<row_drop> drops;  // by slice and row
  std::vector<stream_rejection> rejected;
  std::uint64_t accepted_lines = 0;
  std::uint64_t accepted_bytes = 0;
};

// The buffers of one flush of one shard.
struct sealed_set {
  std::uint64_t flush_id = 0;
  std::uint64_t sequence = 0;  // the WAL up to here is in this set or in earlier packs
  std::int64_t bytes = 0;      // as they count in node_state
  std::map<std::string, std::vector<head_snapshot_ptr>> by_tenant;
};
using sealed_set_ptr = std::shared_ptr<const sealed_set>;

enum class row_phase : std::uint8_t { live, restoring, quarantined };

class shard_core {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // `name_prefix` begins the names of this shard's flushes.
  shard_core(ingester_options options, std::shared_ptr<node_state> node, std::string name_prefix);
  ~shard_core();
  shard_core(const shard_core&) = delete;
  shard_core& operator=(const shard_core&) = delete;

  // --- writes
  // Judges the given slices of a frame. Makes rows for new streams. `stream_limit` is this node's
  // share for the tenant, 0 none. `replay` admits everything.
  admission admit(const push_frame& frame, std::span<const std::uint32_t> slices,
                  const tenant_limits& limits, std::int64_t stream_limit, time_point now);
  // Takes durable slices without their dropped rows. Appends to `ready` the rows whose pending
  // entries must go to their streams now.
  // `hints` are admission::rows, or empty.
  void commit(const durable_frame_ptr& from, std::span<const std::uint32_t> slices,
              std::span<const row_index> hints, std::span<const row_drop> drops, time_point now,
              std::vector<row_index>& ready);
  // The row's pending slices, which the caller hands over. Nothing while it is being restored.
  std::vector<slice_ref> take_pending(row_index row);
  // All rows with pending slices of frames that are not kept.
  std::vector<row_index> take_dirty();

  // --- reads
  // Rows whose unflushed entries may match and overlap the range.
  std::vector<row_index> select(std::string_view tenant, const std::vector<label_matcher>& matchers,
                                const time_range& range) const;
  // What is in open buffers counts as committed, duplicates too; with `live` false not at all.
  unflushed_stream describe(row_index row, bool live = true) const;
  // Whether the row's open buffers may hold less than was committed.
  bool may_have_duplicates(row_index row) const { return rows_[row].live.may_repeat; }
  std::span<const head_snapshot_ptr> sealed_pieces(row_index row) const;
  bool has_live(row_index row) const;
  // Whether the rows have at most a quarter of what is unflushed here.
  bool is_small_part(std::span<const row_index> rows) const;
  // The name of the first flush whose entries are all here, or came after this call: that one and
  // all later ones of this shard.
  std::string first_flush_here() const;
  // What quarantined streams of the tenant had that cannot be read now, a text for people each.
  std::vector<std::string> unreadable(std::string_view tenant,
                                      const std::vector<label_matcher>& matchers,
                                      const time_range& range) const;
  bool is_sealing() const { return sealing_.active; }
  // Between begin_seal and its end reads of a row must wait when its pieces are on their way.
  bool awaits_pieces(row_index row) const { return awaited(row) != nullptr; }

  // --- flush
  // Everything committed so far (the WAL up to `sequence`) goes into flush `id`. Returns the rows
  // whose streams must be asked for their buffers; each answers by add_sealed. One at a time.
  std::vector<row_index> begin_seal(std::uint64_t id, std::uint64_t sequence);
  void add_sealed(row_index row, std::vector<head_snapshot_ptr> pieces);
  // Whether the row's buffers are still awaited: it must be asked (again) once it is restored.
  bool awaits_seal(row_index row) const;
  // The complete set, once; null while rows are awaited or nothing is being sealed.
  sealed_set_ptr take_sealed_set();
  // The set is in packs and in the index.
  void drop_sealed(std::uint64_t id);
  std::uint64_t sealed_through() const { return sealed_through_; }
  std::uint64_t seal_sequence() const { return sealing_.sequence; }
  std::uint64_t committed_through() const { return committed_through_; }
  // What former lives of the shard have done: entries up to `sequence` are in packs, flushes up to
  // `flush_id` are over.
  void set_flushed(std::uint64_t sequence, std::uint64_t flush_id);

  // --- streams' lives
  const stream_ptr& stream(row_index row) const { return rows_[row].info; }
  std::string_view tenant(row_index row) const;
  row_phase phase(row_index row) const { return rows_[row].phase; }
  // The row's stream died: pending slices are forgotten, as they come again from the WAL up to
  // committed_through(); later ones wait for end_restore.
  void begin_restore(row_index row);
  void end_restore(row_index row);
  // The row's entries up to here are in sealed buffers or packs; those behind it are in the log.
  std::uint64_t row_sealed_through(row_index row) const;
  // The row's stream is given up. Its entries in the log, also those that are committed from now on
  // (they were admitted before), must be kept for people before the log is released: seals wait
  // for kept().
  void quarantine(row_index row);
  struct keep_order {
    row_index row = 0;
    std::uint64_t after = 0;
    std::uint64_t through = 0;
  };
  // Entries of quarantined rows that must be kept now, each once; with `all` also those that no
  // seal waits for yet.
  std::vector<keep_order> take_keep_orders(bool all);
  void kept(row_index row, std::uint64_t through);
  std::size_t restoring_rows() const { return restoring_rows_; }

  // Forgets rows that were idle for options.stream_idle, and tenants without rows. Returns the
  // rows: their streams end.
  std::vector<row_index> sweep(time_point now);
  std::size_t row_count() const { return by_stream_.size(); }
  // When the oldest live entry was committed; max() when there is none.
  time_point oldest_live() const { return oldest_live_; }
  std::int64_t live_bytes() const { return live_bytes_; }

  // Aborts when the state contradicts itself. For tests.
  void check_invariants() const;

 private:
  struct extent {
    std::uint64_t rows = 0;
    std::uint64_t line_bytes = 0;
    std::int64_t min_ns = 0;
    std::int64_t max_ns = 0;
    bool may_repeat = false;  // not every row is later than those that came before it
    void add(const slice_ref& slice);
    void add(const extent& other);
  };
  struct stream_row {
    stream_ptr info;  // null: free
    stream_fingerprint fingerprint;
    std::uint32_t tenant = 0;
    row_phase phase = row_phase::live;
    std::int64_t highest_ns = INT64_MIN;
    time_point last_use{};
    token_bucket bucket{0, 0};
    extent live;
    std::vector<slice_ref> pending;
    std::uint32_t pending_bytes = 0;
    bool dirty = false;
    std::vector<head_snapshot_ptr> sealed;
    std::vector<std::uint64_t> sealed_ids;  // of `sealed`, one each
  };
  struct tenant_rows {
    std::string name;
    label_postings postings;
    std::shared_ptr<tenant_counts> counts;
  };
  struct stream_key {
    std::uint32_t tenant;
    stream_fingerprint fingerprint;
    friend bool operator==(const stream_key&, const stream_key&) = default;
  };
  struct stream_key_hash {
    using is_avalanching = void;
    std::size_t operator()(const stream_key& k) const {
      return k.fingerprint.low ^ (std::size_t{k.tenant} * 0x9E3779B97F4A7C15ULL);
    }
  };
  struct seal_state {
    bool active = false;
    std::uint64_t id = 0;
    std::uint64_t sequence = 0;
    std::int64_t bytes = 0;
    std::map<row_index, extent> waiting;  // with what they had
  };
  // A quarantined row's entries in the log.
  struct unkept_entries {
    std::uint64_t kept_through = 0;
    std::uint64_t wanted_through = 0;
    std::uint64_t ordered_through = 0;
    extent lost;  // what readers miss
  };
  struct kept_set {
    std::vector<row_index> rows;
    std::int64_t bytes = 0;
    std::int64_t buffers = 0;
  };

  std::uint32_t tenant_index(std::string_view tenant);
  void sweep_tenants();
  // The caller has counted the stream in the tenant's counts.
  row_index make_row(std::uint32_t tenant, stream_ptr info);
  row_index find_row(std::uint32_t tenant, const stream_fingerprint& fingerprint) const;
  row_index row_for(std::uint32_t tenant, const stream_slice& slice, row_index hint);
  void find_rows(const push_frame& frame, std::span<const std::uint32_t> slices,
                 std::uint32_t tenant, std::span<row_index> rows) const;
  struct found_row {
    std::uint32_t tenant;
    row_index row;
  };
  row_index admit_slice(const push_frame& frame, std::uint32_t slice, found_row found,
                        const tenant_limits& limits, std::int64_t stream_limit, time_point now,
                        admission& out);
  void admit_rows(stream_row& row, const push_frame& frame, std::uint32_t slice,
                  const tenant_limits& limits, time_point now, admission& out);
  void commit_rows(row_index row, slice_ref rows, time_point now, std::vector<row_index>& ready);
  bool is_idle(const stream_row& row, time_point now) const;
  bool must_be_kept(const unkept_entries& entries) const;
  // What the row's pieces hold that are on their way; null when there are none.
  const extent* awaited(row_index row) const;

  const ingester_options options_;
  const std::shared_ptr<node_state> node_;
  const std::string name_prefix_;
  std::vector<stream_row> rows_;
  std::vector<row_index> free_;
  boost::unordered_flat_map<stream_key, row_index, stream_key_hash> by_stream_;
  std::vector<tenant_rows> tenants_;
  std::vector<std::uint32_t> free_tenants_;
  std::map<std::string, std::uint32_t, std::less<>> tenant_numbers_;
  std::vector<row_index> dirty_;
  std::uint64_t pinned_bytes_ = 0;
  std::int64_t live_bytes_ = 0;
  time_point oldest_live_ = time_point::max();
  seal_state sealing_;
  std::map<std::uint64_t, kept_set> kept_;
  std::map<row_index, unkept_entries> unkept_;  // of quarantined rows
  std::uint64_t last_sealed_id_ = 0;            // also of former lives of the shard
  std::uint64_t sealed_through_ = 0;
  std::uint64_t committed_through_ = 0;
  std::size_t restoring_rows_ = 0;
};

// "<node>-<incarnation, 16 hex digits>-<shard>": the origin of the packs of a shard.
std::string shard_origin(const ingester_options& options, std::uint32_t shard);
// "<origin>-<flush id, 16 hex digits>": equals pack_flush_name() of the keys of that flush.
std::string flush_name(std::string_view origin, std::uint64_t flush_id);

}  // namespace skald
