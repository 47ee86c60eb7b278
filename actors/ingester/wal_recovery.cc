// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/wal_recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "runtime/base/log.h"
#include "storage/chunk/pack_reader.h"
#include "storage/wal/wal_checkpoint.h"
#include "storage/wal/wal_lookahead.h"

namespace skald {
namespace {

// Rows that go into the index in one transaction.
constexpr std::size_t index_rows_per_add = 20'000;

std::string damage_note(const replay_summary& summary, std::string_view checkpoint) {
  std::string note;
  if (summary.lost_bytes > 0 || summary.lost_records > 0) {
    note =
        fmt::format("write-ahead log is damaged: {} bytes, {} records lost, {} segments copied",
                    summary.lost_bytes, summary.lost_records, summary.quarantined_segments.size());
  }
  if (!checkpoint.empty()) {
    if (!note.empty()) note += "; ";
    note += checkpoint;
  }
  return note;
}

// What the checkpoint says.
struct known_state {
  checkpoint_record record;
  std::uint64_t from_sequence = 1;
  std::string damage;  // for people
};

result<known_state> read_known(const std::string& directory, file_system& files) {
  known_state known;
  auto checkpoint = read_checkpoint(directory, files);
  if (checkpoint.ok()) {
    SKALD_TRY_ASSIGN(known.record, decode_checkpoint(checkpoint->bytes));
    known.from_sequence = checkpoint->sequence;
    if (checkpoint->from_former) known.damage = "checkpoint is damaged, the former one was used";
  } else if (checkpoint.error().code == errc::corrupt) {
    // The log alone tells what of its own entries is in packs: a flushed record is always behind
    // the entries it speaks of. Only the list of packs that no shipped index file has is lost.
    known.damage =
        "checkpoint is damaged and there is none before it: packs may be missing from the index (" +
        checkpoint.error().message + ")";
  } else if (checkpoint.error().code != errc::not_found) {
    return std::move(checkpoint).error();
  }
  return known;
}

// The frame stays where it was read into.
result<read_frame> frame_of(const wal_record& record) {
  SKALD_TRY_ASSIGN(auto entries, decode_entries(record.body));
  SKALD_TRY_ASSIGN(auto frame, push_frame::parse_in_place(entries.frame_bytes, record.owner));
  return read_frame{record.sequence, std::move(frame), std::move(entries.drops)};
}

void pass_over(const error& why, std::uint64_t& damaged) {
  ++damaged;
  log_error("recovery", "entries record passed over", {log_field(why)});
}

result<void> index_pack(const std::string& key, object_store& store, index_catalog& index) {
  auto opened = pack_reader::open(store, key);
  if (!opened.ok()) return std::move(opened).error();
  const auto& reader = **opened;
  std::vector<stream_ptr> streams;  // keeps the labels that rows point into
  std::vector<index_row> rows;
  for (std::uint32_t entry = 0; entry < reader.chunk_count(); ++entry) {
    SKALD_TRY_ASSIGN(auto stream, reader.stream(entry));
    rows.push_back({stream->canonical_labels, reader.chunk(entry)});
    streams.push_back(std::move(stream));
    if (rows.size() < index_rows_per_add && entry + 1 < reader.chunk_count()) continue;
    SKALD_TRY(index.add(reader.info().identity.tenant, rows));
    rows.clear();
    streams.clear();
  }
  return {};
}

}  // namespace

result<opened_wal> open_wal(wal_opening what, file_system& files, const clock& time,
                            wal_start_visitor& out) {
  SKALD_TRY_ASSIGN(const auto known, read_known(what.directory, files));
  for (const auto& [shard, sequence] : known.record.progress.all()) {
    out.flushed(shard.first, shard.second, sequence);
  }
  opened_wal opened;
  std::set<std::string> packs(known.record.unshipped_packs.begin(),
                              known.record.unshipped_packs.end());
  const auto take_flushed = [&](const flushed_record& flushed) {
    out.flushed(flushed.shard_count, flushed.shard, flushed.sequence);
    for (const auto& pack : flushed.packs) packs.insert(pack.key);
  };
  for (const auto& record : find_wal_records(what.directory, what.options.lane, files,
                                             wal_record_type::flushed, known.from_sequence)) {
    if (const auto flushed = decode_flushed(record.body); flushed.ok()) take_flushed(*flushed);
  }
  out.begin();
  const auto visit = [&](const wal_record& record) -> result<void> {
    if (record.type == wal_record_type::flushed) {
      SKALD_TRY_ASSIGN(const auto flushed, decode_flushed(record.body));
      take_flushed(flushed);
    } else if (record.type == wal_record_type::entries && record.sequence > out.skip_through()) {
      auto frame = frame_of(record);
      if (frame.ok()) {
        out.take(std::move(*frame));
      } else {
        pass_over(frame.error(), opened.damaged);
      }
    }
    return {};
  };
  replay_options replay;
  replay.lane = what.options.lane;
  replay.from_sequence = known.from_sequence;
  replay.unreadable_is_damage = what.unreadable_is_damage;
  replay.progress = what.progress;
  SKALD_TRY_ASSIGN(const auto summary, wal_replay(what.directory, files, visit, replay));
  opened.note = damage_note(summary, known.damage);
  const auto start = wal_start_after(summary, known.from_sequence);
  what.options.incarnation = std::max(what.options.incarnation, summary.last_incarnation + 1);
  SKALD_TRY_ASSIGN(opened.writer,
                   wal_writer::open(what.directory, what.options, files, time, start));
  opened.next_sequence = start.next_sequence;
  opened.packs.assign(packs.begin(), packs.end());
  return opened;
}

result<std::uint64_t> index_packs(const std::vector<std::string>& pack_keys, object_store& store,
                                  index_catalog& index) {
  std::uint64_t damaged = 0;
  for (const auto& key : pack_keys) {
    auto added = index_pack(key, store, index);
    if (added.ok()) continue;
    if (added.error().code == errc::corrupt) {
      log_error("recovery", "flushed pack is damaged, entries of it may not be found",
                {{"pack", key}, log_field(added.error())});
      ++damaged;
      continue;
    }
    if (added.error().code != errc::not_found) return added.error();
    log_warn("recovery", "flushed pack is gone, it must have been compacted", {{"pack", key}});
  }
  return damaged;
}

result<void> read_frames(const frame_reading& what, file_system& files,
                         const std::function<result<void>(read_frame)>& take, frames_read& out) {
  if (what.after >= what.through) return {};
  bool finished = false;
  const auto read = [&](const wal_record& record) -> result<void> {
    if (record.type != wal_record_type::entries) return {};
    auto frame = frame_of(record);
    if (frame.ok()) return take(std::move(*frame));
    pass_over(frame.error(), out.damaged);
    return {};
  };
  const auto visit = [&](const wal_record& record) -> result<void> {
    const auto reached = std::min(record.sequence - 1, what.through);
    if (out.reached != 0 && reached > out.reached) out.missing += reached - out.reached;
    out.reached = std::max(out.reached, reached);
    if (record.sequence > what.through) {
      finished = true;
      return error{errc::cancelled, "all records read"};
    }
    SKALD_TRY(read(record));
    out.reached = record.sequence;
    return {};
  };
  replay_options replay;
  replay.lane = what.lane;
  replay.from_sequence = what.after + 1;
  replay.unreadable_is_damage = what.unreadable_is_damage;
  replay.progress = what.progress;
  const auto summary = wal_replay(what.directory, files, visit, replay);
  if (!summary.ok() && !finished) return summary.error();
  if (out.reached < what.through) out.missing += what.through - std::max(out.reached, what.after);
  out.reached = what.through;
  return {};
}

}  // namespace skald
