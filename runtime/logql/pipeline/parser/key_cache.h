// SPDX-License-Identifier: Apache-2.0
// From keys as they stand in lines to label names: sanitised, joined with the path above, interned.
// Lines of one program repeat their keys in the same order, so the n-th key of a line is first
// compared with the n-th key of the line before. Belongs to one stage.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/logql/pipeline/label_builder.h"

namespace skald::logql {

// Appends the key as part of a label name: trimmed, every character outside [A-Za-z0-9_] as '_',
// and '_' in front of a digit at the very beginning of `out`.
void append_sanitized(std::string& out, std::string_view key);

class key_cache {
 public:
  struct node {
    std::string raw_key;
    std::uint32_t parent = 0;
    std::string path;           // sanitised, joined with '_'
    name_id name = no_name;     // of `path`; no_name when that is empty
    bool prefix_wanted = true;  // some wanted name may begin so
  };
  // All paths may take so much: the keys of one object each repeat the path above them, so that a
  // short line may have long ones. Keys beyond are not extracted.
  static constexpr std::size_t path_bytes_max = 64 << 20;
  static constexpr std::uint32_t root = 0;

  explicit key_cache(label_builder& labels);

  // Call before each line.
  void begin_line() { position_ = 0; }
  // The node of `key` below `parent`.
  std::uint32_t find(std::uint32_t parent, std::string_view key) {
    const std::size_t position = position_++;
    if (position < guesses_.size()) {
      const node& guess = nodes_[guesses_[position]];
      if (guess.raw_key == key && guess.parent == parent) return guesses_[position];
    }
    return find_slowly(parent, key, position);
  }
  const node& at(std::uint32_t index) const { return nodes_[index]; }
  // Grows with the number of distinct keys.
  std::size_t size() const { return nodes_.size(); }

 private:
  static constexpr std::size_t guesses_max = 256;
  std::uint32_t find_slowly(std::uint32_t parent, std::string_view key, std::size_t position);
  std::uint32_t add(std::uint32_t parent, std::string_view key);
  std::uint32_t ignored();

  label_builder& labels_;
  std::size_t position_ = 0;
  std::vector<std::uint32_t> guesses_;
  std::deque<node> nodes_;
  std::size_t path_bytes_ = 0;
  std::uint32_t ignored_ = root;  // the node of keys that are not extracted, once there is one
  // By the hash of parent and key; nodes with equal hashes share an entry's list.
  std::unordered_multimap<std::uint64_t, std::uint32_t> index_;
};

}  // namespace skald::logql
