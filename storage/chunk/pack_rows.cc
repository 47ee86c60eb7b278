// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/pack_rows.h"

#include <limits>

namespace skald {

rows_by_stream rows_of(const std::vector<stream_rows>& streams) {
  rows_by_stream rows;
  for (const stream_rows& stream : streams) {
    auto& out = rows[stream.stream()->canonical_labels];
    for (std::size_t i = 0; i < stream.rows(); ++i) {
      out.push_back({stream.timestamp(i), std::string(stream.line(i)), stream.metadata(i)});
    }
  }
  return rows;
}

result<rows_by_stream> read_rows(const block_list& blocks) {
  rows_by_stream rows;
  for (const auto& block : blocks) {
    SKALD_TRY_ASSIGN(const auto timestamps, block->timestamps());
    SKALD_TRY_ASSIGN(const auto lines, block->lines());
    SKALD_TRY_ASSIGN(const auto metadata, block->metadata());
    for (const row_run& run : block->runs()) {
      auto& out = rows[run.stream->canonical_labels];
      const std::size_t end = run.first_row + run.row_count;
      std::uint64_t line_bytes = 0;
      for (std::size_t i = run.first_row; i < end; ++i) {
        pack_row one{timestamps[i], std::string(lines.line(i)), {}};
        for (const metadata_pair& pair : metadata.row(i)) {
          one.metadata.emplace_back(pair.name, pair.value);
        }
        line_bytes += one.line.size();
        out.push_back(std::move(one));
      }
      if (line_bytes != run.line_bytes || timestamps[run.first_row] != run.min_timestamp_ns ||
          timestamps[end - 1] != run.max_timestamp_ns) {
        return error{errc::internal, "a run of " + run.stream->canonical_labels + " is wrong"};
      }
    }
  }
  return rows;
}

result<rows_by_stream> read_rows(const pack_reader& pack) {
  std::vector<chunk_selection> selection;
  for (std::uint32_t i = 0; i < pack.chunk_count(); ++i) selection.push_back({i, nullptr});
  SKALD_TRY_ASSIGN(const block_list blocks,
                   pack.blocks(selection, {std::numeric_limits<std::int64_t>::min(),
                                           std::numeric_limits<std::int64_t>::max()}));
  return read_rows(blocks);
}

}  // namespace skald
