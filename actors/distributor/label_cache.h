// SPDX-License-Identifier: Apache-2.0
// Raw label text of a push -> the stream that it names, so that labels are parsed once per distinct
// text. Least recently used entries go first. One thread only: each io thread has its own. Bounded
// by bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/base/result.h"
#include "runtime/limits/tenant_limits.h"
#include "runtime/model/labels.h"

namespace skald {

// What the distributor knows of a label text under given discovery rules.
struct cached_labels {
  stream_ptr stream;             // with service_name, when it was discovered
  std::uint32_t name_count = 0;  // labels as the client gave them, without an added service_name
  std::size_t longest_name = 0;
  std::size_t longest_value = 0;
  std::string level;       // normalised level from a stream label; empty: look further
  bool exempt = false;     // __aggregated_metric__ or __pattern__: no discovery
  bool duplicate = false;  // a label name was given twice
  std::string duplicate_name;
  std::string as_written;  // only with duplicate: all labels sorted, for the error text
};

class label_cache {
 public:
  explicit label_cache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Parses at the first sight of (text, rules). The pointer stays valid until the next call.
  // `rules` is an id of the discovery settings (see discovery_rules_id): another id parses anew.
  // Errors: invalid_argument with Loki's text (`couldn't parse labels: 1:10: parse error: ...`);
  // not cached.
  result<const cached_labels*> find(std::string_view text, std::uint64_t rules,
                                    const tenant_limits& limits);

  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct entry {
    std::string text;
    std::uint64_t rules;
    cached_labels value;
    std::size_t bytes;
  };
  using entry_list = std::list<entry>;
  struct key {
    std::string_view text;
    std::uint64_t rules;
    friend bool operator==(const key&, const key&) = default;
  };
  struct key_hash {
    std::size_t operator()(const key& k) const;
  };
  void evict();

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
  entry_list order_;  // most recently used first
  std::unordered_map<key, entry_list::iterator, key_hash> entries_;
};

}  // namespace skald
