// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/flush_packs.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

#include "actors/ingester/head_block.h"
#include "actors/ingester/storable_rows.h"
#include "storage/chunk/pack_format.h"
#include "storage/chunk/prefetch.h"

namespace skald {
namespace {

using day_pieces = std::map<std::int64_t, std::vector<head_snapshot_ptr>>;

// So many slices ahead their entries in the frames are fetched: they lie all over memory.
constexpr std::size_t ahead_slices = 8;

// What a pack is made of: views into snapshots and frames, and the columns that had to be made.
class pack_inputs {
 public:
  // The pieces must outlive the inputs.
  explicit pack_inputs(const std::vector<head_snapshot_ptr>& pieces) {
    for (const auto& piece : pieces) list(piece);
    inputs_.reserve(sources_.size());
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (i + ahead_slices < sources_.size()) prefetch_columns(sources_[i + ahead_slices]);
      add(sources_[i]);
    }
  }

  std::vector<pack_input> take() { return std::move(inputs_); }

 private:
  struct source {
    const head_snapshot_ptr* piece;
    const slice_ref* slice;  // null: all columns of the piece
  };

  void list(const head_snapshot_ptr& piece) {
    for (const auto& slice : piece->slices) sources_.push_back({&piece, &slice});
    if (!piece->is_by_reference()) sources_.push_back({&piece, nullptr});
  }

  static void prefetch_columns(const source& one) {
    if (one.slice == nullptr) return;
    prefetch(&one.slice->columns(), sizeof(stream_slice));
  }

  void add(const source& one) {
    const stream_ptr& stream = (*one.piece)->stream;
    if (one.slice != nullptr) {
      add(stream, *one.slice);
      return;
    }
    columns_.push_back(std::make_unique<sorted_columns>(*one.piece));
    const auto& sorted = *columns_.back();
    inputs_.push_back({stream, sorted.timestamps(), sorted.lines(), sorted.metadata()});
  }

  // Frames were checked when they came in, and slices know what they hold.
  void add(const stream_ptr& stream, const slice_ref& slice) {
    const auto& all = slice.columns();
    const input_facts facts{slice.min_timestamp_ns(), slice.max_timestamp_ns(),
                            slice.stored_bytes() - slice.line_bytes()};
    if (slice.row_count == all.rows()) {
      inputs_.push_back({stream, all.timestamps, all.lines, all.metadata, facts});
      return;
    }
    pack_input part;
    part.stream = stream;
    part.facts = facts;
    part.timestamps = all.timestamps.subspan(slice.first_row, slice.row_count);
    const auto text = all.lines.starts[slice.first_row];
    part.lines = {all.lines.bytes.substr(text, slice.line_bytes()),
                  from_zero(all.lines.starts, slice)};
    if (!all.metadata.empty()) {
      const auto starts = from_zero(all.metadata.starts, slice);
      const auto first_pair = all.metadata.starts[slice.first_row];
      part.metadata = {starts, all.metadata.pairs.subspan(first_pair, starts.back())};
    }
    inputs_.push_back(part);
  }

  // The offsets of the slice's rows, less the first one.
  std::span<const std::uint32_t> from_zero(std::span<const std::uint32_t> starts,
                                           const slice_ref& slice) {
    const auto mine = starts.subspan(slice.first_row, slice.row_count + 1);
    auto& made = starts_.emplace_back(mine.begin(), mine.end());
    for (auto& start : made) start -= mine.front();
    return made;
  }

