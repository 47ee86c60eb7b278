// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/value_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "runtime/base/assert.h"

namespace skald {
namespace {

// A table is at most half full, so chains are short unless someone made them long.
constexpr std::size_t probes_max = 96;
// Columns whose values are nearly all distinct are given up after so many rows, and then whenever
// their number has doubled.
constexpr std::size_t first_check_rows = 256;

// Values lie all over a segment's lines: so many rows ahead they are fetched into the cache.
constexpr std::size_t ahead_rows = 12;

template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

constexpr std::uint64_t odd_1 = 0x9e3779b97f4a7c15;
constexpr std::uint64_t odd_2 = 0xc2b2ae3d27d4eb4f;

// The first and last eight bytes; shorter values fill their words without reading beyond.
void load_ends(const char* data, std::size_t bytes, std::uint64_t& first, std::uint64_t& last) {
  if (bytes >= 8) {
    first = load<std::uint64_t>(data);
    last = load<std::uint64_t>(data + bytes - 8);
  } else if (bytes >= 4) {
    first = load<std::uint32_t>(data);
    last = load<std::uint32_t>(data + bytes - 4);
  } else if (bytes > 0) {
    first = static_cast<unsigned char>(data[0]) | static_cast<unsigned char>(data[bytes / 2]) << 8;
    last = static_cast<unsigned char>(data[bytes - 1]);
  } else {
    first = last = 0;
  }
}

std::uint64_t hash_value(const distinct_value& value) {
  std::uint64_t hash = mix(value.first ^ odd_1, value.last ^ odd_2 ^ value.bytes);
  for (std::size_t at = 8; at + 8 < value.bytes; at += 16) {
    // The last step may overlap what load_ends() took.
    const std::size_t second = std::min<std::size_t>(at + 8, value.bytes - 8);
    hash = mix(hash ^ load<std::uint64_t>(value.data + at),
               odd_2 ^ load<std::uint64_t>(value.data + second));
  }
  return mix(hash, odd_1);
}

bool equal(const distinct_value& a, const distinct_value& b) {
  if (a.bytes != b.bytes || a.first != b.first || a.last != b.last) return false;
  return a.bytes <= 16 || std::memcmp(a.data + 8, b.data + 8, a.bytes - 16) == 0;
}

// log2 in 1/256: the fraction is linear between powers of two. Integers only, so that all machines
// decide alike.
std::uint64_t log2_fixed(std::uint64_t value) {
  SKALD_ASSERT(value > 0);
  const auto whole = static_cast<unsigned>(std::bit_width(value)) - 1;
  return (std::uint64_t{whole} << 8) + ((value << 8 >> whole) & 0xff);
}

}  // namespace

bool value_table::build(std::span<const std::string_view> values) {
  const std::size_t distinct_max = values.size() / 2;
  slots_.assign(std::bit_ceil(std::max<std::size_t>(values.size(), 16)), 0);
  distinct_.clear();
  codes_.resize(values.size());
  std::size_t check = std::max(first_check_rows, values.size() / 8);
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (row == check) {
      if (distinct_.size() > row - row / 16) return false;
      check *= 2;
    }
    if (row + ahead_rows < values.size()) __builtin_prefetch(values[row + ahead_rows].data());
    // Repeats of metadata stand where they stood before.
    if (row > 0 && values[row].data() == values[row - 1].data() &&
        values[row].size() == values[row - 1].size()) {
      codes_[row] = codes_[row - 1];
      ++distinct_[codes_[row]].count;
      continue;
    }
    if (!add(values[row], row) || distinct_.size() > distinct_max) return false;
  }
  return true;
}

bool value_table::add(std::string_view value, std::size_t row) {
  distinct_value one;
  one.data = value.data();
  one.bytes = static_cast<std::uint32_t>(value.size());
  load_ends(one.data, one.bytes, one.first, one.last);
  const std::uint64_t hash = hash_value(one);
  const std::uint64_t tag = hash & ~std::uint64_t{0xffffffff};
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  for (std::size_t probe = 0; probe < probes_max; ++probe, at = (at + 1) & mask) {
    const std::uint64_t slot = slots_[at];
    if (slot == 0) {
      one.count = 1;
      distinct_.push_back(one);
      codes_[row] = static_cast<std::uint32_t>(distinct_.size() - 1);
      slots_[at] = tag | distinct_.size();
      return true;
    }
    if ((slot ^ tag) >> 32 != 0) continue;
    const auto number = static_cast<std::uint32_t>(slot) - 1;
    if (!equal(distinct_[number], one)) continue;
    ++distinct_[number].count;
    codes_[row] = number;
    return true;
  }
  return false;
}

std::uint64_t value_table::entropy_bits() const {
  const std::uint64_t all = log2_fixed(codes_.size());
  std::uint64_t sum = 0;
  for (const distinct_value& value : distinct_)
    sum += value.count * (all - log2_fixed(value.count));
  return sum >> 8;
}

std::uint64_t value_table::bytes() const {
  std::uint64_t sum = 0;
  for (const distinct_value& value : distinct_) sum += std::uint64_t{value.count} * value.bytes;
  return sum;
}

void value_table::rank() {
  // Counting sort: counts are at most the rows.
  std::uint32_t most = 0;
  for (const distinct_value& value : distinct_) most = std::max(most, value.count);
  counts_.assign(most + 1, 0);
  for (const distinct_value& value : distinct_) ++counts_[value.count];
  std::uint32_t before = 0;
  for (std::size_t count = most + 1; count-- > 0;) {
    const std::uint32_t here = counts_[count];
    counts_[count] = before;
    before += here;
  }
  ranks_.resize(distinct_.size());
  by_rank_.resize(distinct_.size());
  for (std::size_t i = 0; i < distinct_.size(); ++i) {
    const std::uint32_t place = counts_[distinct_[i].count]++;
    ranks_[i] = place;
    by_rank_[place] = distinct_[i].view();
  }
}

}  // namespace skald
