// SPDX-License-Identifier: Apache-2.0
// A token bucket on a passed-in monotonic time, as Go's rate.Limiter.AllowN behaves: it starts
// full, refills steadily up to the burst, and a request larger than the burst never passes. A
// value; not thread-safe.
#pragma once

#include <algorithm>
#include <chrono>

namespace skald {

class token_bucket {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // `rate` in tokens per second, `burst` in tokens. Both may be 0 (nothing passes beyond the
  // burst).
  token_bucket(double rate, double burst) : rate_(rate), burst_(burst), tokens_(burst) {}

  // Takes `amount` tokens if all are there. A time before the last one counts as the last one.
  bool try_take(double amount, time_point now) {
    refill(now);
    if (amount > tokens_) return false;
    tokens_ -= amount;
    return true;
  }

  // How long until `amount` tokens will be there; max() if never (more than the burst, or no rate).
  std::chrono::nanoseconds time_until(double amount, time_point now);

  // Changes the limits, keeping what has been gathered (cut to the new burst).
  void configure(double rate, double burst, time_point now) {
    if (rate == rate_ && burst == burst_) return;
    refill(now);
    // A raised burst counts as there at once only as far as the bucket was full, as rate.Limiter
    // does.
    rate_ = rate;
    burst_ = burst;
    tokens_ = std::min(tokens_, burst_);
  }

  double rate() const { return rate_; }
  double burst() const { return burst_; }

 private:
  void refill(time_point now) {
    if (!started_) {
      started_ = true;
      last_ = now;
      return;
    }
    if (now <= last_) return;
    const double seconds = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(burst_, tokens_ + seconds * rate_);
    last_ = now;
  }

  double rate_;
  double burst_;
  double tokens_;
  bool started_ = false;
  time_point last_{};
};

}  // namespace skald
