// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/push_pacer.h"

#include <algorithm>
#include <utility>

namespace skald {

bool push_pacer::admit(std::uint64_t bytes, time_point since, const load& at, time_point now) {
  observe(at.sealed, now);
  if (at.sealed == 0) return true;
  const seconds passed = now - std::exchange(refilled_, now);
  tokens_ = std::min(burst_bytes, tokens_ + pace(at.room, now) * passed.count());
  if (tokens_ <= 0 && now - since < wait_max) return false;
  tokens_ -= static_cast<double>(bytes);
  return true;
}

// Shards begin and end their parts of a flush one after the other. What grows after it has fallen
// is the next one.
void push_pacer::observe(std::int64_t sealed, time_point now) {
  const bool ended = sealed == 0 || (last_sealed_ < sealed_ && sealed > last_sealed_);
  if (sealed_ > 0 && ended) {
    const seconds took = now - begun_;
    if (took.count() > 0) {
      flushed_bytes_per_s_ =
          (flushed_bytes_per_s_ + static_cast<double>(sealed_) / took.count()) / 2;
    }
    sealed_ = 0;
  }
  last_sealed_ = sealed;
  if (sealed > 0 && sealed_ == 0) {
    begun_ = refilled_ = now;
    tokens_ = burst_bytes;
  }
  sealed_ = std::max(sealed_, sealed);
}

// Bytes per second that use up the room when the flush ends.
double push_pacer::pace(std::int64_t room, time_point now) const {
  const double whole = static_cast<double>(sealed_) / flushed_bytes_per_s_;
  const seconds passed = now - begun_;
  const double left = std::max(whole - passed.count(), whole / 4);
  return static_cast<double>(std::max<std::int64_t>(room, 0)) / left;
}

}  // namespace skald
