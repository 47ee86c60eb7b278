// SPDX-License-Identifier: Apache-2.0
// The tables at the end of a pack: which segments it has and where their sections lie, which rows
// belong to which stream, and who wrote it. Layout: docs/formats/pack.md. parse_* take foreign
// bytes: every count and offset is checked. Errors: corrupt.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/chunk_ref.h"
#include "runtime/model/log_block.h"
#include "storage/chunk/pack_format.h"
#include "storage/chunk/pack_info.h"
#include "storage/chunk/section_codec.h"
#include "storage/chunk/structured/column_directory.h"

namespace skald {

struct segment_entry {
  std::uint32_t rows = 0;
  std::uint8_t flags = 0;
  std::uint64_t line_bytes = 0;  // without newlines
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;
  section_place timestamps;
  section_place lengths;
  section_place lines;           // absent when the lines are stored by shape
  structured_places structured;  // absent when they are plain
  section_place metadata;

  // What the lines take in the pack.
  std::uint64_t stored_line_bytes() const;

  text_flags text() const;
};

struct filter_group_entry {
  std::uint32_t first_segment = 0;
  std::uint32_t segments = 0;
  section_place section;  // absent: the group has no filter
};

// Consecutive rows of one stream in one segment.
struct chunk_range {
  std::uint32_t segment = 0;
  std::uint32_t first_row = 0;
  std::uint32_t rows = 0;
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;
  std::uint64_t line_bytes = 0;
};

struct pack_contents {
  pack_info info;
  std::vector<segment_entry> segments;
  std::vector<filter_group_entry> filter_groups;  // all segments, in order
  std::vector<stream_fingerprint> fingerprints;   // by directory entry
  std::vector<std::uint32_t> range_starts;        // entries + 1 offsets into ranges
  std::vector<chunk_range> ranges;                // of one chunk, by rising segment
  section_place labels;

  std::span<const chunk_range> ranges_of(std::uint32_t entry) const {
    return std::span(ranges).subspan(range_starts[entry],
                                     range_starts[entry + 1] - range_starts[entry]);
  }
  chunk_ref reference(std::uint32_t entry, std::string pack_key) const;
  std::size_t memory_bytes() const;
};

struct pack_trailer {
  std::uint64_t filters_offset = 0;
  std::uint64_t labels_offset = 0;
  std::uint64_t tables_offset = 0;
  std::uint64_t pack_bytes = 0;
};

// `minor` is the version of what the pack holds (docs/formats/pack.md, history).
void append_pack_header(std::uint16_t minor, std::string& out);
// The sections SEGMENTS, FINGERPRINTS, CHUNKS and INFO.
void append_tables(const pack_contents& contents, compressor& zstd, std::string& out);
void append_trailer(const pack_trailer& trailer, std::uint16_t minor, std::string& out);

// `bytes` are the pack's last pack_trailer_bytes; `object_bytes` its size in the store.
result<pack_trailer> parse_trailer(std::string_view bytes, std::uint64_t object_bytes);
// `bytes` are those from tables_offset to the trailer.
result<pack_contents> parse_tables(std::string_view bytes, const pack_trailer& trailer);

// The LABELS section's payload: canonical label text by directory entry.
void append_labels(std::span<const std::string_view> labels, std::string& out);
// The texts point into `payload`. Errors: corrupt; also when there are not `count` texts.
result<std::vector<std::string_view>> parse_labels_table(std::string_view payload,
                                                         std::size_t count);

}  // namespace skald
