// SPDX-License-Identifier: Apache-2.0
// Encodes the lines of a segment as shapes and typed columns: the sections ROWS, SHAPES, COLDIR and
// COL. Context: one thread at a time; keeps its memory for the next segment. Layout:
// docs/formats/pack_columns.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/chunk/column/column_encoder.h"
#include "storage/chunk/plane_codec.h"
#include "storage/chunk/shape/line_splitter.h"
#include "storage/chunk/structured/column_directory.h"

namespace skald {

// The type that columns took in segments before, by line_splitter::outcome::column_hashes.
using column_hints = std::unordered_map<std::uint64_t, column_type>;

class structured_writer {
 public:
  // Whether any of some lines, spread over all, has a shape. Text without shapes is told by this
  // for a small part of what split() costs. Forgets the rows last split.
  bool sample_has_shapes(std::string_view lines, std::span<const std::uint64_t> lengths);

  // `lines` are all lines, each followed by '\n'; `lengths` those of the lines without it. They
  // must stay valid until append(). Returns how many rows have a shape.
  std::size_t split(std::string_view lines, std::span<const std::uint64_t> lengths);

  // Appends the sections of the rows last split, of which the first byte will stand at `offset` in
  // the pack. `hints` are used and kept up to date.
  structured_places append(std::span<const std::int64_t> timestamps_ns, compressor& zstd,
                           column_hints& hints, std::uint64_t offset, std::string& out);

 private:
  void encode_columns(const line_splitter::outcome& parts,
                      std::span<const std::int64_t> timestamps_ns, compressor& zstd,
                      column_hints& hints);
  void append_columns(compressor& zstd, std::string& out);

  line_splitter splitter_;
  column_encoder encoder_;
  plane_encoder planes_;
  std::string_view lines_;
  std::span<const std::uint64_t> lengths_;
  // Of the segment at hand.
  column_directory directory_;
  std::string payloads_;  // of all columns, one behind the other
  std::string columns_;   // the COL sections
  std::string scratch_;
  std::vector<std::int64_t> times_;
  std::vector<std::uint64_t> shapes_;
};

}  // namespace skald
