// SPDX-License-Identifier: Apache-2.0
// Constants of pack format version 1. The layout is described in docs/formats/pack.md; values here
// are frozen.
#pragma once

#include <cstdint>
#include <string_view>

namespace skald {

inline constexpr std::uint16_t pack_version_major = 1;
inline constexpr std::uint16_t pack_version_minor = 1;  // of packs with columns; others say 0

inline constexpr std::string_view pack_magic("SKALDPK\x1a", 8);
inline constexpr std::size_t pack_header_bytes = 16;
inline constexpr std::size_t pack_trailer_bytes = 64;

// Every section begins with this: type, codec, 0, 0, stored length, inflated length, CRC32C of the
// twelve bytes before it and of the stored bytes.
inline constexpr std::size_t section_header_bytes = 16;

// Types with the high bit set may be skipped by a reader that does not know them.
enum class section_type : std::uint8_t {
  timestamps = 1,
  lengths = 2,
  lines = 3,
  metadata = 4,
  rows = 5,
  shapes = 6,
  column_directory = 7,
  column = 8,
  skip_filter = 16,
  labels = 32,
  segments = 33,
  fingerprints = 34,
  chunks = 35,
  info = 36,
};
inline constexpr std::uint8_t section_type_skippable = 0x80;

enum class section_codec : std::uint8_t {
  raw = 0,
  constant = 1,  // all inflated bytes equal the one stored byte
  zstd = 2,      // one frame
};

// Bounds that a reader checks before it allocates, and a writer never passes.
inline constexpr std::uint32_t section_bytes_max = 64U << 20;       // inflated
inline constexpr std::uint32_t line_bytes_max = 32U << 20;          // of one line
inline constexpr std::uint32_t row_metadata_bytes_max = 16U << 20;  // names and values of one row
inline constexpr std::uint32_t row_metadata_pairs_max = 1U << 16;   // of one row
inline constexpr std::uint32_t segment_metadata_pairs_max = 4U << 20;
inline constexpr std::uint32_t metadata_names_max = 1U << 20;  // distinct names, and lists of them
inline constexpr std::uint32_t segment_sections_max = 64;
inline constexpr std::uint32_t pack_segments_max = 1U << 20;
inline constexpr std::uint32_t pack_chunks_max = 4U << 20;

// What writers put into one pack, well below what readers take: its label texts are one section.
inline constexpr std::uint32_t pack_label_bytes_max = section_bytes_max / 2;
inline constexpr std::uint32_t pack_streams_max = 1U << 20;

// Skip filters: rows are 1, 2, 4, 8 or 16 bits wide, one bit per segment of the group.
inline constexpr std::uint32_t filter_group_segments_max = 16;
inline constexpr std::uint32_t filter_header_bytes = 16;
inline constexpr std::uint8_t filter_version = 1;
inline constexpr std::uint8_t filter_width_min = 12;
inline constexpr std::uint8_t filter_width_max = 22;

// The flags byte of a segment in the segment table.
inline constexpr std::uint8_t segment_flag_ascii = 1;
inline constexpr std::uint8_t segment_flag_utf8 = 2;
inline constexpr std::uint8_t segment_flag_embedded_newline = 4;
inline constexpr std::uint8_t segment_flag_unicode_escape = 8;

// A reader's first fetch from the end of a pack.
inline constexpr std::size_t pack_tail_fetch_bytes = 64U << 10;

}  // namespace skald
