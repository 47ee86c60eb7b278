// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_writer.h"

#include <gtest/gtest.h>

#include "storage/wal/wal_fixture.h"

namespace skald {
namespace {

using namespace wal_testing;

TEST(WalWriter, ReplaysWhatWasSynced) {
  test_lane lane;
  {
    auto writer = lane.open();
    ASSERT_TRUE(writer);
    EXPECT_EQ(*put(*writer, "first", wal_record_type::entries, 7), 1u);
    EXPECT_EQ(*put(*writer, "", wal_record_type::flushed, 2), 2u);
    EXPECT_GT(writer->pending_bytes(), 0u);
    EXPECT_EQ(writer->synced_sequence(), 0u);
    ASSERT_TRUE(writer->sync().ok());
    EXPECT_EQ(writer->pending_bytes(), 0u);
    EXPECT_EQ(writer->synced_sequence(), 2u);
    EXPECT_EQ(*put(*writer, "third"), 3u);
    ASSERT_TRUE(writer->sync().ok());
    EXPECT_EQ(*put(*writer, "never synced"), 4u);
  }
  const replayed got = lane.replay();
  const std::vector<seen_record> want = {{1, wal_record_type::entries, 7, "first"},
                                         {2, wal_record_type::flushed, 2, ""},
                                         {3, wal_record_type::entries, 0, "third"}};
  EXPECT_EQ(got.records, want);
  EXPECT_TRUE(lane.aligned_bodies);
  EXPECT_EQ(got.summary.last_sequence, 3u);
  EXPECT_EQ(got.summary.records, 3u);
  EXPECT_EQ(got.summary.bytes, 10u);
  EXPECT_EQ(got.summary.lost_bytes + got.summary.torn_bytes + got.summary.lost_records, 0u);
  EXPECT_TRUE(got.summary.quarantined_segments.empty());
}

TEST(WalWriter, EmptyLaneReplaysNothing) {
  test_lane lane;
  const replayed got = lane.replay();
  EXPECT_EQ(got.summary.last_sequence, 0u);
  EXPECT_EQ(got.summary.next_segment, 1u);
  EXPECT_TRUE(got.summary.segments.empty());
}

TEST(WalWriter, RejectsRecordLargerThanSegment) {
  test_lane lane;
  auto writer = lane.open();
  const std::uint64_t body_max = (64 << 10) - wal_block_bytes - wal_record_header_bytes;
  EXPECT_EQ(put(*writer, std::string(body_max + 1, 'x')).error().code, errc::invalid_argument);
  const std::string largest(body_max, 'y');
  ASSERT_TRUE(put(*writer, largest).ok());
  ASSERT_TRUE(put(*writer, largest).ok());
  ASSERT_TRUE(writer->sync().ok());
  EXPECT_EQ(writer->stats().segments, 2u);
  const replayed got = lane.replay();
  ASSERT_EQ(got.records.size(), 2u);
  EXPECT_EQ(got.records[1].body, largest);
}

TEST(WalWriter, RejectsBadOptions) {
  test_lane lane;
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{65536 - 4096},
                                    std::uint64_t{65536 + 1}, std::uint64_t{2} << 30}) {
    lane.options.segment_bytes = bytes;
    EXPECT_EQ(wal_writer::open(lane.path(), lane.options, lane.files, lane.time, {}).error().code,
              errc::invalid_argument);
  }
}

TEST(WalWriter, SplitsGroupsLargerThanSegment) {
  test_lane lane;
  auto writer = lane.open();
  std::vector<std::string> bodies;
  for (int i = 0; i < 100; ++i)
    bodies.push_back(std::string(3001 + i, static_cast<char>('a' + i % 26)));
  for (const std::string& b : bodies) ASSERT_TRUE(put(*writer, b).ok());
  ASSERT_TRUE(writer->sync().ok());
  EXPECT_GT(writer->stats().segments, 4u);
  const replayed got = lane.replay();
  ASSERT_EQ(got.records.size(), bodies.size());
  for (std::size_t i = 0; i < bodies.size(); ++i) EXPECT_EQ(got.records[i].body, bodies[i]);
  EXPECT_EQ(got.summary.lost_bytes, 0u);
}

TEST(WalWriter, GoesOnAfterRestart) {
  test_lane lane;
  for (int life = 0; life < 5; ++life) {
    lane.options.incarnation = 10 + life;
    auto writer = lane.open();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(*put(*writer, "r"), life * 3 + i + 1u);
    ASSERT_TRUE(writer->sync().ok());
  }
  const replayed got = lane.replay();
  EXPECT_EQ(got.sequences(), numbers(1, 15));
  EXPECT_EQ(got.summary.last_incarnation, 14u);
  EXPECT_EQ(got.summary.segments.size(), 5u);
  EXPECT_EQ(lane.replay(8).sequences(), numbers(8, 15));
  EXPECT_EQ(lane.replay(16).sequences(), numbers(1, 0));
  EXPECT_EQ(lane.replay(16).summary.last_sequence, 15u);
}

