// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/skip_filter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "runtime/base/hash.h"
#include "storage/chunk/byte_codec.h"
#include "storage/chunk/pack_format.h"

namespace skald {
namespace {

// Of the stored lines: above that a filter costs more to read than it saves.
constexpr double filter_share_max = 0.15;
// Fuller filters pass nearly everything.
constexpr double fill_max = 0.70;
constexpr std::uint32_t row_count_step = 512;

// Wide enough that most keys of a segment have a base index of their own.
unsigned width_for(std::uint64_t raw_bytes) {
  constexpr std::uint64_t mebibyte = 1U << 20;
  if (raw_bytes <= mebibyte / 4) return 17;
  if (raw_bytes <= mebibyte / 2) return 18;
  if (raw_bytes <= mebibyte * 2) return 19;
  return raw_bytes <= mebibyte * 4 ? 20 : 21;
}

// Rows for `keys` distinct keys so that a share `fill` of the bits is set.
double rows_for(double keys, double fill) {
  return keys / -std::log(1 - fill);
}

unsigned row_bits_for(std::size_t segments) {
  return static_cast<unsigned>(std::bit_ceil(segments));
}

std::uint32_t row_of(std::uint32_t base_index, std::uint32_t salt, unsigned width,
                     std::uint32_t row_count) {
  const std::uint32_t salted = (base_index * salt) & ((1U << width) - 1);
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(salted) * row_count) >> width);
}

// Whether a gram proves nothing under a case-insensitive regular expression: U+212A matches k,
// U+017F matches s, and U+0130 becomes i when lower-cased by runes.
bool case_folds_beyond_ascii(std::span<const std::uint8_t> gram, bool text_is_ascii) {
  for (const std::uint8_t byte : gram) {
    if (byte >= 0x80) return true;
    if (!text_is_ascii && (byte == 'i' || byte == 'k' || byte == 's')) return true;
  }
  return false;
}

// Whether a JSON or logfmt parser may have made the gram from other bytes.
bool parser_may_rewrite(std::span<const std::uint8_t> gram) {
  for (const std::uint8_t byte : gram) {
    const bool plain = byte > 0x20 && byte < 0x7f && byte != '"' && byte != '\\' && byte != '/';
    if (!plain) return true;
  }
  return false;
}

}  // namespace

std::uint32_t metadata_hash(std::string_view name, std::string_view value) {
  // Few pairs are longer.
  std::array<char, 128> key;
  const std::size_t bytes = name.size() + 1 + value.size();
  std::string long_key;
  char* to = key.data();
  if (bytes > key.size()) {
    long_key.resize(bytes);
    to = long_key.data();
  }
  std::copy_n(name.data(), name.size(), to);
  to[name.size()] = '\0';
  std::copy_n(value.data(), value.size(), to + name.size() + 1);
  return static_cast<std::uint32_t>(xxh3_64({to, bytes}) >> 32);
}

void collect_pair_hashes(const metadata_encoder& metadata, std::vector<std::uint32_t>& hashes) {
  hashes.clear();
  metadata.for_each_pair([&](std::string_view name, std::string_view value) {
    hashes.push_back(metadata_hash(name, value));
  });
}

void skip_filter_builder::begin_group(std::uint64_t raw_bytes_max) {
  width_ = width_for(raw_bytes_max);
  map_.resize(mark_map_bytes(width_));
  segments_ = 0;
  keys_sum_ = 0;
}

text_facts skip_filter_builder::add_segment(std::string_view lines,
                                            std::span<const std::uint32_t> pair_hashes) {
  SKALD_ASSERT(width_ > 0 && segments_ < filter_group_segments_max);
  std::memset(map_.data(), 0, map_.size());
  const text_facts facts = mark_grams(lines, width_, map_);
  for (const std::uint32_t hash : pair_hashes) map_[hash >> (32 - width_)] = 1;
  if (bitmaps_.size() == segments_) bitmaps_.emplace_back();
  auto& bitmap = bitmaps_[segments_++];
  const std::size_t space = std::size_t{1} << width_;
  bitmap.resize(space / 64);
  const std::size_t set = pack_marks(map_, bitmap);
  // The expected number of distinct keys behind that many marks; a full map says "as many as can be
  // told".
  const double share = std::min<double>(set, space - 1) / static_cast<double>(space);
  keys_sum_ += -static_cast<double>(space) * std::log(1 - share);
  return facts;
}

std::uint32_t skip_filter_builder::row_count(std::uint64_t stored_line_bytes,
                                             unsigned row_bits) const {
  const double keys = keys_sum_ / static_cast<double>(segments_);
  double rows = std::ceil(rows_for(keys, fill_) / row_count_step) * row_count_step;
  const double rows_most =
      std::floor(filter_share_max * static_cast<double>(stored_line_bytes) * 8 / row_bits);
  if (rows > rows_most) {
    rows = rows_most;
    if (rows < rows_for(keys, std::max(fill_max, fill_))) return 0;
  }
  return static_cast<std::uint32_t>(std::min<double>(rows, 1U << width_));
}

