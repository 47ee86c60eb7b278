// SPDX-License-Identifier: Apache-2.0
// Random choices from a seed: the same seed gives the same choices on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace skald::logql::property {

class random_source {
 public:
  explicit random_source(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  template <class T>
  T pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  std::mt19937_64& engine() { return engine_; }

 private:
  std::mt19937_64 engine_;
};

using words = std::vector<std::string>;

}  // namespace skald::logql::property
