// SPDX-License-Identifier: Apache-2.0
// Encodes one segment: gathers its rows into columns and appends their sections. Lines are stored
// by shape where that pays, else plain. Context: one thread at a time; keeps its column memory for
// the next segment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/model/log_block.h"
#include "storage/chunk/chunk_directory.h"
#include "storage/chunk/metadata_codec.h"
#include "storage/chunk/segment_plan.h"
#include "storage/chunk/structured/app_experience.h"
#include "storage/chunk/structured/structured_writer.h"
#include "storage/chunk/timestamp_codec.h"

namespace skald {

class segment_writer {
 public:
  explicit segment_writer(column_use columns = column_use::never) : columns_(columns) {}

  // Copies the rows of a segment of the plan into columns. The views below stay valid until the
  // next call. Errors: invalid_argument when a line does not end in a newline.
  result<void> gather(const segment_plan& plan, const planned_segment& planned);

  std::string_view lines() const { return lines_; }
  const metadata_encoder& metadata() const { return metadata_encoder_; }

  // Appends the gathered segment's sections to `out`, of which the first byte will stand at
  // `offset` in the pack, and returns its directory entry without flags. What was learnt of the
  // same app's segments before decides what is tried.
  segment_entry append(std::string_view app, compressor& zstd, std::uint64_t offset,
                       std::string& out);

  // The gathered rows of each run, as the chunk directory lists them for segment number `segment`.
  std::vector<chunk_range> ranges(const planned_segment& planned, std::uint32_t segment) const;

 private:
  static void prefetch_pages(const segment_plan& plan, std::size_t slice);
  static void prefetch_ahead(const segment_plan& plan, std::size_t slice);
  result<void> gather_slice(const row_slice& slice);
  structured_places try_shapes(app_experience& app, compressor& zstd, std::uint64_t offset);
  void append_lines(app_experience& app, compressor& zstd, std::uint64_t offset,
                    segment_entry& entry, std::string& out);

  const column_use columns_;
  structured_writer structured_;
  app_experiences apps_;
  std::string by_shape_;
  std::string plain_;

  timestamp_encoder timestamp_encoder_;
  plane_encoder plane_encoder_;
  metadata_encoder metadata_encoder_;
  std::vector<std::int64_t> timestamps_;
  std::vector<std::uint32_t> run_rows_;
  std::vector<std::uint64_t> lengths_;  // of lines, without newlines
  std::string lines_;
  std::string payload_;
};

}  // namespace skald
