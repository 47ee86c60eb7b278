// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_lookahead.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/wal/wal_fixture.h"

namespace skald {
namespace {

using namespace wal_testing;

std::vector<std::uint64_t> found(test_lane& lane, std::uint64_t from_sequence = 1) {
  std::vector<std::uint64_t> sequences;
  for (const auto& record : find_wal_records(lane.path(), lane.options.lane, lane.files,
                                             wal_record_type::flushed, from_sequence)) {
    EXPECT_EQ(record.body, "flushed " + std::to_string(record.sequence));
    sequences.push_back(record.sequence);
  }
  return sequences;
}

// Every third record is a flushed one. Others have `bytes(sequence)`, groups have one to three.
template <class Bytes>
void write_lane(test_lane& lane, std::uint64_t last, Bytes bytes) {
  auto writer = lane.open();
  for (std::uint64_t i = 1; i <= last; ++i) {
    const bool flushed = i % 3 == 0;
    ASSERT_TRUE(put(*writer, flushed ? "flushed " + std::to_string(i) : std::string(bytes(i), 'x'),
                    flushed ? wal_record_type::flushed : wal_record_type::entries)
                    .ok());
    if (i % 4 == 1) continue;
    ASSERT_TRUE(writer->sync().ok());
  }
  ASSERT_TRUE(writer->sync().ok());
}

TEST(WalLookahead, FindsRecordsOfOneTypeInAllSegments) {
  for (const std::uint64_t bytes : {10, 4000, 20000}) {
    SCOPED_TRACE(bytes);
    test_lane lane;
    write_lane(lane, 30, [&](std::uint64_t i) { return bytes + i * 8; });
    EXPECT_EQ(found(lane), (std::vector<std::uint64_t>{3, 6, 9, 12, 15, 18, 21, 24, 27, 30}));
    EXPECT_EQ(found(lane, 18), (std::vector<std::uint64_t>{18, 21, 24, 27, 30}));
    EXPECT_EQ(found(lane, 31), std::vector<std::uint64_t>());
  }
}

TEST(WalLookahead, PassesOverPaddingOfEveryLength) {
  for (std::uint64_t bytes = 3900; bytes <= 4100; bytes += 4) {
    test_lane lane;
    write_lane(lane, 7, [&](std::uint64_t) { return bytes; });
    ASSERT_EQ(found(lane), (std::vector<std::uint64_t>{3, 6})) << bytes;
  }
}

TEST(WalLookahead, FindsNothingInAnEmptyOrUnreadableLane) {
  test_lane lane;
  EXPECT_TRUE(found(lane).empty());
  write_lane(lane, 6, [](std::uint64_t) { return 10; });
  for (const bool open : {true, false}) {
    const auto fail = [](const std::string&) {
      return result<void>(errc::unavailable, "injected");
    };
    lane.files.on_open = open ? fail : std::function<result<void>(const std::string&)>();
    if (!open) {
      lane.files.on_read = [](const std::string&, std::uint64_t) {
        return result<void>(errc::unavailable, "injected");
      };
    }
    EXPECT_TRUE(found(lane).empty());
  }
}

TEST(WalLookahead, StopsInASegmentAtADamagedHeaderAndGoesOnInTheNext) {
  test_lane lane;
  write_lane(lane, 12, [](std::uint64_t) { return 12000; });
  ASSERT_EQ(found(lane), (std::vector<std::uint64_t>{3, 6, 9, 12}));
  std::string bytes = slurp(lane.segment_path(1));
  bytes[wal_block_bytes] ^= 1;
  spill(lane.segment_path(1), bytes);
  EXPECT_EQ(found(lane), (std::vector<std::uint64_t>{9, 12}));
  // The replay finds it.
  const auto sequences = lane.replay().sequences();
  EXPECT_EQ(sequences, numbers(2, 12));
}

TEST(WalLookahead, ReportsNoRecordWithADamagedBody) {
  test_lane lane;
  write_lane(lane, 6, [](std::uint64_t) { return 10; });
  std::string bytes = slurp(lane.segment_path(1));
  bytes[bytes.find("flushed 3")] ^= 1;
  spill(lane.segment_path(1), bytes);
  EXPECT_EQ(found(lane), (std::vector<std::uint64_t>{6}));
}

TEST(WalLookahead, FindsNothingThatAReplayDoesNotHandOut) {
  std::mt19937_64 random(20261123);
  for (int round = 0; round < 60; ++round) {
    test_lane lane;
    for (int life = 0; life < 2; ++life) {
      auto writer = lane.open();
      const auto first = writer->synced_sequence() + 1;
      for (std::uint64_t i = first; i < first + 15; ++i) {
        const bool flushed = random() % 3 == 0;
        ASSERT_TRUE(
            put(*writer,
                flushed ? "flushed " + std::to_string(i) : std::string(random() % 9000, 'x'),
                flushed ? wal_record_type::flushed : wal_record_type::entries)
                .ok());
        if (random() % 2 != 0) continue;
        ASSERT_TRUE(writer->sync().ok());
      }
      ASSERT_TRUE(writer->sync().ok());
    }
    const auto expected = [&] {
      std::vector<std::uint64_t> sequences;
      for (const auto& r : lane.replay().records) {
        if (r.type == wal_record_type::flushed) sequences.push_back(r.sequence);
      }
      return sequences;
    };
    ASSERT_EQ(found(lane), expected()) << round;
    for (const auto& entry : std::filesystem::directory_iterator(lane.path())) {
      std::string bytes = slurp(entry.path());
      const std::size_t at = random() % bytes.size();
      if (random() % 2 == 0) {
        bytes[at] ^= 4;
      } else {
        std::fill_n(bytes.begin() + at, std::min<std::size_t>(5000, bytes.size() - at), '\0');
      }
      spill(entry.path(), bytes);
    }
    const auto replayed = expected();
    for (const auto sequence : found(lane)) {
      ASSERT_TRUE(std::find(replayed.begin(), replayed.end(), sequence) != replayed.end()) << round;
    }
  }
}

}  // namespace
}  // namespace skald
