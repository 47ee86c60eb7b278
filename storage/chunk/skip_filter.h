// SPDX-License-Identifier: Apache-2.0
// Skip filters: one bitmap of gram45 keys per segment, sliced by bits for up to 16 neighbouring
// segments. Layout and the rules when they may be used: docs/formats/pack.md, skip filters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/log_block.h"
#include "storage/chunk/byte_buffer.h"
#include "storage/chunk/gram45.h"
#include "storage/chunk/metadata_codec.h"

namespace skald {

// Builds the filters of one pack, group by group. One thread at a time; keeps its memory (up to 1.5
// MiB).
class skip_filter_builder {
 public:
  // `fill` as in pack_writer_options.
  explicit skip_filter_builder(double fill) : fill_(fill) {}

  // Begins a group whose largest segment has `raw_bytes_max` bytes of lines.
  void begin_group(std::uint64_t raw_bytes_max);
  // Adds the next segment's lines, and the metadata_hash() of its pairs. At most
  // filter_group_segments_max per group.
  text_facts add_segment(std::string_view lines, std::span<const std::uint32_t> pair_hashes);
  // Appends the payload of the group's FILTER section, or nothing if the filter would take more
  // than 15 % of `stored_line_bytes` even at the largest fill allowed. `salt` spreads bad luck:
  // give each group another.
  void finish_group(std::uint64_t stored_line_bytes, std::uint32_t salt, std::string& out);

 private:
  std::uint32_t row_count(std::uint64_t stored_line_bytes, unsigned row_bits) const;

  const double fill_;
  unsigned width_ = 0;
  std::vector<std::uint8_t> map_;
  std::vector<std::vector<std::uint64_t>> bitmaps_;  // of the segments so far
  std::size_t segments_ = 0;
  double keys_sum_ = 0;  // estimated distinct keys
  std::vector<std::uint16_t> rows_;
};

// The filter of one group. Immutable after parse(); holds its own bytes.
class skip_filter_group {
 public:
  skip_filter_group() = default;
  // Takes the payload of a FILTER section. Errors: corrupt.
  static result<skip_filter_group> parse(std::string payload);

  std::uint32_t segment_count() const { return segment_count_; }
  // False only if no row of the group's `segment`-th segment can satisfy the probe.
  bool may_match(std::uint32_t segment, const text_flags& flags, const skip_probe& probe) const;

 private:
  bool has_key(std::uint32_t segment, std::uint32_t hash) const;
  bool may_hold_text(std::uint32_t segment, const text_flags& flags, const skip_probe& probe) const;

  std::string bytes_;
  unsigned width_ = 0;
  unsigned row_bits_ = 0;
  std::uint32_t segment_count_ = 0;
  std::uint32_t row_count_ = 0;
  std::uint32_t salt_ = 0;
};

// The 32-bit hash of a metadata pair; its top bits are the base index, as for grams.
std::uint32_t metadata_hash(std::string_view name, std::string_view value);

// The hashes of all pairs of a segment, with repetitions. `hashes` is overwritten.
void collect_pair_hashes(const metadata_encoder& metadata, std::vector<std::uint32_t>& hashes);

}  // namespace skald
