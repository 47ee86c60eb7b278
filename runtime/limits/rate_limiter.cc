// SPDX-License-Identifier: Apache-2.0
#include "runtime/limits/rate_limiter.h"

#include <algorithm>

namespace skald {
namespace {

constexpr std::chrono::minutes sweep_interval{1};

}  // namespace

rate_verdict rate_limiter::try_take(std::string_view tenant, const tenant_limits& limits,
                                    std::uint64_t bytes, std::uint32_t healthy_distributors,
                                    time_point now) {
  constexpr double mebibyte = 1 << 20;
  double rate = limits.ingestion_rate_mb * mebibyte;
  if (limits.rate_strategy == ingestion_rate_strategy::global) {
    rate /= std::max<std::uint32_t>(1, healthy_distributors);
  }
  const double burst = limits.ingestion_burst_size_mb * mebibyte;
  const std::lock_guard lock(mutex_);
  auto it = buckets_.find(tenant);
  if (it == buckets_.end()) {
    if (now - swept_at_ >= sweep_interval) {
      swept_at_ = now;
      forget_idle_locked(now - idle_max);
    }
    it = buckets_.emplace(std::string(tenant), tenant_bucket{token_bucket(rate, burst), now}).first;
  }
  token_bucket& bucket = it->second.bucket;
  bucket.configure(rate, burst, now);
  it->second.last_used = std::max(it->second.last_used, now);
  const double amount = static_cast<double>(bytes);
  rate_verdict verdict{.limit_bytes_per_s = rate};
  verdict.allowed = bucket.try_take(amount, now);
  if (!verdict.allowed) verdict.retry_after = bucket.time_until(amount, now);
  return verdict;
}

void rate_limiter::forget_idle(time_point idle_since) {
  const std::lock_guard lock(mutex_);
  forget_idle_locked(idle_since);
}

void rate_limiter::forget_idle_locked(time_point idle_since) {
  std::erase_if(buckets_,
                [idle_since](const auto& entry) { return entry.second.last_used < idle_since; });
}

std::size_t rate_limiter::size() const {
  const std::lock_guard lock(mutex_);
  return buckets_.size();
}

}  // namespace skald
