// SPDX-License-Identifier: Apache-2.0
// The time beyond which no entry can reach the answer of a log query, as far as its workers know.
// Each tells the others what it found; as soon as all together have as many entries as the limit
// asks for, they leave out what could only be worse. Safe from many threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "runtime/logql/plan/query_limits.h"

namespace skald::logql {

class answer_bound {
 public:
  explicit answer_bound(const query_request& request);

  // The worst timestamp that can still matter; the end of time when nothing is known.
  std::int64_t get() const { return ns_.load(std::memory_order_relaxed); }
  // Whether entries with times in [min_ns, max_ns] could still matter.
  bool accepts_any(std::int64_t min_ns, std::int64_t max_ns) const {
    return forward_ ? min_ns <= get() : max_ns >= get();
  }
  // There are enough entries that are not worse than `ns`.
  void tighten(std::int64_t ns);

  // A number for a worker. No two may find the same entry.
  std::size_t join();
  // Whether entries are counted over all workers: not where the limit is large, since counting
  // costs more than it saves, nor where `interval` thins out.
  bool counts() const { return counts_; }
  // The best entries of a worker so far, free of copies: takes the place of what it told before.
  // Only where entries are counted.
  void report(std::size_t worker, std::span<const std::int64_t> timestamps);

 private:
  const bool forward_;
  const std::size_t limit_;
  const bool counts_;
  std::atomic<std::int64_t> ns_;
  std::mutex mutex_;                              // guards those below
  std::vector<std::vector<std::int64_t>> found_;  // by worker
  std::vector<std::int64_t> all_;
};

}  // namespace skald::logql
