// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/flush_rounds.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

flush_rounds ready(std::uint32_t shards) {
  flush_rounds rounds(shards);
  for (std::uint32_t i = 0; i < shards; ++i) rounds.shard_up(i);
  return rounds;
}

void finish(flush_rounds& rounds, std::uint32_t shard) {
  for (const auto step :
       {flush_step::sealing, flush_step::building, flush_step::recording, flush_step::indexing}) {
    ASSERT_TRUE(rounds.advance(shard, rounds.id(), step));
  }
}

TEST(FlushRounds, BeginsOnlyWhenWantedAndAllShardsAreUp) {
  flush_rounds rounds(2);
  EXPECT_FALSE(rounds.try_begin());
  rounds.request();
  rounds.shard_up(0);
  EXPECT_FALSE(rounds.try_begin());
  rounds.shard_up(1);
  EXPECT_TRUE(rounds.try_begin());
  EXPECT_FALSE(rounds.try_begin());
  EXPECT_EQ(rounds.id(), 1U);
}

TEST(FlushRounds, EndsWhenEveryShardIsDone) {
  auto rounds = ready(2);
  rounds.request();
  ASSERT_TRUE(rounds.try_begin());
  finish(rounds, 0);
  EXPECT_FALSE(rounds.is_complete());
  finish(rounds, 1);
  EXPECT_TRUE(rounds.is_complete());
  EXPECT_TRUE(rounds.end());
  EXPECT_FALSE(rounds.is_active());
  EXPECT_FALSE(rounds.try_begin());
}

TEST(FlushRounds, RequestDuringARoundWantsAnother) {
  auto rounds = ready(1);
  rounds.request();
  ASSERT_TRUE(rounds.try_begin());
  rounds.request();
  finish(rounds, 0);
  EXPECT_TRUE(rounds.end());
  EXPECT_TRUE(rounds.try_begin());
  EXPECT_EQ(rounds.id(), 2U);
}

TEST(FlushRounds, IgnoresMessagesOfOtherRoundsAndSteps) {
  auto rounds = ready(1);
  EXPECT_FALSE(rounds.advance(0, 0, flush_step::sealing));
  rounds.request();
  ASSERT_TRUE(rounds.try_begin());
  EXPECT_FALSE(rounds.advance(0, 2, flush_step::sealing));
  EXPECT_FALSE(rounds.advance(0, 1, flush_step::building));
  EXPECT_TRUE(rounds.advance(0, 1, flush_step::sealing));
  EXPECT_FALSE(rounds.advance(0, 1, flush_step::sealing));
}

TEST(FlushRounds, DeathBeforeTheRecordCancelsAndWantsAnotherRound) {
  for (const bool sealed : {false, true}) {
    auto rounds = ready(2);
    rounds.request();
    ASSERT_TRUE(rounds.try_begin());
    ASSERT_EQ(sealed && rounds.advance(1, 1, flush_step::sealing), sealed);
    EXPECT_TRUE(rounds.shard_down(1));
    EXPECT_FALSE(rounds.advance(1, 1, flush_step::building));
    finish(rounds, 0);
    ASSERT_TRUE(rounds.is_complete());
    EXPECT_FALSE(rounds.end());
    EXPECT_FALSE(rounds.try_begin());  // the shard is not up
    rounds.shard_up(1);
    EXPECT_TRUE(rounds.try_begin());
  }
}

TEST(FlushRounds, DeathBehindTheRecordWaitsForTheEnd) {
  auto rounds = ready(1);
  rounds.request();
  ASSERT_TRUE(rounds.try_begin());
  ASSERT_TRUE(rounds.advance(0, 1, flush_step::sealing));
  ASSERT_TRUE(rounds.advance(0, 1, flush_step::building));
  EXPECT_FALSE(rounds.shard_down(0));
  ASSERT_TRUE(rounds.advance(0, 1, flush_step::recording));
  EXPECT_FALSE(rounds.shard_down(0));
  ASSERT_TRUE(rounds.advance(0, 1, flush_step::indexing));
  EXPECT_TRUE(rounds.shard_down(0));
  EXPECT_TRUE(rounds.end());
}

}  // namespace
}  // namespace skald
