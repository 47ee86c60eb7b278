// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/push_pacer.h"

#include <algorithm>
#include <utility>

namespace skald {

void push_pacer::flush_begun(time_point now) {
  begun_ = refilled_ = now;
  sealed_ = 0;
  tokens_ = burst_bytes;
}

void push_pacer::learn(std::int64_t bytes, seconds took) {
  if (bytes <= 0 || took.count() <= 0) return;
  const auto flushed = static_cast<double>(bytes);
  const double weight = std::min(flushed / telling_bytes, 1.0) / 2;
  flushed_bytes_per_s_ += weight * (flushed / took.count() - flushed_bytes_per_s_);
}

bool push_pacer::admit(std::uint64_t bytes, time_point since, const load& at, time_point now) {
  if (at.sealed == 0) return true;
  sealed_ = std::max(sealed_, at.sealed);
  const seconds passed = now - std::exchange(refilled_, now);
  tokens_ = std::min(burst_bytes, tokens_ + pace(at.room, now) * passed.count());
  if (tokens_ <= 0 && now - since < wait_max) return false;
  tokens_ = std::max(tokens_ - static_cast<double>(bytes), -burst_bytes);
  return true;
}

// Bytes per second that use up the room when the flush ends.
double push_pacer::pace(std::int64_t room, time_point now) const {
  const double whole = static_cast<double>(sealed_) / flushed_bytes_per_s_;
  const seconds passed = now - begun_;
  const double left = std::max(whole - passed.count(), whole / 4);
  return static_cast<double>(std::max<std::int64_t>(room, 0)) / left;
}

}  // namespace skald
