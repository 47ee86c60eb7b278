// SPDX-License-Identifier: Apache-2.0
// In-memory index of one tenant's streams in one shard: label pair -> rows. Pure; one owner.
#pragma once

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "runtime/base/hash.h"
#include "runtime/model/label_matcher.h"
#include "runtime/model/labels.h"

namespace skald {

class label_postings {
 public:
  void add(std::uint32_t row, const label_set& labels) {
    rows_.push_back(row);
    for (const auto& label : labels) pairs_[hash_of(label.name, label.value)].push_back(row);
  }
  void clear() {
    rows_.clear();
    pairs_.clear();
  }
  const std::vector<std::uint32_t>& all() const { return rows_; }

  // Rows that may match: the shortest list of an equality matcher (or a literal alternative's union
  // when there is none better), else all. The caller checks every matcher on the row's labels, so a
  // collision of hashes costs time only.
  std::vector<std::uint32_t> candidates(const std::vector<label_matcher>& matchers) const {
    const std::vector<std::uint32_t>* best = &rows_;
    static const std::vector<std::uint32_t> none;
    for (const auto& matcher : matchers) {
      if (matcher.op() != match_op::equal || matcher.value().empty()) continue;
      const auto found = pairs_.find(hash_of(matcher.name(), matcher.value()));
      const auto* rows = found == pairs_.end() ? &none : &found->second;
      if (rows->size() < best->size()) best = rows;
    }
    for (const auto& matcher : matchers) {
      if (matcher.op() != match_op::regex || matcher.literal_alternatives().empty() ||
          matcher.matches_empty()) {
        continue;
      }
      auto rows = union_of(matcher, best->size());
      if (rows.size() < best->size()) return rows;
    }
    return *best;
  }

 private:
  static std::uint64_t hash_of(std::string_view name, std::string_view value) {
    return xxh3_64(value, xxh3_64(name));
  }
  // Stops at `enough` rows: the union is of no use then.
  std::vector<std::uint32_t> union_of(const label_matcher& matcher, std::size_t enough) const {
    std::vector<std::uint32_t> rows;
    for (const auto& value : matcher.literal_alternatives()) {
      const auto found = pairs_.find(hash_of(matcher.name(), value));
      if (found == pairs_.end()) continue;
      rows.insert(rows.end(), found->second.begin(), found->second.end());
      if (rows.size() >= enough) return rows;
    }
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
  }

  std::vector<std::uint32_t> rows_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> pairs_;
};

}  // namespace skald
