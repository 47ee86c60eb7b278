// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/push_pacer.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using time_point = push_pacer::time_point;

constexpr std::int64_t mib = 1 << 20;
constexpr std::uint64_t push_bytes = mib;

class PushPacer : public testing::Test {
 protected:
  bool admit(std::int64_t sealed, std::int64_t room) {
    return pacer_.admit(push_bytes, now_, {sealed, room}, now_);
  }
  // How many pushes pass, tried each millisecond, each as if it had just come.
  int admitted(std::int64_t sealed, std::int64_t room, milliseconds time) {
    int passed = 0;
    for (const auto end = now_ + time; now_ < end; now_ += 1ms) {
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
  for (int i = 0; i < 12; ++i) pacer_.learn(100 * mib, 1s);
  EXPECT_NEAR(pacer_.flushed_bytes_per_s(), 100.0 * mib, mib);
  pacer_.flush_begun(now_);
  const int half = admitted(100 * mib, 64 * mib, 500ms);
  EXPECT_GE(half, 28);
  EXPECT_LE(half, 40);
  const int rest = admitted(100 * mib, (64 - half) * mib, 480ms);
  EXPECT_GE(half + rest, 52);
  EXPECT_LE(half + rest, 64);
}

TEST_F(PushPacer, LearnsHowFastFlushesAre) {
  EXPECT_EQ(pacer_.flushed_bytes_per_s(), push_pacer::assumed_bytes_per_s);
  for (int i = 0; i < 20; ++i) pacer_.learn(64 * mib, 6400ms);
  EXPECT_NEAR(pacer_.flushed_bytes_per_s(), 10.0 * mib, mib);
}

TEST_F(PushPacer, LearnsLittleFromSmallFlushes) {
  for (int i = 0; i < 20; ++i) pacer_.learn(10 << 10, 100ms);
  EXPECT_NEAR(pacer_.flushed_bytes_per_s(), push_pacer::assumed_bytes_per_s, 1e6);
  pacer_.learn(0, 100ms);
  pacer_.learn(64 * mib, 0s);
  EXPECT_NEAR(pacer_.flushed_bytes_per_s(), push_pacer::assumed_bytes_per_s, 1e6);
}

TEST_F(PushPacer, TakesShardsThatEndOneByOneForOneFlush) {
  pacer_.flush_begun(now_);
  admitted(64 * mib, 64 * mib, 100ms);
  const auto then = now_;
  const push_pacer same = pacer_;
  const int before = admitted(64 * mib, 64 * mib, 100ms);
  pacer_ = same;
  now_ = then;
  EXPECT_EQ(admitted(32 * mib, 64 * mib, 100ms), before);
}

TEST_F(PushPacer, BeginsAnewWithEachFlush) {
  pacer_.flush_begun(now_);
  const int first = admitted(80 * mib, 40 * mib, 500ms);
  now_ += 10s;
  pacer_.flush_begun(now_);
  EXPECT_EQ(admitted(80 * mib, 40 * mib, 500ms), first);
}

TEST_F(PushPacer, MakesNobodyWaitLong) {
  pacer_.flush_begun(now_);
  while (admit(100 * mib, 0)) continue;
  const auto came = now_;
  now_ = came + push_pacer::wait_max - 1ms;
  EXPECT_FALSE(pacer_.admit(push_bytes, came, {100 * mib, 0}, now_));
  now_ = came + push_pacer::wait_max;
  EXPECT_TRUE(pacer_.admit(push_bytes, came, {100 * mib, 0}, now_));
}

TEST_F(PushPacer, ForgivesWhatPassedWithoutAShare) {
  pacer_.flush_begun(now_);
  const auto long_ago = now_ - push_pacer::wait_max;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(pacer_.admit(push_bytes, long_ago, {100 * mib, 100 * mib}, now_));
  }
  now_ += 200ms;
  EXPECT_TRUE(admit(100 * mib, 100 * mib));
}

TEST_F(PushPacer, GoesOnWhenAFlushTakesLongerThanExpected) {
  pacer_.flush_begun(now_);
  EXPECT_TRUE(admit(100 * mib, 10 * mib));
  now_ += 100s;
  EXPECT_TRUE(admit(100 * mib, 10 * mib));
}

}  // namespace
}  // namespace skald
