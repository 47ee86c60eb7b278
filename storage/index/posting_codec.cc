// SPDX-License-Identifier: Apache-2.0
#include "storage/index/posting_codec.h"

#include <cstring>
#include <vector>

namespace skald {
namespace {

constexpr char tag_list = 0;    // u16 low halves, ascending
constexpr char tag_bitmap = 1;  // roaring's portable form
constexpr std::uint64_t list_max = 16;

}  // namespace

std::string encode_posting(std::uint16_t container, roaring_bitmap_t& set) {
  std::string out;
  const std::uint64_t count = roaring_bitmap_get_cardinality(&set);
  if (count <= list_max) {
    std::uint32_t ordinals[list_max];
    roaring_bitmap_to_uint32_array(&set, ordinals);
    out.push_back(tag_list);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto low = static_cast<std::uint16_t>(ordinals[i] - (std::uint32_t{container} << 16));
      out.append(reinterpret_cast<const char*>(&low), sizeof low);
    }
    return out;
  }
  roaring_bitmap_run_optimize(&set);
  out.resize(1 + roaring_bitmap_portable_size_in_bytes(&set));
  out[0] = tag_bitmap;
  roaring_bitmap_portable_serialize(&set, out.data() + 1);
  return out;
}

bool decode_posting(std::uint16_t container, std::string_view bytes, roaring_bitmap_t& out) {
  if (bytes.empty()) return false;
  const char tag = bytes.front();
  bytes.remove_prefix(1);
  const std::uint32_t base = std::uint32_t{container} << 16;
  if (tag == tag_list) {
    if (bytes.size() % 2 != 0) return false;
    for (std::size_t at = 0; at < bytes.size(); at += 2) {
      std::uint16_t low;
      std::memcpy(&low, bytes.data() + at, sizeof low);
      roaring_bitmap_add(&out, base | low);
    }
    return true;
  }
  if (tag != tag_bitmap) return false;
  const ordinal_set stored(roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size()));
  if (!stored || roaring_bitmap_is_empty(stored.get())) return false;
  if (roaring_bitmap_minimum(stored.get()) < base ||
      roaring_bitmap_maximum(stored.get()) > (base | 0xffff)) {
    return false;
  }
  roaring_bitmap_or_inplace(&out, stored.get());
  return true;
}

}  // namespace skald
