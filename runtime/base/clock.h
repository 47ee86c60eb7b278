// SPDX-License-Identifier: Apache-2.0
// Time as a constructor argument. Wall time is for log timestamps and retention only; everything
// that measures or waits uses monotonic time.
#pragma once

#include <chrono>
#include <cstdint>

namespace skald {

class clock {
 public:
  virtual ~clock() = default;
  // Nanoseconds since the Unix epoch.
  virtual std::int64_t wall_now_ns() const = 0;
  virtual std::chrono::steady_clock::time_point now() const = 0;
};

// The machine's clocks. Stateless, so one may be shared by all threads.
class system_clock final : public clock {
 public:
  std::int64_t wall_now_ns() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  std::chrono::steady_clock::time_point now() const override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace skald
