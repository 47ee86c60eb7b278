// SPDX-License-Identifier: Apache-2.0
// The time beyond which no entry can reach the answer of a log query, as far as its workers know.
// Whoever has as many entries as the limit asks for tells the others, which then leave out what
// could only be worse. Safe from many threads.
#pragma once

#include <atomic>
#include <cstdint>

namespace skald::logql {

class answer_bound {
 public:
  explicit answer_bound(bool forward) : forward_(forward), ns_(forward ? INT64_MAX : INT64_MIN) {}

  // The worst timestamp that can still matter; the end of time when nothing is known.
  std::int64_t get() const { return ns_.load(std::memory_order_relaxed); }
  // There are enough entries that are not worse than `ns`.
  void tighten(std::int64_t ns) {
    std::int64_t known = get();
    while ((forward_ ? ns < known : ns > known) &&
           !ns_.compare_exchange_weak(known, ns, std::memory_order_relaxed)) {
    }
  }

 private:
  const bool forward_;
  std::atomic<std::int64_t> ns_;
};

}  // namespace skald::logql
