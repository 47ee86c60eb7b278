// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/random.h"

#include <gtest/gtest.h>

#include <vector>

namespace skald {
namespace {

TEST(SeededRandom, ReplaysFromItsSeed) {
  seeded_random a(7);
  seeded_random b(7);
  seeded_random c(8);
  const auto first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
}

// The published first outputs of splitmix64 for seed 1234567.
TEST(SeededRandom, IsSplitMix64) {
  seeded_random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317u);
  EXPECT_EQ(random.next(), 3203168211198807973u);
}

TEST(SeededRandom, StaysBelowItsBound) {
  seeded_random random(1);
  std::vector<int> hits(7);
  for (int i = 0; i < 7000; ++i) ++hits[random.below(7)];
  for (const int n : hits) EXPECT_GT(n, 800);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(SeededRandom, UnitAndJitterStayInRange) {
  seeded_random random(3);
  for (int i = 0; i < 1000; ++i) {
    const double u = random.unit();
    EXPECT_GE(u, 0);
    EXPECT_LT(u, 1);
    const double j = random.jitter(100, 0.1);
    EXPECT_GE(j, 90);
    EXPECT_LT(j, 110);
  }
}

}  // namespace
}  // namespace skald