void skip_filter_builder::finish_group(std::uint64_t stored_line_bytes, std::uint32_t salt,
                                       std::string& out) {
  SKALD_ASSERT(segments_ > 0);
  const unsigned row_bits = row_bits_for(segments_);
  const std::uint32_t rows = row_count(stored_line_bytes, row_bits);
  if (rows == 0) return;
  salt |= 1;
  rows_.assign(rows, 0);
  for (std::size_t segment = 0; segment < segments_; ++segment) {
    const auto bit = static_cast<std::uint16_t>(1U << segment);
    const auto& bitmap = bitmaps_[segment];
    for (std::size_t word = 0; word < bitmap.size(); ++word) {
      for (std::uint64_t left = bitmap[word]; left != 0; left &= left - 1) {
        const auto index = static_cast<std::uint32_t>(word * 64) +
                           static_cast<std::uint32_t>(std::countr_zero(left));
        rows_[row_of(index, salt, width_, rows)] |= bit;
      }
    }
  }
  out.push_back(static_cast<char>(filter_version));
  out.push_back(static_cast<char>(width_));
  out.push_back(static_cast<char>(row_bits));
  out.push_back(static_cast<char>(segments_));
  append_fixed<std::uint32_t>(out, rows);
  append_fixed<std::uint32_t>(out, salt);
  append_fixed<std::uint32_t>(out, 0);
  if (row_bits == 16) {
    out.append(reinterpret_cast<const char*>(rows_.data()), rows * sizeof(std::uint16_t));
    return;
  }
  const std::size_t start = out.size();
  out.append((std::size_t{rows} * row_bits + 7) / 8, '\0');
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t bit = row * row_bits;
    out[start + bit / 8] = static_cast<char>(out[start + bit / 8] | rows_[row] << (bit % 8));
  }
}

result<skip_filter_group> skip_filter_group::parse(std::string payload) {
  const auto malformed = [](const std::string& why) {
    return error{errc::corrupt, "section FILTER: " + why};
  };
  bounded_reader from(payload);
  skip_filter_group group;
  const auto version = from.fixed<std::uint8_t>();
  group.width_ = from.fixed<std::uint8_t>();
  group.row_bits_ = from.fixed<std::uint8_t>();
  group.segment_count_ = from.fixed<std::uint8_t>();
  group.row_count_ = from.fixed<std::uint32_t>();
  group.salt_ = from.fixed<std::uint32_t>();
  from.fixed<std::uint32_t>();
  if (from.failed()) return malformed("cut off");
  if (version != filter_version) return malformed("unknown version " + std::to_string(version));
  if (group.width_ < filter_width_min || group.width_ > filter_width_max) {
    return malformed("width " + std::to_string(group.width_) + " out of range");
  }
  if (group.segment_count_ == 0 || group.segment_count_ > filter_group_segments_max ||
      group.row_bits_ != row_bits_for(group.segment_count_)) {
    return malformed("row width does not fit the segments");
  }
  const std::uint64_t bits = std::uint64_t{group.row_count_} * group.row_bits_;
  if (group.row_count_ == 0 || from.remaining() != (bits + 7) / 8) {
    return malformed("rows do not fill the section");
  }
  group.bytes_ = std::move(payload);
  return group;
}

bool skip_filter_group::has_key(std::uint32_t segment, std::uint32_t hash) const {
  const std::uint32_t row = row_of(hash >> (32 - width_), salt_, width_, row_count_);
  const std::uint64_t bit = std::uint64_t{row} * row_bits_ + segment;
  const auto byte = static_cast<std::uint8_t>(bytes_[filter_header_bytes + bit / 8]);
  return (byte >> (bit % 8) & 1) != 0;
}

bool skip_filter_group::may_hold_text(std::uint32_t segment, const text_flags& flags,
                                      const skip_probe& probe) const {
  if (probe.parsed_value && flags.unicode_escape) return true;
  return for_each_needle_gram(probe.text,
                              [&](std::span<const std::uint8_t> gram, std::uint32_t hash) {
                                if (probe.ignore_case && case_folds_beyond_ascii(gram, flags.ascii))
                                  return true;
                                if (probe.parsed_value && parser_may_rewrite(gram)) return true;
                                return has_key(segment, hash);
                              });
}

bool skip_filter_group::may_match(std::uint32_t segment, const text_flags& flags,
                                  const skip_probe& probe) const {
  SKALD_ASSERT(segment < segment_count_);
  const auto child_may = [&](const skip_probe& child) { return may_match(segment, flags, child); };
  switch (probe.what) {
    case skip_probe::kind::always:
      return true;
    case skip_probe::kind::all_of:
      return std::all_of(probe.children.begin(), probe.children.end(), child_may);
    case skip_probe::kind::any_of:
      // Nothing to ask is no claim.
      return probe.children.empty() ||
             std::any_of(probe.children.begin(), probe.children.end(), child_may);
    case skip_probe::kind::text:
      return may_hold_text(segment, flags, probe);
    case skip_probe::kind::metadata_pair:
      return has_key(segment, metadata_hash(probe.text, probe.value));
  }
  return true;
}

}  // namespace skald
