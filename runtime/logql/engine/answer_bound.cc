// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/answer_bound.h"

#include <algorithm>
#include <functional>

namespace skald::logql {
namespace {

constexpr std::size_t counted_limit_max = 1000;

}  // namespace

answer_bound::answer_bound(const query_request& request)
    : forward_(request.forward),
      limit_(request.limit),
      counts_(request.limit > 0 && request.limit <= counted_limit_max && request.interval_ns <= 0),
      ns_(request.forward ? INT64_MAX : INT64_MIN) {}

void answer_bound::tighten(std::int64_t ns) {
  std::int64_t known = get();
  while ((forward_ ? ns < known : ns > known) &&
         !ns_.compare_exchange_weak(known, ns, std::memory_order_relaxed)) {
  }
}

std::size_t answer_bound::join() {
  const std::lock_guard lock(mutex_);
  found_.emplace_back();
  return found_.size() - 1;
}

void answer_bound::report(std::size_t worker, std::span<const std::int64_t> timestamps) {
  const std::lock_guard lock(mutex_);
  found_[worker].assign(timestamps.begin(), timestamps.end());
  all_.clear();
  for (const auto& found : found_) all_.insert(all_.end(), found.begin(), found.end());
  if (all_.size() < limit_) return;
  const auto last = all_.begin() + static_cast<std::ptrdiff_t>(limit_) - 1;
  if (forward_) {
    std::nth_element(all_.begin(), last, all_.end());
  } else {
    std::nth_element(all_.begin(), last, all_.end(), std::greater<>());
  }
  const std::int64_t bound = *last;
  tighten(bound);
  // What is worse never counts again, and many workers may report.
  for (auto& found : found_) {
    std::erase_if(found, [&](std::int64_t ns) { return forward_ ? ns > bound : ns < bound; });
  }
}

}  // namespace skald::logql
