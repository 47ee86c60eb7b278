// SPDX-License-Identifier: Apache-2.0
// Where a random test begins. A plain run is the same every time, so that it passes or fails by
// what was changed; SKALD_SEED in the environment chooses another (ops/test --long a new one each
// time).
#pragma once

#include <cstdint>

namespace skald {

// A number from the environment, for runs that are longer than a test may be.
std::uint64_t environment_number(const char* name, std::uint64_t otherwise);

// SKALD_SEED, or 1. Prints it: a test that crashes can be run again, too.
std::uint64_t test_seed();

}  // namespace skald
