// SPDX-License-Identifier: Apache-2.0
// Lends distributor cores to io threads: a core and its label cache belong to one thread at a time.
// Safe from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "actors/distributor/distributor_core.h"
#include "runtime/limits/rate_limiter.h"

namespace skald {

class distributor_core_pool {
 public:
  distributor_core_pool(distributor_options options, std::shared_ptr<rate_limiter> rates)
      : options_(options), rates_(std::move(rates)) {}

  // Runs `use` with a core that no other thread uses meanwhile. As many cores are made as threads
  // ever ask at once.
  template <class F>
  auto with_core(F&& use) {
    std::unique_ptr<distributor_core> core = take();
    auto out = use(*core);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(core));
    return out;
  }

 private:
  std::unique_ptr<distributor_core> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto core = std::move(idle_.back());
        idle_.pop_back();
        return core;
      }
    }
    return std::make_unique<distributor_core>(options_, *rates_);
  }

  const distributor_options options_;
  const std::shared_ptr<rate_limiter> rates_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<distributor_core>> idle_;
};

}  // namespace skald
