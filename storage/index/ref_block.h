// SPDX-License-Identifier: Apache-2.0
// Chunk references of one pack, as stored in an index file: columns of bit-packed numbers, sorted
// by stream ordinal, read without unpacking the rest. Format: docs/formats/index.md, table `refs`.
// Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace skald {

// A chunk in a pack: whose it is (ordinal in the file), where it stands in the pack's directory,
// and what look-ups want to know before they open the pack.
struct pack_ref {
  std::uint32_t ordinal = 0;
  std::uint32_t directory_entry = 0;
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;
  std::uint64_t rows = 0;
  std::uint64_t line_bytes = 0;
};

inline bool same_chunk(const pack_ref& a, const pack_ref& b) {
  return a.ordinal == b.ordinal && a.directory_entry == b.directory_entry;
}
inline bool ref_order(const pack_ref& a, const pack_ref& b) {
  return a.ordinal != b.ordinal ? a.ordinal < b.ordinal : a.directory_entry < b.directory_entry;
}

// One stored value. Views the bytes it was made of.
class ref_block {
 public:
  // More would make a narrow look-up check more bytes than it reads; fewer waste pages.
  static constexpr std::size_t refs_max = 2048;

  // `refs` in ref_order, 1 to refs_max of them.
  static std::string encode(std::span<const pack_ref> refs);
  // Nothing when the checksum fails or the bytes contradict themselves.
  static std::optional<ref_block> parse(std::string_view bytes);

  std::size_t size() const { return count_; }
  std::uint32_t ordinal(std::size_t i) const;
  std::int64_t min_timestamp_ns(std::size_t i) const;
  std::int64_t max_timestamp_ns(std::size_t i) const;
  pack_ref operator[](std::size_t i) const;
  // Position of the first ref of `ordinal` or a greater one, from `from` on; size() if none.
  std::size_t lower_bound(std::uint32_t ordinal, std::size_t from) const;

 private:
  enum column : std::size_t { ordinals, entries, begins, spans, rows, line_bytes, column_count };
  struct packed {
    std::uint64_t base = 0;
    std::uint8_t bits = 0;
    const char* data = nullptr;
  };
  std::uint64_t value(column which, std::size_t i) const;

  std::size_t count_ = 0;
  std::uint64_t unit_ = 1;  // of both time columns
  std::array<packed, column_count> columns_{};
};

}  // namespace skald
