// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/flush_packs.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>

#include "actors/ingester/head_block.h"

namespace skald {
namespace {

using day_pieces = std::map<std::int64_t, std::vector<head_snapshot_ptr>>;

// What a pack is made of: views into snapshots and frames, and the columns that had to be made.
class pack_inputs {
 public:
  explicit pack_inputs(std::size_t pieces) { inputs_.reserve(pieces); }

  // The piece must outlive the inputs.
  void add(const head_snapshot_ptr& piece) {
    for (const auto& slice : piece->slices) add(piece->stream, slice);
    if (piece->is_by_reference()) return;
    columns_.push_back(std::make_unique<sorted_columns>(piece));
    const auto& sorted = *columns_.back();
    inputs_.push_back({piece->stream, sorted.timestamps(), sorted.lines(), sorted.metadata()});
  }

  std::vector<pack_input> take() { return std::move(inputs_); }

 private:
  void add(const stream_ptr& stream, const slice_ref& slice) {
    const auto& all = slice.columns();
    if (slice.row_count == all.rows()) {
      inputs_.push_back({stream, all.timestamps, all.lines, all.metadata});
      return;
    }
    pack_input part;
    part.stream = stream;
    part.timestamps = all.timestamps.subspan(slice.first_row, slice.row_count);
    const auto text = all.lines.starts[slice.first_row];
    part.lines = {all.lines.bytes.substr(text, slice.line_bytes()),
                  from_zero(all.lines.starts, slice)};
    if (!all.metadata.empty()) {
      part.metadata = {from_zero(all.metadata.starts, slice),
                       all.metadata.pairs.subspan(all.metadata.starts[slice.first_row])};
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

  std::vector<pack_input> inputs_;
  std::vector<std::unique_ptr<sorted_columns>> columns_;
  std::deque<std::vector<std::uint32_t>> starts_;  // these stay where they are
};

result<written_pack> write_pack(const pack_identity& identity,
                                std::vector<head_snapshot_ptr> pieces, pack_writer& writer) {
  // Buffers of one stream in order of arrival: of equal timestamps the earlier buffer's come first.
  std::stable_sort(pieces.begin(), pieces.end(), [](const auto& a, const auto& b) {
    return a->first_sequence < b->first_sequence;
  });
  pack_inputs inputs(pieces.size());
  for (const auto& piece : pieces) inputs.add(piece);
  return writer.write(identity, inputs.take());
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

std::uint64_t duplicates(const std::vector<head_snapshot_ptr>& pieces, const pack_info& pack) {
  std::uint64_t rows = 0;
  for (const auto& piece : pieces) rows += piece->rows + piece->duplicates;
  return rows - pack.rows;
}

}  // namespace

result<flushed_set> flush_packs(const sealed_set& set, const std::string& origin,
                                pack_writer& writer, object_store& store) {
  flushed_set out;
  for (const auto& [tenant, pieces] : set.by_tenant) {
    day_pieces days;
    for (const auto& piece : pieces) days[piece->day].push_back(piece);
    for (const auto& [day, of_day] : days) {
      const pack_identity identity{tenant, origin, set.flush_id, set.sequence};
      SKALD_TRY_ASSIGN(const auto pack, write_pack(identity, of_day, writer));
      const auto key = pack_object_key(identity, day);
      SKALD_TRY(store.put(key, pack.views()));
      out.packs.push_back({tenant, day, key});
      out.rows.push_back(rows_of(tenant, key, of_day, pack));
      out.raw_bytes += pack.info.line_bytes;
      out.stored_bytes += pack.bytes;
      out.duplicates += duplicates(of_day, pack.info);
      out.infos.push_back(pack.info);
    }
  }
  return out;
}

}  // namespace skald
