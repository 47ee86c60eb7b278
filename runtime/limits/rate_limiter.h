// SPDX-License-Identifier: Apache-2.0
// The ingestion rate of all tenants of one process: a token bucket each. Safe from any thread (one
// lock, taken once a push).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/limits/tenant_limits.h"
#include "runtime/limits/token_bucket.h"

namespace skald {

struct rate_verdict {
  bool allowed = true;
  double limit_bytes_per_s = 0;             // this process' share
  std::chrono::nanoseconds retry_after{0};  // refused: when it would pass; max() if never
};

class rate_limiter {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // Takes `bytes` from the tenant's bucket, all or nothing. With the strategy `global` the rate is
  // divided by `healthy_distributors`; the burst is not. A changed limit counts from now on.
  // A new tenant's first call also forgets those that were idle for `idle_max`, at most once a
  // minute: memory grows with the tenants of the last minutes, not with all names ever sent.
  rate_verdict try_take(std::string_view tenant, const tenant_limits& limits, std::uint64_t bytes,
                        std::uint32_t healthy_distributors, time_point now);

  static constexpr std::chrono::minutes idle_max{10};

  // Forgets tenants whose bucket was not asked for since `idle_since`; they come back with a full
  // one.
  void forget_idle(time_point idle_since);
  std::size_t size() const;

 private:
  struct tenant_bucket {
    token_bucket bucket;
    time_point last_used;
  };
  void forget_idle_locked(time_point idle_since);

  mutable std::mutex mutex_;
  std::map<std::string, tenant_bucket, std::less<>> buckets_;
  time_point swept_at_{};
};

}  // namespace skald
