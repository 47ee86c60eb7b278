// SPDX-License-Identifier: Apache-2.0
#include "testing/kit/test_seed.h"

#include <cstdio>
#include <cstdlib>

namespace skald {

std::uint64_t environment_number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

std::uint64_t test_seed() {
  const std::uint64_t seed = environment_number("SKALD_SEED", 1);
  std::printf("SKALD_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  return seed;
}

}  // namespace skald
