// SPDX-License-Identifier: Apache-2.0
// How often a child may be restarted before the failure moves up one level. Pure: time is passed
// in.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>

namespace skald {

struct restart_limit {
  // Restarts allowed within `window`; 0 allows none.
  std::size_t restarts_max = 3;
  std::chrono::steady_clock::duration window = std::chrono::seconds(60);
};

struct supervision_options {
  // Per child, then: the child is given up.
  restart_limit child{3, std::chrono::seconds(60)};
  // All children together, then: the supervisor gives up.
  restart_limit all{20, std::chrono::seconds(60)};
};

// A value; not thread-safe. Memory: one time point per restart inside the window.
class restart_policy {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit restart_policy(restart_limit limit = {}) : limit_(limit) {}

  // Whether a restart is allowed now; counts it if so. An event exactly `window` ago still counts.
  bool allow(time_point now) {
    while (!restarts_.empty() && now - restarts_.front() > limit_.window) restarts_.pop_front();
    if (restarts_.size() >= limit_.restarts_max) return false;
    restarts_.push_back(now);
    return true;
  }
  std::size_t recent() const { return restarts_.size(); }

 private:
  restart_limit limit_;
  std::deque<time_point> restarts_;
};

}  // namespace skald
