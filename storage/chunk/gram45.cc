// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/gram45.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "runtime/base/assert.h"
#if defined(__x86_64__)
#include "storage/chunk/gram45_avx2.h"
#endif

namespace skald {
namespace {

bool has_avx2() {
#if defined(__x86_64__)
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
#else
  return false;
#endif
}

// The length of the gram at the front of `rest`, which ends at the end of its line; 0 if there is
// none.
std::size_t gram_length(std::span<const std::uint8_t> rest) {
  if (rest.size() < 4) return 0;
  const bool five = is_number_byte(rest[0]) && is_number_byte(rest[1]) && is_number_byte(rest[2]);
  const std::size_t length = five ? 5 : 4;
  return rest.size() < length ? 0 : length;
}

}  // namespace

text_facts mark_grams_portable(std::string_view text, unsigned width, std::span<std::uint8_t> map) {
  SKALD_ASSERT(map.size() >= mark_map_bytes(width));
  text_facts facts;
  std::vector<std::uint8_t> line;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    line.clear();
    for (std::size_t i = start; i < end; ++i) {
      const auto byte = static_cast<std::uint8_t>(text[i]);
      if (byte >= 0x80) facts.ascii = false;
      line.push_back(fold_byte(byte));
    }
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == 'u') {
        facts.unicode_escape = true;
      }
      const std::size_t length = gram_length(std::span(line).subspan(i));
      if (length > 0) map[gram_hash(line.data() + i, length == 5) >> (32 - width)] = 1;
    }
    if (end < text.size()) ++facts.newlines;
    start = end + 1;
  }
  return facts;
}

text_facts mark_grams(std::string_view text, unsigned width, std::span<std::uint8_t> map) {
  SKALD_ASSERT(map.size() >= mark_map_bytes(width));
#if defined(__x86_64__)
  if (has_avx2()) {
    text_facts facts;
    const gram45_avx2::facts found = gram45_avx2::mark(text.data(), text.size(), width, map.data());
    facts.ascii = found.ascii;
    facts.unicode_escape = found.unicode_escape;
    facts.newlines = found.newlines;
    return facts;
  }
#endif
  return mark_grams_portable(text, width, map);
}

std::size_t pack_marks(std::span<const std::uint8_t> map, std::span<std::uint64_t> bits) {
  SKALD_ASSERT(map.size() >= bits.size() * 64);
#if defined(__x86_64__)
  if (has_avx2()) return gram45_avx2::pack(map.data(), bits.data(), bits.size());
#endif
  std::size_t set = 0;
  for (std::size_t word = 0; word < bits.size(); ++word) {
    std::uint64_t packed = 0;
    for (unsigned i = 0; i < 64; ++i) {
      packed |= static_cast<std::uint64_t>(map[word * 64 + i] & 1) << i;
    }
    bits[word] = packed;
    set += static_cast<std::size_t>(std::popcount(packed));
  }
  return set;
}

bool for_each_needle_gram(
    std::string_view needle,
    const std::function<bool(std::span<const std::uint8_t> gram, std::uint32_t hash)>& use) {
  std::vector<std::uint8_t> line;
  for (std::size_t start = 0; start < needle.size();) {
    const std::size_t end = std::min(needle.find('\n', start), needle.size());
    line.clear();
    for (std::size_t i = start; i < end; ++i) {
      line.push_back(fold_byte(static_cast<std::uint8_t>(needle[i])));
    }
    for (std::size_t i = 0; i < line.size(); ++i) {
      const auto rest = std::span<const std::uint8_t>(line).subspan(i);
      const std::size_t length = gram_length(rest);
      if (length == 0) continue;
      if (!use(rest.first(length), gram_hash(rest.data(), length == 5))) return false;
    }
    start = end + 1;
  }
  return true;
}

}  // namespace skald
