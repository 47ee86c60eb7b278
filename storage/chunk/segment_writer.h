// SPDX-License-Identifier: Apache-2.0
// Encodes one segment: gathers its rows into columns and appends their sections. Plain lines,
// format version 1. Context: one thread at a time; keeps its column memory for the next segment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/model/log_block.h"
#include "storage/chunk/chunk_directory.h"
#include "storage/chunk/metadata_codec.h"
#include "storage/chunk/segment_plan.h"
#include "storage/chunk/timestamp_codec.h"

namespace skald {

class segment_writer {
 public:
  // Copies the rows of a planned segment into columns. The views below stay valid until the next
  // call.
  void gather(const planned_segment& planned);

  std::string_view lines() const { return lines_; }
  metadata_column metadata() const;

  // Appends the gathered segment's sections to `out`, of which the first byte will stand at
  // `offset` in the pack, and returns its directory entry without flags.
  segment_entry append(compressor& zstd, std::uint64_t offset, std::string& out);

  // The gathered rows of each run, as the chunk directory lists them for segment number `segment`.
  std::vector<chunk_range> ranges(const planned_segment& planned, std::uint32_t segment) const;

 private:
  void gather_slice(const row_slice& slice);

  timestamp_encoder timestamp_encoder_;
  plane_encoder plane_encoder_;
  metadata_encoder metadata_encoder_;
  std::vector<std::int64_t> timestamps_;
  std::vector<std::uint32_t> run_rows_;
  std::vector<std::uint64_t> lengths_;  // of lines, without newlines
  std::string lines_;
  std::vector<std::uint32_t> metadata_starts_;
  std::vector<metadata_pair> metadata_pairs_;
  std::string payload_;
};

}  // namespace skald
