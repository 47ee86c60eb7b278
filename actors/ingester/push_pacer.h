// SPDX-License-Identifier: Apache-2.0
// Spreads the pushes that arrive during a flush over its time. Without it they would take all the
// room that is left at full speed, and then all wait until the flush ends. Decides only; pure.
// Owned by one actor. Units: bytes.
#pragma once

#include <chrono>
#include <cstdint>

namespace skald {

class push_pacer {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using seconds = std::chrono::duration<double>;

  // Pushes wait for this no longer: slow flushes must leave the room to those who need it.
  static constexpr std::chrono::milliseconds wait_max{200};
  // So much passes at once.
  static constexpr double burst_bytes = 4 << 20;
  // Of flushes, until one has ended.
  static constexpr double assumed_bytes_per_s = 80e6;

  struct load {
    std::int64_t sealed = 0;  // what the flush under way takes; 0: none
    std::int64_t room = 0;    // until pushes have to wait for its end
  };

  // Whether a push may pass that came at `since`; it is counted then. Call it often during flushes.
  bool admit(std::uint64_t bytes, time_point since, const load& at, time_point now);

  double flushed_bytes_per_s() const { return flushed_bytes_per_s_; }

 private:
  void observe(std::int64_t sealed, time_point now);
  double pace(std::int64_t room, time_point now) const;

  std::int64_t last_sealed_ = 0;
  std::int64_t sealed_ = 0;  // of the flush under way, all shards
  time_point begun_{};
  time_point refilled_{};
  double tokens_ = 0;
  double flushed_bytes_per_s_ = assumed_bytes_per_s;
};

}  // namespace skald
