// SPDX-License-Identifier: Apache-2.0
// Lends distributor cores and the memory for decoding to io threads: both, with the label cache,
// belong to one thread at a time.
// Safe from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "actors/distributor/distributor_core.h"
#include "runtime/limits/rate_limiter.h"
#include "runtime/loki_api/push_scratch.h"

namespace skald {

class distributor_core_pool {
 public:
  distributor_core_pool(distributor_options options, std::shared_ptr<rate_limiter> rates)
      : options_(options), rates_(std::move(rates)) {}

  // Runs use(core, scratch) with a pair that no other thread uses meanwhile. As many cores are made
  // as threads ever ask at once.
  template <class F>
  auto with_core(F&& use) {
    std::unique_ptr<lane> one = take();
    auto out = use(one->core, one->scratch);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(one));
    return out;
  }

 private:
  struct lane {
    lane(const distributor_options& options, rate_limiter& rates) : core(options, rates) {}
    distributor_core core;
    push_scratch scratch;
  };

  std::unique_ptr<lane> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto one = std::move(idle_.back());
        idle_.pop_back();
        return one;
      }
    }
    return std::make_unique<lane>(options_, *rates_);
  }

  const distributor_options options_;
  const std::shared_ptr<rate_limiter> rates_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<lane>> idle_;
};

}  // namespace skald
