// SPDX-License-Identifier: Apache-2.0
// Raw label text of a push -> the stream that it names, so that labels are parsed once per distinct
// text. Bounded by bytes between pushes, and by twice that during one: entries that were not asked
// for since the hand of the clock last passed them go first, which costs a look-up one flag and no
// list. One thread only: each io thread has its own.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/limits/tenant_limits.h"
#include "runtime/model/labels.h"

namespace skald {

// What the distributor knows of a label text under given discovery rules.
struct cached_labels {
  stream_ptr stream;               // with service_name, when it was discovered
  stream_fingerprint fingerprint;  // of *stream, as the next one: without a look at it
  std::string_view canonical_labels;
  std::size_t label_count = 0;   // of *stream
  std::size_t name_count = 0;    // labels, service_name not counted
  std::size_t longest_name = 0;  // bytes
  std::size_t longest_value = 0;
  std::string level;    // normalised level from a stream label; empty: look further
  bool exempt = false;  // __aggregated_metric__ or __pattern__: no discovery, no checks
  // All labels, sorted by name and with repeated names; only when a name is repeated.
  std::vector<label> with_duplicates;
};

// Why a stream is refused for its labels.
struct label_violation {
  std::string_view reason;  // Loki's name for metrics
  std::string text;         // for the client
};

// Labels of one stream, as text, whatever the tenant's limits say and also of exempt streams: they
// go into frames, log records, packs and the index as a whole.
constexpr std::size_t stream_labels_bytes_max = 1u << 20;

// Whether check_labels() would find nothing. Exact for tenants without enforced labels.
inline bool labels_are_fine(const cached_labels& labels, const tenant_limits& limits) {
  if (labels.label_count == 0) return false;
  if (labels.canonical_labels.size() > stream_labels_bytes_max) return false;
  if (labels.exempt) return true;
  return static_cast<std::int64_t>(labels.name_count) <= limits.max_label_names_per_series &&
         static_cast<std::int64_t>(labels.longest_name) <= limits.max_label_name_length &&
         static_cast<std::int64_t>(labels.longest_value) <= limits.max_label_value_length &&
         labels.with_duplicates.empty() && limits.enforced_labels.empty();
}

// Loki's checks of a label set, in its order.
std::optional<label_violation> check_labels(const cached_labels& labels, std::string_view tenant,
                                            const tenant_limits& limits);

// An id of what decides a label text's meaning: service_name discovery and the level fields.
std::uint64_t discovery_rules_id(const tenant_limits& limits);

// Parses without a cache. Errors: invalid_argument with the push API's text
// (`couldn't parse labels: 1:10: parse error: ...`).
result<cached_labels> resolve_labels(std::string_view text, const tenant_limits& limits);

class label_cache {
 public:
  explicit label_cache(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  label_cache(const label_cache&) = delete;
  label_cache& operator=(const label_cache&) = delete;

  // Identifies a text under rules, which are discovery_rules_id(limits): texts are kept apart by
  // it.
  struct key {
    std::string_view text;
    std::uint64_t rules;
    std::uint64_t hash;  // of both
  };
  static key key_of(std::string_view text, std::uint64_t rules);

  // Has the processor load what find() will look at. Worth its while for some ten keys at a time:
  // the table of a node with many streams is in no cache.
  void prefetch(std::span<const key> keys) const;
  // Parses at the first sight of a key. The pointer stays valid until trim(), or if it is not kept
  // until the next call: a push may bring any number of new streams.
  // Errors: those of resolve_labels; not cached.
  result<const cached_labels*> find(const key& of, const tenant_limits& limits);
  bool is_kept(const cached_labels* found) const { return found != &not_kept_; }
  // Lets entries go until the bound holds.
  void trim();

  std::size_t size() const { return ring_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct as_it_is {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t hash) const { return hash; }
  };
  struct entry {
    std::string text;
    std::uint64_t rules;
    std::uint64_t hash;
    entry* next;  // of the same hash
    bool used;    // since the hand passed
    std::size_t bytes;
    cached_labels value;
  };
  void forget(const entry& one);

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t misses_ = 0;
  cached_labels not_kept_;  // the last one
  std::vector<std::unique_ptr<entry>> ring_;
  std::size_t hand_ = 0;
  boost::unordered_flat_map<std::uint64_t, entry*, as_it_is> by_hash_;
};

}  // namespace skald
