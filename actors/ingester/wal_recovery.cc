// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/wal_recovery.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "runtime/base/log.h"
#include "storage/chunk/pack_reader.h"
#include "storage/wal/wal_checkpoint.h"

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

result<opened_wal> open_wal(wal_opening what, file_system& files, const clock& time) {
  const auto& directory = what.directory;
  auto& options = what.options;
  opened_wal opened;
  std::set<std::string> packs;
  std::uint64_t from_sequence = 1;
  std::string checkpoint_damage;
  auto checkpoint = read_checkpoint(directory, files);
  if (checkpoint.ok()) {
    SKALD_TRY_ASSIGN(auto record, decode_checkpoint(checkpoint->bytes));
    opened.progress = std::move(record.progress);
    packs.insert(record.unshipped_packs.begin(), record.unshipped_packs.end());
    from_sequence = checkpoint->sequence;
    if (checkpoint->from_former)
      checkpoint_damage = "checkpoint is damaged, the former one was used";
  } else if (checkpoint.error().code == errc::corrupt) {
    // The log alone tells what of its own entries is in packs: a flushed record is always behind
    // the entries it speaks of. Only the list of packs that no shipped index file has is lost.
    checkpoint_damage =
        "checkpoint is damaged and there is none before it: packs may be missing from the index (" +
        checkpoint.error().message + ")";
  } else if (checkpoint.error().code != errc::not_found) {
    return std::move(checkpoint).error();
  }
  const auto visit = [&](const wal_record& record) -> result<void> {
    if (record.type != wal_record_type::flushed) return {};
    auto flushed = decode_flushed(record.body);
    if (!flushed.ok()) return std::move(flushed).error();
    opened.progress.set(flushed->shard_count, flushed->shard, flushed->sequence);
    for (const auto& pack : flushed->packs) packs.insert(pack.key);
    return {};
  };
  replay_options replay;
  replay.lane = options.lane;
  replay.from_sequence = from_sequence;
  replay.unreadable_is_damage = what.unreadable_is_damage;
  SKALD_TRY_ASSIGN(const auto summary, wal_replay(directory, files, visit, replay));
  opened.note = damage_note(summary, checkpoint_damage);
  const auto start = wal_start_after(summary, from_sequence);
  options.incarnation = std::max(options.incarnation, summary.last_incarnation + 1);
  SKALD_TRY_ASSIGN(opened.writer, wal_writer::open(directory, options, files, time, start));
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
  const auto pass_over = [&out](const error& why) {
    ++out.damaged;
    log_error("recovery", "entries record passed over", {log_field(why)});
    return result<void>();
  };
  const auto read = [&](const wal_record& record) -> result<void> {
    if (record.type != wal_record_type::entries) return {};
    auto entries = decode_entries(record.body);
    if (!entries.ok()) return pass_over(entries.error());
    auto frame = push_frame::parse(entries->frame_bytes);
    if (!frame.ok()) return pass_over(frame.error());
    return take({record.sequence, std::move(*frame), std::move(entries->drops)});
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
