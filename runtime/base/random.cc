// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/random.h"

#include <random>

#include "runtime/base/assert.h"

namespace skald {

std::uint64_t random_source::below(std::uint64_t bound) {
  SKALD_ASSERT(bound > 0);
  // Lemire's multiplication method, with rejection of the few values that would favour small
  // results.
  auto product = static_cast<unsigned __int128>(next()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t least = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < least) {
      product = static_cast<unsigned __int128>(next()) * bound;
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double random_source::unit() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

double random_source::jitter(double value, double fraction) {
  return value * (1 - fraction + 2 * fraction * unit());
}

std::uint64_t seeded_random::next() {
  state_ += 0x9e3779b97f4a7c15u;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace skald
