// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_replay.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/wal/wal_fixture.h"

namespace skald {
namespace {

using namespace wal_testing;

constexpr std::uint64_t group_bytes = wal_block_bytes;

// Five groups of one record and a sixth of two, in one segment, each group one block.
void write_example(test_lane& lane) {
  auto writer = lane.open();
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(put(*writer, "record " + std::to_string(i)).ok());
    ASSERT_TRUE(writer->sync().ok());
  }
  ASSERT_TRUE(put(*writer, "record 6").ok());
  ASSERT_TRUE(put(*writer, "record 7").ok());
  ASSERT_TRUE(writer->sync().ok());
}

TEST(WalReplay, CutsTornTailAtEveryByteOfTheLastTwoRecords) {
  test_lane lane;
  write_example(lane);
  const std::string whole = slurp(lane.segment_path(1));
  const std::uint64_t sixth = wal_block_bytes + 5 * group_bytes;
  const std::uint64_t record = wal_stored_bytes(8);
  for (std::uint64_t cut = sixth; cut <= sixth + 2 * record; ++cut) {
    for (const bool zeros : {false, true}) {
      std::string bytes = whole.substr(0, cut);
      if (zeros) bytes.resize(whole.size());
      spill(lane.segment_path(1), bytes);
      const replayed got = lane.replay();
      const std::uint64_t kept =
          5 + (cut >= sixth + record ? 1 : 0) + (cut >= sixth + 2 * record ? 1 : 0);
      ASSERT_EQ(got.sequences(), numbers(1, kept)) << cut;
      ASSERT_EQ(got.summary.lost_bytes + got.summary.lost_records, 0u) << cut;
      ASSERT_TRUE(got.summary.quarantined_segments.empty()) << cut;
      // The next life goes on behind the cut, and the torn bytes stay harmless.
      auto writer = lane.open_after(got.summary);
      ASSERT_EQ(*put(*writer, "next"), kept + 1);
      ASSERT_TRUE(writer->sync().ok());
      const replayed next = lane.replay();
      ASSERT_EQ(next.sequences(), numbers(1, kept + 1));
      ASSERT_EQ(next.records.back().body, "next");
      ASSERT_EQ(next.summary.lost_bytes + next.summary.lost_records, 0u) << cut;
      std::filesystem::remove(lane.segment_path(2));
    }
  }
}

TEST(WalReplay, UnfinishedLastGroupIsTornWhateverIsMissingOfIt) {
  test_lane lane;
  write_example(lane);
  std::string bytes = slurp(lane.segment_path(1));
  bytes[wal_block_bytes + 5 * group_bytes + 35] ^= 1;  // body of 6; 7 is good
  spill(lane.segment_path(1), bytes);
  const replayed got = lane.replay();
  EXPECT_EQ(got.sequences(), (std::vector<std::uint64_t>{1, 2, 3, 4, 5, 7}));
  EXPECT_EQ(got.summary.lost_records, 0u);
  EXPECT_EQ(got.summary.torn_bytes, wal_stored_bytes(8));
  auto writer = lane.open_after(got.summary);
  EXPECT_EQ(*put(*writer, "next"), 8u);
  ASSERT_TRUE(writer->sync().ok());
  EXPECT_EQ(lane.replay().summary.lost_records, 0u);
}

TEST(WalReplay, SkipsAnyFlippedByteInTheMiddleAndCountsIt) {
  test_lane lane;
  write_example(lane);
  const std::string whole = slurp(lane.segment_path(1));
  const std::uint64_t third = wal_block_bytes + 2 * group_bytes;
  for (std::uint64_t at = third; at < third + wal_record_header_bytes + 8; ++at) {
    std::string bytes = whole;
    bytes[at] ^= 0x10;
    spill(lane.segment_path(1), bytes);
    std::filesystem::remove_all(lane.path() + "/quarantine");
    const replayed got = lane.replay();
    ASSERT_EQ(got.sequences(), (std::vector<std::uint64_t>{1, 2, 4, 5, 6, 7})) << at - third;
    ASSERT_EQ(got.summary.lost_records, 1u) << at - third;
    ASSERT_GT(got.summary.lost_bytes, 0u) << at - third;
    ASSERT_LE(got.summary.lost_bytes, group_bytes) << at - third;
    ASSERT_EQ(got.summary.quarantined_segments, numbers(1, 1));
    ASSERT_EQ(slurp(lane.path() + "/quarantine/" + wal_segment_name(1)), bytes);
  }
}

TEST(WalReplay, NoticesPagesThatCameBackAsZeros) {
  test_lane lane;
  write_example(lane);
  std::string bytes = slurp(lane.segment_path(1));
  std::fill_n(bytes.begin() + wal_block_bytes + group_bytes, 2 * group_bytes, '\0');
  spill(lane.segment_path(1), bytes);
  const replayed got = lane.replay();
  EXPECT_EQ(got.sequences(), (std::vector<std::uint64_t>{1, 4, 5, 6, 7}));
  EXPECT_EQ(got.summary.lost_records, 2u);
  EXPECT_EQ(got.summary.quarantined_segments, numbers(1, 1));
}

TEST(WalReplay, SurvivesDamageOfTheSegmentHeader) {
  test_lane lane;
  write_example(lane);
  {
    auto writer = lane.open();
    ASSERT_TRUE(put(*writer, "record 8").ok());
    ASSERT_TRUE(writer->sync().ok());
  }
  const std::string whole = slurp(lane.segment_path(1));
  std::string bytes = whole;
  bytes[20] ^= 1;  // one copy: healed by the other
  spill(lane.segment_path(1), bytes);
  replayed got = lane.replay();
  EXPECT_EQ(got.sequences(), numbers(1, 8));
  EXPECT_EQ(got.summary.lost_bytes, 0u);
  // Both copies, and its life is known from nowhere else: lost, but counted, and the rest is read.
  bytes[wal_header_copy_offset + 20] ^= 1;
  spill(lane.segment_path(1), bytes);
  got = lane.replay();
  EXPECT_EQ(got.sequences(), numbers(8, 8));
  EXPECT_GT(got.summary.lost_bytes, 7u * 40);
  EXPECT_EQ(got.summary.quarantined_segments, numbers(1, 1));
  EXPECT_EQ(got.summary.last_sequence, 8u);
}

TEST(WalReplay, ReadsHeadlessSegmentByItsNeighboursLife) {
  test_lane lane;
  {
    auto writer = lane.open();
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(put(*writer, std::string(28000, 'a')).ok());
      ASSERT_TRUE(writer->sync().ok());
    }
  }
  std::string bytes = slurp(lane.segment_path(2));
  std::fill_n(bytes.begin(), wal_block_bytes, 'X');
  spill(lane.segment_path(2), bytes);
  const replayed got = lane.replay();
  EXPECT_EQ(got.sequences(), numbers(1, 6));
  EXPECT_EQ(got.summary.lost_records, 0u);
  EXPECT_EQ(got.summary.quarantined_segments, numbers(2, 2));
}

