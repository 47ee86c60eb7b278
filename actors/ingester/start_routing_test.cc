// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/start_routing.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

using slice_lists = std::vector<std::vector<std::uint32_t>>;

// One slice for each stream; a stream's number is what its shard is taken from.
push_frame_ptr frame_of(const std::vector<std::uint64_t>& streams) {
  push_frame_builder builder("t");
  for (const auto stream : streams) {
    builder.begin_stream({1, stream}, "{a=\"" + std::to_string(stream) + "\"}");
    builder.add(1, "line");
  }
  return builder.finish();
}

TEST(StartRouting, GivesEachShardItsSlices) {
  start_routing routing(3);
  EXPECT_EQ(routing.route(1, *frame_of({4, 5, 6, 7})), (slice_lists{{2}, {0, 3}, {1}}));
  EXPECT_EQ(routing.route(2, *frame_of({3})), (slice_lists{{0}, {}, {}}));
}

TEST(StartRouting, LeavesOutWhatIsKnownToBeInPacks) {
  start_routing routing(2);
  routing.set_flushed(2, 0, 5);
  routing.set_flushed(2, 1, 3);
  EXPECT_EQ(routing.route(3, *frame_of({0, 1})), (slice_lists{{}, {}}));
  EXPECT_EQ(routing.route(4, *frame_of({0, 1})), (slice_lists{{}, {1}}));
  EXPECT_EQ(routing.route(6, *frame_of({0, 1})), (slice_lists{{0}, {1}}));
  EXPECT_FALSE(routing.is_stale(0) || routing.is_stale(1));
  EXPECT_EQ(routing.progress().get(2, 0), 5u);
}

TEST(StartRouting, KnowsFlushesOfAnotherNumberOfShards) {
  start_routing routing(2);
  routing.set_flushed(3, 1, 9);
  EXPECT_EQ(routing.route(9, *frame_of({0, 1, 2, 4})), (slice_lists{{0, 2}, {}}));
}

TEST(StartRouting, ALateFlushedRecordMakesItsShardStale) {
  start_routing routing(2);
  routing.route(7, *frame_of({0}));
  routing.route(8, *frame_of({1}));
  routing.set_flushed(2, 0, 6);  // in front of all that the shard got
  EXPECT_FALSE(routing.is_stale(0));
  routing.set_flushed(2, 0, 7);
  EXPECT_TRUE(routing.is_stale(0));
  EXPECT_FALSE(routing.is_stale(1));
  EXPECT_EQ(routing.route(9, *frame_of({0, 1})), (slice_lists{{}, {1}}));
  // What was known does no harm when it is told again.
  routing.set_flushed(2, 1, 5);
  routing.set_flushed(2, 1, 5);
  EXPECT_FALSE(routing.is_stale(1));
}

TEST(StartRouting, ALateFlushedRecordOfAnotherNumberOfShardsMakesAllStale) {
  start_routing routing(2);
  routing.route(7, *frame_of({0}));
  routing.route(8, *frame_of({1}));
  routing.set_flushed(5, 3, 7);
  EXPECT_TRUE(routing.is_stale(0));
  EXPECT_FALSE(routing.is_stale(1));  // got nothing up to there
  routing.set_flushed(5, 3, 8);
  EXPECT_TRUE(routing.is_stale(1));
}

TEST(StartRouting, RoutesNothingTwiceWhenTheLogIsReadAgain) {
  start_routing routing(1);
  routing.route(1, *frame_of({0}));
  routing.route(2, *frame_of({0}));
  EXPECT_EQ(routing.routed_through(), 2u);
  EXPECT_EQ(routing.route(1, *frame_of({0})), (slice_lists{{}}));
  EXPECT_EQ(routing.route(2, *frame_of({0})), (slice_lists{{}}));
  EXPECT_EQ(routing.route(3, *frame_of({0})), (slice_lists{{0}}));
}

}  // namespace
}  // namespace skald
