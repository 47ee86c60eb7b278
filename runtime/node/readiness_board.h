// SPDX-License-Identifier: Apache-2.0
// Whether the node may be sent pushes and queries, as one value that many threads read and the node
// writes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "actors/gateway/gateway_context.h"

namespace skald {

class readiness_board {
 public:
  // For /ready and before every push. Safe from any thread; does not block for long.
  readiness get() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  // Cheaper than get() when only the fact matters.
  bool is_ready() const { return ready_.load(std::memory_order_acquire); }

  void set(readiness next) {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;  // nothing leads back from stopping
    state_ = std::move(next);
    ready_.store(state_.ready, std::memory_order_release);
  }
  void set_stopping() {
    set({false, "Application is stopping"});
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }

 private:
  mutable std::mutex mutex_;
  readiness state_{false, "starting"};
  bool stopping_ = false;
  std::atomic<bool> ready_{false};
};

}  // namespace skald
