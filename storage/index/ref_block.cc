// SPDX-License-Identifier: Apache-2.0
#include "storage/index/ref_block.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "runtime/base/assert.h"
#include "runtime/base/hash.h"

namespace skald {
namespace {

constexpr std::array<std::uint64_t, 4> units = {1, 1'000, 1'000'000, 1'000'000'000};
// A value of up to so many bits lies in the eight bytes from its first byte on.
constexpr unsigned packed_bits_max = 57;
// The checksum. Behind every byte of a column there are so many, so that eight can be read at once.
constexpr std::size_t tail_bytes = 8;

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

bool read_varint(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

std::size_t column_bytes(std::size_t count, unsigned bits) {
  return (count * bits + 7) / 8;
}

unsigned bits_for(std::uint64_t greatest) {
  const unsigned bits = static_cast<unsigned>(std::bit_width(greatest));
  return bits <= packed_bits_max ? bits : 64;
}

// Turns values into differences to the least one and gives that. They are compared as signed
// numbers where positions were taken away from them.
std::uint64_t take_base(std::vector<std::uint64_t>& values, bool is_signed) {
  const auto least = is_signed ? std::min_element(values.begin(), values.end(),
                                                  [](std::uint64_t a, std::uint64_t b) {
                                                    return static_cast<std::int64_t>(a) <
                                                           static_cast<std::int64_t>(b);
                                                  })
                               : std::min_element(values.begin(), values.end());
  const std::uint64_t base = *least;
  for (std::uint64_t& value : values) value -= base;
  return base;
}

void pack(const std::vector<std::uint64_t>& values, unsigned bits, std::string& out) {
  const std::size_t begin = out.size();
  out.resize(begin + column_bytes(values.size(), bits) + tail_bytes);
  char* data = out.data() + begin;
  for (std::size_t i = 0; bits > 0 && i < values.size(); ++i) {
    const std::size_t bit = i * bits;
    std::uint64_t word;
    std::memcpy(&word, data + bit / 8, sizeof word);
    word |= values[i] << (bit % 8);
    std::memcpy(data + bit / 8, &word, sizeof word);
  }
  out.resize(out.size() - tail_bytes);
}

std::uint64_t zigzag(std::uint64_t value) {
  return value << 1 ^ (value >> 63 != 0 ? ~std::uint64_t{0} : 0);
}
std::uint64_t unzigzag(std::uint64_t value) {
  return value >> 1 ^ (~(value & 1) + 1);
}

}  // namespace

std::string ref_block::encode(std::span<const pack_ref> refs) {
  SKALD_ASSERT(!refs.empty() && refs.size() <= refs_max);
  std::array<std::vector<std::uint64_t>, column_count> values;
  for (auto& column : values) column.reserve(refs.size());
  for (std::size_t i = 0; i < refs.size(); ++i) {
    const pack_ref& r = refs[i];
    // Neighbours mostly have neighbouring ordinals and entries: without the position nothing is
    // left of them.
    values[ordinals].push_back(std::uint64_t{r.ordinal} - i);
    values[entries].push_back(std::uint64_t{r.directory_entry} - i);
    values[begins].push_back(static_cast<std::uint64_t>(r.min_timestamp_ns));
    values[spans].push_back(static_cast<std::uint64_t>(r.max_timestamp_ns) -
                            static_cast<std::uint64_t>(r.min_timestamp_ns));
    values[rows].push_back(r.rows);
    values[line_bytes].push_back(r.line_bytes);
  }
  std::array<std::uint64_t, column_count> bases;
  for (std::size_t c = 0; c < column_count; ++c) {
    bases[c] = take_base(values[c], c == ordinals || c == entries || c == begins);
  }
  std::size_t unit = units.size() - 1;
  const auto fits = [&](std::uint64_t value) { return value % units[unit] == 0; };
  while (!std::all_of(values[begins].begin(), values[begins].end(), fits) ||
         !std::all_of(values[spans].begin(), values[spans].end(), fits)) {
    --unit;
  }
  for (const column c : {begins, spans}) {
    for (std::uint64_t& value : values[c]) value /= units[unit];
  }
  std::string out;
  append_varint(out, refs.size());
  out.push_back(static_cast<char>(unit));
  std::array<unsigned, column_count> bits;
  for (std::size_t c = 0; c < column_count; ++c) {
    bits[c] = bits_for(*std::max_element(values[c].begin(), values[c].end()));
    append_varint(out, zigzag(bases[c]));
    out.push_back(static_cast<char>(bits[c]));
  }
  for (std::size_t c = 0; c < column_count; ++c) pack(values[c], bits[c], out);
  const std::uint64_t checksum = xxh3_64(out);
  out.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  return out;
}

std::optional<ref_block> ref_block::parse(std::string_view bytes) {
  if (bytes.size() < tail_bytes) return std::nullopt;
  std::uint64_t checksum;
  std::memcpy(&checksum, bytes.data() + bytes.size() - tail_bytes, sizeof checksum);
  bytes.remove_suffix(tail_bytes);
  if (xxh3_64(bytes) != checksum) return std::nullopt;
  ref_block out;
  std::uint64_t count = 0;
  if (!read_varint(bytes, count) || count == 0 || count > refs_max || bytes.empty()) {
    return std::nullopt;
  }
  const auto unit = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  if (unit >= units.size()) return std::nullopt;
  out.count_ = count;
  out.unit_ = units[unit];
  for (packed& column : out.columns_) {
    if (!read_varint(bytes, column.base) || bytes.empty()) return std::nullopt;
    column.base = unzigzag(column.base);
    column.bits = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (column.bits > packed_bits_max && column.bits != 64) return std::nullopt;
  }
  for (packed& column : out.columns_) {
    const std::size_t length = column_bytes(count, column.bits);
    if (bytes.size() < length) return std::nullopt;
    column.data = bytes.data();
    bytes.remove_prefix(length);
  }
  if (!bytes.empty()) return std::nullopt;
  return out;
}

std::uint64_t ref_block::value(column which, std::size_t i) const {
  const packed& column = columns_[which];
  if (column.bits == 0) return 0;
  const std::size_t bit = i * column.bits;
  std::uint64_t word;
  std::memcpy(&word, column.data + bit / 8, sizeof word);
  word >>= bit % 8;
  return column.bits == 64 ? word : word & ((std::uint64_t{1} << column.bits) - 1);
}

std::uint32_t ref_block::ordinal(std::size_t i) const {
  return static_cast<std::uint32_t>(columns_[ordinals].base + value(ordinals, i) + i);
}

std::int64_t ref_block::min_timestamp_ns(std::size_t i) const {
  return static_cast<std::int64_t>(columns_[begins].base + value(begins, i) * unit_);
}

std::int64_t ref_block::max_timestamp_ns(std::size_t i) const {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(min_timestamp_ns(i)) +
                                   columns_[spans].base + value(spans, i) * unit_);
}

pack_ref ref_block::operator[](std::size_t i) const {
  return {ordinal(i),
          static_cast<std::uint32_t>(columns_[entries].base + value(entries, i) + i),
          min_timestamp_ns(i),
          max_timestamp_ns(i),
          columns_[rows].base + value(rows, i),
          columns_[line_bytes].base + value(line_bytes, i)};
}

std::size_t ref_block::lower_bound(std::uint32_t wanted, std::size_t from) const {
  std::size_t end = count_;
  while (from < end) {
    const std::size_t middle = from + (end - from) / 2;
    if (ordinal(middle) < wanted) {
      from = middle + 1;
    } else {
      end = middle;
    }
  }
  return from;
}

}  // namespace skald
