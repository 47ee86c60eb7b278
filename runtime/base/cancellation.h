// SPDX-License-Identifier: Apache-2.0
// A flag that one thread raises and working threads look at between blocks, with the reason and a
// deadline.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "runtime/base/result.h"

namespace skald {

// Shared by a query's root and its workers. All members are safe from any thread.
class cancellation {
 public:
  cancellation() = default;
  explicit cancellation(std::chrono::steady_clock::time_point deadline) : deadline_(deadline) {}

  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // Cheap enough for every block, or every thousand rows.
  // Errors: cancelled after cancel(), timeout when the deadline has passed.
  result<void> check() const {
    if (cancelled_.load(std::memory_order_relaxed))
      return error{errc::cancelled, "query cancelled"};
    if (std::chrono::steady_clock::now() >= deadline_) {
      return error{errc::timeout, "query timed out"};
    }
    return {};
  }

 private:
  std::atomic<bool> cancelled_{false};
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

using cancellation_ptr = std::shared_ptr<cancellation>;

}  // namespace skald
