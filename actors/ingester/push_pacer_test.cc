// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/push_pacer.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

using std::chrono::milliseconds;
using time_point = push_pacer::time_point;

constexpr std::int64_t mib = 1 << 20;
constexpr std::uint64_t push_bytes = mib;

class PushPacer : public testing::Test {
 protected:
  bool admit(std::int64_t sealed, std::int64_t room) {
    return pacer_.admit(push_bytes, now_, {sealed, room}, now_);
  }
  // Flushes `sealed` bytes in that time, with nothing else going on.
  void flush(std::int64_t sealed, milliseconds took) {
    EXPECT_TRUE(admit(sealed, mib));
    now_ += took;
    EXPECT_TRUE(admit(0, mib));
  }
  // How many pushes pass, tried each millisecond, each as if it had just come.
  int admitted(std::int64_t sealed, std::int64_t room, milliseconds time) {
    int passed = 0;
    for (const auto end = now_ + time; now_ < end; now_ += milliseconds(1)) {
      while (admit(sealed, room - passed * mib)) ++passed;
    }
    return passed;
  }

  push_pacer pacer_;
  time_point now_{std::chrono::seconds(1000)};
};

TEST_F(PushPacer, LetsAllPassWithoutAFlush) {
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(admit(0, 0));
}

TEST_F(PushPacer, UsesTheRoomUpUntilTheFlushEnds) {
  for (int i = 0; i < 12; ++i) flush(100 * mib, milliseconds(1000));
  EXPECT_NEAR(pacer_.flushed_bytes_per_s(), 100.0 * mib, mib);
  const int half = admitted(100 * mib, 64 * mib, milliseconds(500));
  EXPECT_GE(half, 28);
  EXPECT_LE(half, 40);
  const int rest = admitted(100 * mib, (64 - half) * mib, milliseconds(480));
  EXPECT_GE(half + rest, 52);
  EXPECT_LE(half + rest, 64);
}

TEST_F(PushPacer, LearnsHowFastFlushesAre) {
  EXPECT_EQ(pacer_.flushed_bytes_per_s(), push_pacer::assumed_bytes_per_s);
  for (int i = 0; i < 20; ++i) flush(40 * mib, milliseconds(4000));
  EXPECT_NEAR(pacer_.flushed_bytes_per_s(), 10.0 * mib, mib);
}

TEST_F(PushPacer, TakesShardsThatEndOneByOneForOneFlush) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(admit(30 * mib, mib));
    EXPECT_TRUE(admit(60 * mib, mib));  // the second shard has begun
    now_ += milliseconds(500);
    EXPECT_TRUE(admit(30 * mib, mib));  // the first has ended
    now_ += milliseconds(500);
    EXPECT_TRUE(admit(0, mib));
  }
  EXPECT_NEAR(pacer_.flushed_bytes_per_s(), 60.0 * mib, mib);
}

TEST_F(PushPacer, SeesAFlushThatFollowsAtOnce) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(admit(60 * mib, mib));
    now_ += milliseconds(500);
    EXPECT_TRUE(admit(30 * mib, mib));
    now_ += milliseconds(500);
  }
  EXPECT_NEAR(pacer_.flushed_bytes_per_s(), 60.0 * mib, mib);
}

TEST_F(PushPacer, MakesNobodyWaitLong) {
  while (admit(100 * mib, 0)) continue;
  const auto came = now_;
  now_ = came + push_pacer::wait_max - milliseconds(1);
  EXPECT_FALSE(pacer_.admit(push_bytes, came, {100 * mib, 0}, now_));
  now_ = came + push_pacer::wait_max;
  EXPECT_TRUE(pacer_.admit(push_bytes, came, {100 * mib, 0}, now_));
}

TEST_F(PushPacer, GoesOnWhenAFlushTakesLongerThanExpected) {
  EXPECT_TRUE(admit(100 * mib, 10 * mib));
  now_ += std::chrono::seconds(100);
  EXPECT_TRUE(admit(100 * mib, 10 * mib));
}

}  // namespace
}  // namespace skald
