// SPDX-License-Identifier: Apache-2.0
// The keys that a segment's lines have, as a tree: a number for each object path, starting with the
// two roots of shape_set.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/chunk/shape/shape_set.h"

namespace skald {

class key_tree {
 public:
  key_tree() { clear(); }

  void clear();
  // The number of `key` inside `parent`.
  std::uint32_t child(std::uint32_t parent, std::string_view key);
  std::uint32_t parent(std::uint32_t path) const { return nodes_[path].parent; }
  // 1 for the roots.
  std::uint32_t depth(std::uint32_t path) const { return nodes_[path].depth; }
  std::string_view key(std::uint32_t path) const { return nodes_[path].key; }
  // Of all keys from the root on: the same for the same path in any tree.
  std::uint64_t hash(std::uint32_t path) const { return nodes_[path].hash; }
  std::size_t size() const { return nodes_.size(); }

 private:
  struct node {
    std::uint32_t parent = 0;
    std::uint32_t depth = 1;
    std::uint64_t hash = 0;
    std::string key;
  };

  std::deque<node> nodes_;
  std::unordered_multimap<std::uint64_t, std::uint32_t> by_hash_;
};

}  // namespace skald