TEST(WalReplay, CountsAMissingSegment) {
  test_lane lane;
  {
    auto writer = lane.open();
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(put(*writer, std::string(28000, 'a')).ok());
      ASSERT_TRUE(writer->sync().ok());
    }
  }
  std::filesystem::remove(lane.segment_path(2));
  const replayed got = lane.replay();
  EXPECT_EQ(got.sequences(), (std::vector<std::uint64_t>{1, 2, 5, 6}));
  EXPECT_EQ(got.summary.lost_records, 2u);
  EXPECT_EQ(got.summary.next_segment, 4u);
}

TEST(WalReplay, CountsDamageAtTheEndOfAFullSegment) {
  test_lane lane;
  {
    auto writer = lane.open();
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(put(*writer, std::string(20000, 'a')).ok());
      ASSERT_TRUE(writer->sync().ok());
    }
  }
  std::string bytes = slurp(lane.segment_path(1));
  const std::uint64_t second = wal_block_bytes + wal_round_to_block(wal_stored_bytes(20000));
  bytes[second] ^= 1;  // header of the last record of segment 1
  spill(lane.segment_path(1), bytes);
  const replayed got = lane.replay();
  EXPECT_EQ(got.sequences(), (std::vector<std::uint64_t>{1, 3, 4, 5, 6}));
  EXPECT_EQ(got.summary.lost_records, 1u);
  EXPECT_GE(got.summary.lost_bytes, 20000u);
}