  std::vector<source> sources_;
  std::vector<pack_input> inputs_;
  std::vector<std::unique_ptr<sorted_columns>> columns_;
  std::deque<std::vector<std::uint32_t>> starts_;  // these stay where they are
};

struct pack_outcome {
  std::optional<written_pack> pack;  // none when no row is left
  std::optional<refused_rows> refused;
};

// When something in there fits into no pack: the pack of the rest.
result<pack_outcome> write_storable(const pack_identity& identity,
                                    const std::vector<head_snapshot_ptr>& pieces,
                                    pack_writer& writer) {
  pack_inputs inputs(pieces);
  SKALD_TRY_ASSIGN(sifted_rows sifted, sift_rows(identity, inputs.take(), writer));
  pack_outcome out;
  if (sifted.refused != nullptr) out.refused = {std::move(sifted.refused), std::move(sifted.why)};
  if (sifted.storable.empty()) return out;
  SKALD_TRY_ASSIGN(out.pack, writer.write(identity, std::move(sifted.storable)));
  return out;
}

result<pack_outcome> write_pack(const pack_identity& identity,
                                std::vector<head_snapshot_ptr> pieces, pack_writer& writer) {
  // Buffers of one stream in order of arrival: of equal timestamps the earlier buffer's come first.
  std::stable_sort(pieces.begin(), pieces.end(), [](const auto& a, const auto& b) {
    return a->first_sequence < b->first_sequence;
  });
  pack_inputs inputs(pieces);
  auto written = writer.write(identity, inputs.take());
  if (written.ok()) return pack_outcome{std::move(written).value(), {}};
  if (written.error().code != errc::invalid_argument) return std::move(written).error();
  return write_storable(identity, pieces, writer);
}

// What goes into one pack each. Mostly that is all: only the labels of very many streams, or of
// very long ones, are too much for one. A stream's pieces stay together.
std::vector<std::vector<head_snapshot_ptr>> split_by_labels(std::vector<head_snapshot_ptr> pieces) {
  std::vector<std::vector<head_snapshot_ptr>> parts(1);
  std::uint64_t bytes = 0;
  for (const auto& piece : pieces) bytes += piece->stream->canonical_labels.size();
  if (bytes <= pack_label_bytes_max && pieces.size() <= pack_streams_max) {
    parts.front() = std::move(pieces);
    return parts;
  }
  std::unordered_map<stream_fingerprint, std::size_t> part_of;
  bytes = 0;
  std::size_t streams = 0;
  for (const auto& piece : pieces) {
    const auto [known, is_new] = part_of.try_emplace(piece->stream->fingerprint, parts.size() - 1);
    if (is_new) {
      const auto more = piece->stream->canonical_labels.size();
      if (streams > 0 && (bytes + more > pack_label_bytes_max || streams == pack_streams_max)) {
        known->second = parts.size();
        parts.emplace_back();
        bytes = streams = 0;
      }
      bytes += more;
      ++streams;
    }
    parts[known->second].push_back(piece);
  }
  return parts;
}

// The index wants each chunk with its stream's labels.
pack_rows rows_of(const std::string& tenant, const std::string& key,
                  const std::vector<head_snapshot_ptr>& pieces, const written_pack& pack) {
  std::unordered_map<stream_fingerprint, stream_ptr> streams;
  for (const auto& piece : pieces) streams.emplace(piece->stream->fingerprint, piece->stream);
  pack_rows rows;
  rows.tenant = tenant;
  rows.chunks.reserve(pack.chunks.size());
  rows.pack_key = key;
  for (const auto& chunk : pack.chunks) {
    rows.chunks.emplace_back(streams.at(chunk.stream), chunk);
  }
  return rows;
}

std::uint64_t rows_before(const std::vector<head_snapshot_ptr>& pieces) {
  std::uint64_t rows = 0;
  for (const auto& piece : pieces) rows += piece->rows + piece->duplicates;
  return rows;
}

}  // namespace

result<flushed_set> flush_packs(const sealed_set& set, const std::string& origin,
                                pack_writer& writer, object_store& store) {
  flushed_set out;
  for (const auto& [tenant, pieces] : set.by_tenant) {
    day_pieces days;
    for (const auto& piece : pieces) days[piece->day].push_back(piece);
    for (auto& [day, of_day] : days) {
      const pack_identity identity{tenant, origin, set.flush_id, set.sequence};
      const auto parts = split_by_labels(std::move(of_day));
      for (std::size_t part = 0; part < parts.size(); ++part) {
        const auto key = pack_object_key(identity, day, part);
        SKALD_TRY_ASSIGN(auto outcome, write_pack(identity, parts[part], writer));
        out.duplicates += rows_before(parts[part]);
        if (outcome.refused) {
          out.duplicates -= outcome.refused->frame->rows();
          outcome.refused->day = day;
          outcome.refused->pack_key = key;
          out.refused.push_back(*std::move(outcome.refused));
        }
        if (!outcome.pack) continue;
        const written_pack& pack = *outcome.pack;
        SKALD_TRY(store.put(key, pack.views()));
        out.packs.push_back({tenant, day, key});
        out.rows.push_back(rows_of(tenant, key, parts[part], pack));
        out.raw_bytes += pack.info.line_bytes;
        out.stored_bytes += pack.bytes;
        out.duplicates -= pack.info.rows;
        out.infos.push_back(pack.info);
      }
    }
  }
  return out;
}

}  // namespace skald