TEST(WalWriter, TakesHigherIncarnationThanBefore) {
  test_lane lane;
  lane.options.incarnation = 5;
  for (int life = 0; life < 2; ++life) {
    auto writer = lane.open();
    ASSERT_TRUE(put(*writer, "x").ok());
    ASSERT_TRUE(writer->sync().ok());
  }
  EXPECT_EQ(lane.replay().summary.last_incarnation, 6u);
}

TEST(WalWriter, CheckpointSequenceCountsWhenTheLogIsGone) {
  const wal_start start = wal_start_after({}, 500);
  EXPECT_EQ(start.next_sequence, 500u);
}

TEST(WalWriter, RecyclesReleasedSegments) {
  test_lane lane;
  lane.options.recycled_segments_max = 2;
  auto writer = lane.open();
  const std::string body(20000, 'z');
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(put(*writer, body + std::to_string(i)).ok());
    ASSERT_TRUE(writer->sync().ok());
  }
  const wal_stats full = writer->stats();
  EXPECT_EQ(full.segments, 10u);
  EXPECT_EQ(full.oldest_sequence, 1u);
  ASSERT_TRUE(writer->release_below(26).ok());
  const wal_stats freed = writer->stats();
  EXPECT_EQ(freed.recycled, 2u);
  EXPECT_EQ(freed.oldest_sequence, 25u);
  EXPECT_EQ(freed.disk_bytes, (2u + 2u) * (64u << 10));
  EXPECT_EQ(lane.replay().sequences(), numbers(25, 30));
  // Recycled files hold old records, none of which may come back.
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(put(*writer, "new").ok());
    ASSERT_TRUE(writer->sync().ok());
    EXPECT_EQ(lane.replay().sequences(), numbers(25, 31 + i));
  }
  ASSERT_TRUE(put(*writer, std::string(60000, 'q')).ok());
  ASSERT_TRUE(writer->sync().ok());
  const replayed got = lane.replay();
  EXPECT_EQ(got.sequences(), numbers(25, 34));
  EXPECT_EQ(got.summary.lost_bytes + got.summary.lost_records + got.summary.torn_bytes, 0u);
  EXPECT_EQ(writer->stats().recycled, 0u);
  ASSERT_TRUE(writer->release_below(1000).ok());
  EXPECT_EQ(writer->stats().segments, 1u);
}

TEST(WalWriter, KeepsRecycledFilesOverRestartAndDropsOthers) {
  test_lane lane;
  auto writer = lane.open();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(put(*writer, std::string(50000, 'z')).ok());
    ASSERT_TRUE(writer->sync().ok());
  }
  ASSERT_TRUE(writer->release_below(3).ok());
  writer.reset();
  spill(lane.path() + "/recycled-77", "short");
  spill(lane.path() + "/spare.tmp", "left over");
  writer = lane.open();
  EXPECT_EQ(writer->stats().recycled, 2u);
  EXPECT_FALSE(std::filesystem::exists(lane.path() + "/recycled-77"));
  EXPECT_FALSE(std::filesystem::exists(lane.path() + "/spare.tmp"));
  lane.options.segment_bytes = 128 << 10;
  writer = lane.open();
  EXPECT_EQ(writer->stats().recycled, 0u);
  EXPECT_EQ(lane.replay().sequences(), numbers(3, 3));
}

TEST(WalWriter, PrepareFillsAheadAndMakesTheNextFile) {
  test_lane lane;
  lane.options.zero_fill_ahead_bytes = 16 << 10;
  auto writer = lane.open();
  int steps = 0;
  while (*writer->prepare(4 << 10)) ++steps;
  EXPECT_EQ(steps, 4);
  EXPECT_EQ(writer->stats().recycled, 0u);
  ASSERT_TRUE(put(*writer, std::string(40000, 'a')).ok());
  ASSERT_TRUE(writer->sync().ok());
  while (*writer->prepare(10000)) ++steps;
  EXPECT_EQ(writer->stats().recycled, 1u);
  EXPECT_EQ(lane.replay().sequences(), numbers(1, 1));
  ASSERT_TRUE(put(*writer, std::string(40000, 'b')).ok());
  ASSERT_TRUE(writer->sync().ok());
  EXPECT_EQ(writer->stats().recycled, 0u);
  EXPECT_EQ(lane.replay().sequences(), numbers(1, 2));
}