TEST(WalReplay, IgnoresOtherLanesAndRenamedFiles) {
  test_lane lane;
  write_example(lane);
  // A recycled file under its old name, with the header of its next use.
  test_lane other;
  other.options.lane = 3;
  write_example(other);
  std::filesystem::copy(other.segment_path(1), lane.segment_path(2));
  replayed got = lane.replay();
  EXPECT_EQ(got.sequences(), numbers(1, 7));
  EXPECT_EQ(got.summary.quarantined_segments, numbers(2, 2));
  std::filesystem::remove(lane.segment_path(2));
  std::filesystem::copy(lane.segment_path(1), lane.segment_path(9));
  got = lane.replay();
  EXPECT_EQ(got.sequences(), numbers(1, 7));
  EXPECT_EQ(got.summary.lost_bytes, 0u);
  EXPECT_EQ(got.summary.next_segment, 10u);
}

TEST(WalReplay, StopsWithTheVisitorsError) {
  test_lane lane;
  write_example(lane);
  int calls = 0;
  const auto stopped = wal_replay(lane.path(), lane.files, [&](const wal_record&) -> result<void> {
    if (++calls == 3) return error{errc::cancelled, "enough"};
    return {};
  });
  EXPECT_EQ(stopped.error(), (error{errc::cancelled, "enough"}));
  EXPECT_EQ(calls, 3);
}

// What cannot be read may be good: only the caller can tell whether to try again.
TEST(WalReplay, UnreadableSegmentsAreErrorsAndNotDamage) {
  test_lane lane;
  {
    auto writer = lane.open();
    for (int i = 0; i < 6; ++i) {
      ASSERT_TRUE(put(*writer, std::string(28000, 'a')).ok());
      ASSERT_TRUE(writer->sync().ok());
    }
  }
  const std::string second = lane.segment_path(2);
  bool fail_data_only = false;
  const auto fail_with = [&](errc code) {
    return [&, code](const std::string& path) -> result<void> {
      if (path == second) return error{code, "injected"};
      return {};
    };
  };
  const auto run = [&](bool accept, std::vector<std::uint64_t>& seen) {
    replay_options how;
    how.unreadable_is_damage = accept;
    return wal_replay(
        lane.path(), lane.files,
        [&](const wal_record& r) -> result<void> {
          seen.push_back(r.sequence);
          return {};
        },
        how);
  };
  const auto check = [&](errc code, bool read_fails, bool accepted) {
    std::vector<std::uint64_t> seen;
    const auto stopped = run(false, seen);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, code);
    EXPECT_EQ(seen, read_fails ? numbers(1, 2) : std::vector<std::uint64_t>());
    EXPECT_FALSE(std::filesystem::exists(lane.path() + "/quarantine"));
    seen.clear();
    const auto last = run(true, seen);
    ASSERT_EQ(last.ok(), accepted);
    if (!accepted) return;
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2, 5, 6}));
    EXPECT_GT(last->lost_bytes, 2u * 28000);
    EXPECT_EQ(last->quarantined_segments, numbers(2, 2));
    std::filesystem::remove_all(lane.path() + "/quarantine");
  };
  for (const auto& [code, accepted] : {std::pair{errc::unavailable, true},
                                       {errc::resource_exhausted, false},
                                       {errc::not_found, false}}) {
    SCOPED_TRACE(to_string(code));
    lane.files.on_open = fail_with(code);
    check(code, false, accepted);
    lane.files.on_open = nullptr;
    for (const bool data_only : {false, true}) {
      fail_data_only = data_only;
      bool header_was_read = false;
      lane.files.on_read = [&, fail = fail_with(code)](const std::string& path, std::uint64_t) {
        // The header block is read first, then the whole file.
        if (path == second && fail_data_only && !std::exchange(header_was_read, true)) {
          return result<void>();
        }
        if (path == second) header_was_read = false;
        return fail(path);
      };
      check(code, data_only, accepted);
    }
    lane.files.on_read = nullptr;
  }
  EXPECT_EQ(lane.replay().sequences(), numbers(1, 6));
}

