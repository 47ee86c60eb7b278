// SPDX-License-Identifier: Apache-2.0
// Keeps of a stream of log entries those that can be part of the answer: the best `limit` in the
// direction asked for, without duplicates (one stream, timestamp, final line and structured
// metadata). One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "runtime/logql/engine/leaf_result.h"
#include "runtime/logql/plan/query_limits.h"

namespace skald::logql {

class log_collector {
 public:
  // `request` must outlive the collector.
  explicit log_collector(const query_request& request) : request_(request) {}

  // Whether an entry with this timestamp could be kept.
  bool accepts(std::int64_t timestamp_ns) const {
    if (!full_) return true;
    return request_.forward ? timestamp_ns <= bound_ns_ : timestamp_ns >= bound_ns_;
  }
  // The best time in [min_ns, max_ns] that the direction allows is acceptable.
  bool accepts_any(std::int64_t min_ns, std::int64_t max_ns) const {
    return accepts(request_.forward ? min_ns : max_ns);
  }
  // The timestamp of the worst entry that can be part of the answer, once that is known.
  std::optional<std::int64_t> bound_ns() const {
    return full_ ? std::optional<std::int64_t>(bound_ns_) : std::nullopt;
  }
  // Entries worse than `bound_ns` are known not to be part of the answer.
  void narrow(std::int64_t bound_ns) {
    if (!accepts(bound_ns)) return;
    full_ = bound_ns != (request_.forward ? INT64_MAX : INT64_MIN);
    bound_ns_ = bound_ns;
  }
  void add(log_candidate candidate);
  // Of the entries held, without their labels.
  std::uint64_t held_bytes() const { return held_bytes_; }
  // Sorts, removes duplicates and what is beyond the limit, and so tightens accepts().
  void compact();

  // Entries added so far, copies and what was left out included.
  std::uint64_t added() const { return added_; }
  // Of the entries that can be part of the answer, at most as many as the limit, best first. Needs
  // a compact() behind the last add(). Valid until the next call.
  std::span<const std::int64_t> best_timestamps();

  // Compacts; the collector is empty afterwards.
  std::vector<log_candidate> take();
  std::uint64_t duplicates() const { return duplicates_; }

 private:
  // Less than this is not worth the work.
  static constexpr std::uint64_t compact_bytes_min = 16 << 20;
  bool before(const log_candidate& a, const log_candidate& b) const;
  void sort();
  void remove_duplicates();
  void cut_to(std::size_t count);
  const query_request& request_;
  std::vector<log_candidate> candidates_;
  std::size_t compacted_ = 0;  // so many leading ones are sorted and have no duplicates
  std::size_t compact_at_ = 0;
  std::uint64_t held_bytes_ = 0;
  std::uint64_t compact_at_bytes_ = compact_bytes_min;
  std::uint64_t duplicates_ = 0;
  std::uint64_t added_ = 0;
  std::vector<std::int64_t> timestamps_;
  bool full_ = false;
  std::int64_t bound_ns_ = 0;
};

// The timestamp of the worst entry that can be part of the answer, when `sorted` (free of
// duplicates, in the direction of the request) already has enough entries to tell.
std::optional<std::int64_t> bound_of(const query_request& request,
                                     const std::vector<log_candidate>& sorted);

// Applies `interval`: an entry stays when it is the first, or at least that far from the last one
// that stayed. Then cuts to the limit. `sorted` is in the direction of the request.
void thin_out(const query_request& request, std::vector<log_candidate>& sorted);

}  // namespace skald::logql
