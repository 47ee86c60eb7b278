// SPDX-License-Identifier: Apache-2.0
// Randomness as a constructor argument, so that a test can replay a run from its seed. Not for
// secrets.
#pragma once

#include <cstdint>

namespace skald {

// Not thread-safe: one per owner.
class random_source {
 public:
  virtual ~random_source() = default;
  // 64 uniformly distributed bits.
  virtual std::uint64_t next() = 0;
  // Uniform in [0, bound), without bias. `bound` must not be 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double unit();
  // `value` spread evenly over [value * (1 - fraction), value * (1 + fraction)): jitter of timers.
  double jitter(double value, double fraction);
};

// splitmix64: the same seed gives the same sequence on every machine.
class seeded_random final : public random_source {
 public:
  explicit seeded_random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

// A seed from the operating system, for production use and for naming a test run.
std::uint64_t random_seed();

}  // namespace skald