TEST(WalReplay, CountsAnUnreadableEndOfTheLog) {
  test_lane lane;
  write_example(lane);
  int reads = 0;
  lane.files.on_read = [&](const std::string&, std::uint64_t) -> result<void> {
    if (++reads == 1) return {};  // the header
    return error{errc::unavailable, "injected"};
  };
  replay_options how;
  how.unreadable_is_damage = true;
  const auto summary = wal_replay(
      lane.path(), lane.files, [](const wal_record&) { return result<void>(); }, how);
  ASSERT_TRUE(summary.ok());
  EXPECT_GT(summary->lost_bytes, 0u);
}

TEST(WalReplay, ReportsProgress) {
  test_lane lane;
  write_example(lane);
  std::uint64_t last = 0;
  std::uint64_t total_bytes = 0;
  replay_options how;
  how.progress = [&](std::uint64_t done, std::uint64_t total) {
    EXPECT_GE(done, last);
    last = done;
    total_bytes = total;
  };
  ASSERT_TRUE(wal_replay(
                  lane.path(), lane.files, [](const wal_record&) { return result<void>(); }, how)
                  .ok());
  EXPECT_EQ(last, 64u << 10);
  EXPECT_EQ(total_bytes, 64u << 10);
}

// Random damage of every kind: replay ends, hands out only what was written, in order, each once.
TEST(WalReplay, NeverInventsOrRepeatsRecords) {
  std::mt19937_64 random(20240607);
  for (int round = 0; round < 300; ++round) {
    test_lane lane;
    std::vector<std::string> bodies;
    for (int life = 0; life < 2; ++life) {
      auto writer = lane.open();
      for (int i = 0; i < 12; ++i) {
        bodies.push_back(std::string(random() % 9000, static_cast<char>('a' + random() % 26)) +
                         std::to_string(bodies.size()));
        ASSERT_TRUE(put(*writer, bodies.back()).ok());
        if (random() % 2 == 0 || i == 11) {
          ASSERT_TRUE(writer->sync().ok());
        }
        if (random() % 5 == 0) {
          ASSERT_TRUE(writer->release_below(bodies.size() / 2).ok());
        }
      }
      const replayed whole = lane.replay();
      ASSERT_EQ(whole.summary.lost_bytes + whole.summary.lost_records, 0u) << round;
    }
    for (const auto& entry : std::filesystem::directory_iterator(lane.path())) {
      std::string bytes = slurp(entry.path());
      for (std::uint64_t n = random() % 4; n > 0 && !bytes.empty(); --n) {
        const std::size_t at = random() % bytes.size();
        switch (random() % 4) {
          case 0:
            bytes[at] ^= static_cast<char>(1 << random() % 8);
            break;
          case 1:
            bytes.resize(at);
            break;
          case 2:
            std::fill_n(bytes.begin() + at, std::min<std::size_t>(5000, bytes.size() - at), '\0');
            break;
          case 3:
            bytes.insert(at, bytes.substr(0, random() % 64));
            break;
        }
      }
      spill(entry.path(), bytes);
    }
    const replayed got = lane.replay();
    std::uint64_t last = 0;
    for (const seen_record& r : got.records) {
      ASSERT_GT(r.sequence, last);
      ASSERT_LE(r.sequence, bodies.size());
      ASSERT_EQ(r.body, bodies[r.sequence - 1]);
      last = r.sequence;
    }
    ASSERT_TRUE(lane.open_after(got.summary));
  }
}

}  // namespace
}  // namespace skald
