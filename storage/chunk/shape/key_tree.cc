// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/key_tree.h"

#include "runtime/base/hash.h"

namespace skald {

void key_tree::clear() {
  nodes_.clear();
  by_hash_.clear();
  for (std::uint32_t root = 0; root < shape_set::roots; ++root) {
    nodes_.push_back({.parent = root, .hash = root + 1});
  }
}

std::uint32_t key_tree::child(std::uint32_t parent, std::string_view key) {
  const std::uint64_t hash = xxh3_64(key, nodes_[parent].hash);
  const auto [first, last] = by_hash_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    const node& found = nodes_[at->second];
    if (found.parent == parent && found.key == key) return at->second;
  }
  const auto made = static_cast<std::uint32_t>(nodes_.size());
  nodes_.push_back({parent, nodes_[parent].depth + 1, hash, std::string(key)});
  by_hash_.emplace(hash, made);
  return made;
}

}  // namespace skald
