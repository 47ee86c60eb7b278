// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/log_collector.h"

#include <algorithm>
#include <limits>
#include <string>
#include <unordered_set>
#include <utility>

namespace skald::logql {
namespace {

std::size_t limit_of(const query_request& request) {
  return request.limit == 0 ? std::numeric_limits<std::size_t>::max() : request.limit;
}

std::int64_t distance_ns(std::int64_t a, std::int64_t b) {
  std::int64_t distance = 0;
  return __builtin_sub_overflow(std::max(a, b), std::min(a, b), &distance) ? INT64_MAX : distance;
}

bool same_place(const log_candidate& a, const log_candidate& b) {
  return a.timestamp_ns == b.timestamp_ns && a.stream->fingerprint == b.stream->fingerprint;
}

// What makes entries with equal place different ones.
std::string content_of(const log_candidate& candidate) {
  return candidate.labels->structured_metadata.canonical() + candidate.line;
}

constexpr std::size_t compact_slack = 1024;

// Entries of one place are cut together: a copy of one that was cut, read later, would stand
// elsewhere among them.
constexpr std::size_t cut_together_max = 1000;

std::size_t with_its_place(const std::vector<log_candidate>& sorted, std::size_t count) {
  const std::size_t most = std::min(sorted.size(), count + cut_together_max);
  while (count < most && same_place(sorted[count - 1], sorted[count])) ++count;
  return count;
}

// The number of leading entries that can matter; zero when all may.
std::size_t useful_count(const query_request& request, const std::vector<log_candidate>& sorted) {
  const std::size_t limit = limit_of(request);
  if (request.interval_ns <= 0) return sorted.size() < limit ? 0 : with_its_place(sorted, limit);
  // Which entries stay depends on entries of other workers. But with more entries to choose from,
  // the walk reaches its n-th one never later, so what lies behind the last one of this walk is
  // never needed.
  std::size_t chosen = 0;
  std::int64_t last_ns = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::int64_t timestamp_ns = sorted[i].timestamp_ns;
    if (chosen > 0 && distance_ns(timestamp_ns, last_ns) < request.interval_ns) continue;
    last_ns = timestamp_ns;
    if (++chosen == limit) return with_its_place(sorted, i + 1);
  }
  return 0;
}

}  // namespace

void log_collector::add(log_candidate candidate) {
  if (compact_at_ == 0) {
    const std::size_t limit = std::min<std::size_t>(limit_of(request_), 1u << 20);
    compact_at_ = 2 * limit + compact_slack;
  }
  ++added_;
  held_bytes_ += memory_bytes(candidate);
  candidates_.push_back(std::move(candidate));
  if (candidates_.size() >= compact_at_ || held_bytes_ >= compact_at_bytes_) {
    compact();
    compact_at_ = std::max(compact_at_, 2 * candidates_.size() + compact_slack);
    compact_at_bytes_ = std::max(compact_bytes_min, 2 * held_bytes_);
  }
}

void log_collector::cut_to(std::size_t count) {
  for (std::size_t i = count; i < candidates_.size(); ++i) {
    held_bytes_ -= memory_bytes(candidates_[i]);
  }
  candidates_.resize(count);
}

// By time in the direction asked for, then by stream, then by arrival in that direction.
bool log_collector::before(const log_candidate& a, const log_candidate& b) const {
  if (a.timestamp_ns != b.timestamp_ns) {
    return request_.forward ? a.timestamp_ns < b.timestamp_ns : a.timestamp_ns > b.timestamp_ns;
  }
  if (a.stream->fingerprint != b.stream->fingerprint) {
    return a.stream->canonical_labels < b.stream->canonical_labels;
  }
  return request_.forward ? a.arrival < b.arrival : a.arrival > b.arrival;
}

void log_collector::compact() {
  if (compacted_ == candidates_.size()) return;
  sort();
  remove_duplicates();
  compacted_ = candidates_.size();
  const std::size_t useful = useful_count(request_, candidates_);
  if (useful == 0) return;
  cut_to(useful);
  compacted_ = useful;
  narrow(candidates_.back().timestamp_ns);
}

// Entries mostly come in order, or as two lists that are.
void log_collector::sort() {
  const auto less = [this](const log_candidate& a, const log_candidate& b) { return before(a, b); };
  const auto from =
      candidates_.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(compacted_, 1)) - 1;
  const auto middle = std::is_sorted_until(from, candidates_.end(), less);
  if (middle == candidates_.end()) return;
  compacted_ = 0;
  if (std::is_sorted(middle, candidates_.end(), less)) {
    std::inplace_merge(candidates_.begin(), middle, candidates_.end(), less);
  } else {
    std::stable_sort(candidates_.begin(), candidates_.end(), less);
  }
}

// Of entries with one place and content the one that arrived first stays, in both directions: a
// choice that no copy, whenever it is read, can change.
void log_collector::remove_duplicates() {
  std::vector<bool> repeated;  // empty as long as there are none
  std::unordered_set<std::string> contents;
  std::size_t begin = std::max<std::size_t>(compacted_, 1) - 1;
  while (begin > 0 && same_place(candidates_[begin - 1], candidates_[begin])) --begin;
  while (begin < candidates_.size()) {
    std::size_t end = begin + 1;
    while (end < candidates_.size() && same_place(candidates_[begin], candidates_[end])) ++end;
    if (end - begin > 1) {
      contents.clear();
      for (std::size_t n = 0; n < end - begin; ++n) {
        const std::size_t i = request_.forward ? begin + n : end - 1 - n;
        if (contents.insert(content_of(candidates_[i])).second) continue;
        repeated.resize(candidates_.size(), false);
        repeated[i] = true;
        held_bytes_ -= memory_bytes(candidates_[i]);
      }
    }
    begin = end;
  }
  if (repeated.empty()) return;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    if (repeated[i]) continue;
    if (kept != i) candidates_[kept] = std::move(candidates_[i]);
    ++kept;
  }
  duplicates_ += candidates_.size() - kept;
  candidates_.resize(kept);
}

std::span<const std::int64_t> log_collector::best_timestamps() {
  timestamps_.clear();
  for (const log_candidate& one : candidates_) {
    if (timestamps_.size() == limit_of(request_)) break;
    timestamps_.push_back(one.timestamp_ns);
  }
  return timestamps_;
}

std::vector<log_candidate> log_collector::take() {
  compact();
  compacted_ = 0;
  held_bytes_ = 0;
  return std::exchange(candidates_, {});
}

std::optional<std::int64_t> bound_of(const query_request& request,
                                     const std::vector<log_candidate>& sorted) {
  const std::size_t useful = useful_count(request, sorted);
  if (useful == 0) return std::nullopt;
  return sorted[useful - 1].timestamp_ns;
}

void thin_out(const query_request& request, std::vector<log_candidate>& sorted) {
  const std::size_t limit = limit_of(request);
  if (request.interval_ns > 0) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < sorted.size() && kept < limit; ++i) {
      if (kept > 0 && distance_ns(sorted[i].timestamp_ns, sorted[kept - 1].timestamp_ns) <
                          request.interval_ns) {
        continue;
      }
      if (kept != i) sorted[kept] = std::move(sorted[i]);
      ++kept;
    }
    sorted.resize(kept);
  }
  if (sorted.size() > limit) sorted.resize(limit);
}

}  // namespace skald::logql
