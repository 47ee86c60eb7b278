// SPDX-License-Identifier: Apache-2.0
#include "runtime/limits/token_bucket.h"

namespace skald {

std::chrono::nanoseconds token_bucket::time_until(double amount, time_point now) {
  refill(now);
  if (amount <= tokens_) return std::chrono::nanoseconds(0);
  if (amount > burst_ || rate_ <= 0) return std::chrono::nanoseconds::max();
  const double seconds = (amount - tokens_) / rate_;
  if (seconds > 1e9) return std::chrono::nanoseconds::max();
  return std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9) + 1);
}

}  // namespace skald
