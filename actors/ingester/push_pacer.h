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
  // So much passes at once. Who passed without a share owes no more than that: what it took is
  // missing from the room already.
  static constexpr double burst_bytes = 4 << 20;
  // Of flushes, until one has ended. A guess for one core and a local disk: when it is too high,
  // pushes of the first flush wait for its end, when too low, each of them for up to `wait_max`.
  static constexpr double assumed_bytes_per_s = 80e6;
  // A flush of so much counts as half of what is known. Small ones tell little: syncs and the
  // index take most of their time.
  static constexpr double telling_bytes = 64 << 20;

  struct load {
    std::int64_t sealed = 0;  // what the flush under way takes; 0: none
    std::int64_t room = 0;    // until pushes have to wait for its end
  };

  void flush_begun(time_point now);
  // Of a flush without failures: what it took. Says nothing about which flush is under way.
  void learn(std::int64_t bytes, seconds took);
  // Whether a push may pass that came at `since`; it is counted then.
  bool admit(std::uint64_t bytes, time_point since, const load& at, time_point now);

  double flushed_bytes_per_s() const { return flushed_bytes_per_s_; }

 private:
  double pace(std::int64_t room, time_point now) const;

  std::int64_t sealed_ = 0;  // of the flush under way: shards begin and end one after the other
  time_point begun_{};
  time_point refilled_{};
  double tokens_ = 0;
  double flushed_bytes_per_s_ = assumed_bytes_per_s;
};

}  // namespace skald