// A failure at any call, then a second sync: everything is there once, and nothing that was
// discarded.
TEST(WalWriter, WritesAgainAfterFailureAtAnyCall) {
  for (const bool again : {true, false}) {
    for (int at = 0; at < 12; ++at) {
      test_lane lane;
      auto writer = lane.open();
      ASSERT_TRUE(put(*writer, "before").ok());
      ASSERT_TRUE(writer->sync().ok());
      lane.files.fail_at = at;
      ASSERT_TRUE(put(*writer, "one").ok());
      ASSERT_TRUE(put(*writer, std::string(61000, 'x')).ok());
      const auto synced = writer->sync();
      lane.files.fail_at.reset();
      const std::uint64_t durable = writer->synced_sequence();
      EXPECT_EQ(synced.ok(), durable == 3);
      if (!synced.ok()) {
        EXPECT_EQ(writer->stats().failed_syncs, 1u);
        EXPECT_EQ(writer->stats().consecutive_failures, 1u);
        if (again) {
          ASSERT_TRUE(writer->sync().ok());
          EXPECT_EQ(writer->stats().consecutive_failures, 0u);
        } else {
          writer->discard_pending();
        }
      }
      EXPECT_EQ(*put(*writer, "after"), again ? 4u : durable + 1);
      ASSERT_TRUE(writer->sync().ok());
      const replayed got = lane.replay();
      EXPECT_EQ(got.sequences(), numbers(1, again ? 4 : durable + 1)) << at;
      EXPECT_EQ(got.records.back().body, "after") << at;
      EXPECT_EQ(got.summary.lost_bytes + got.summary.lost_records, 0u) << at;
    }
  }
}

// fdatasync fails although the bytes reach the disk: what was answered with an error must not stand
// in the way.
TEST(WalWriter, LaterSegmentWinsOverUnsyncedRecords) {
  test_lane lane;
  auto writer = lane.open();
  ASSERT_TRUE(put(*writer, "before").ok());
  ASSERT_TRUE(writer->sync().ok());
  ASSERT_TRUE(put(*writer, "refused 2").ok());
  ASSERT_TRUE(put(*writer, "refused 3").ok());
  lane.files.fail_all_syncs = true;
  EXPECT_EQ(writer->sync().error().code, errc::unavailable);
  lane.files.fail_all_syncs = false;
  writer->discard_pending();
  ASSERT_TRUE(put(*writer, "accepted 2").ok());
  ASSERT_TRUE(writer->sync().ok());
  const replayed got = lane.replay();
  ASSERT_EQ(got.sequences(), numbers(1, 2));
  EXPECT_EQ(got.records[1].body, "accepted 2");
  EXPECT_EQ(got.summary.lost_records, 0u);
}

TEST(WalWriter, RefusesEntriesOnAFullDisk) {
  test_lane lane;
  lane.options.disk_full_share = 0.9;
  auto writer = lane.open();
  lane.files.disk = disk_space{100, 0};
  EXPECT_EQ(put(*writer, "x").error().code, errc::resource_exhausted);
  EXPECT_TRUE(writer->disk_full());
  EXPECT_TRUE(put(*writer, "x", wal_record_type::flushed).ok());
  lane.files.disk = disk_space{100, 100};
  EXPECT_FALSE(put(*writer, "x").ok());  // not looked again yet
  lane.time.advance(std::chrono::milliseconds(1000));
  EXPECT_TRUE(put(*writer, "x").ok());
  EXPECT_TRUE(writer->sync().ok());
}

// As df counts: what is reserved for root is neither used nor available.
TEST(WalWriter, ADiskIsFullAboveTheShareOfWhatIsUsedAndAvailable) {
  struct example {
    double share;
    disk_space space;
    bool full;
  };
  constexpr std::uint64_t tb = std::uint64_t{1} << 40;
  for (const example& one : {example{0.9, {900, 100}, false}, example{0.9, {901, 99}, true},
                             example{0.9, {85 * tb, 10 * tb}, false},  // 5 are reserved
                             example{0.9, {0, 0}, false}, example{0.25, {26, 74}, true},
                             example{1.0, {100, 0}, false}}) {
    test_lane lane;
    lane.options.disk_full_share = one.share;
    lane.files.disk = one.space;
    auto writer = lane.open();
    EXPECT_EQ(put(*writer, "x").ok(), !one.full) << one.share << " " << one.space.used_bytes;
  }
}

TEST(WalWriter, RefusesEntriesAfterNoSpaceUntilItReturns) {
  test_lane lane;
  auto writer = lane.open();
  lane.files.fail_at = 0;
  lane.files.keep_failing = true;
  lane.files.fail_with = errc::resource_exhausted;
  ASSERT_TRUE(put(*writer, "x").ok());
  EXPECT_EQ(writer->sync().error().code, errc::resource_exhausted);
  EXPECT_EQ(put(*writer, "y").error().code, errc::resource_exhausted);
  EXPECT_EQ(writer->sync().error().code, errc::resource_exhausted);
  lane.files.fail_at.reset();
  lane.time.advance(std::chrono::milliseconds(1000));
  ASSERT_TRUE(put(*writer, "y").ok());
  ASSERT_TRUE(writer->sync().ok());
  EXPECT_EQ(lane.replay().sequences(), numbers(1, 2));
}

}  // namespace
}  // namespace skald
