// SPDX-License-Identifier: Apache-2.0
// A start reads the log once and gives the shards what is in no pack on the way: each entry once,
// whatever the log has behind it, in it, or instead of it.
#include <caf/send.hpp>
#include <cstring>
#include <fstream>

#include "actors/ingester/ingester_fixture.h"

namespace skald {
namespace {

using namespace std::chrono_literals;

class ingester_start : public ingester_fixture {
 protected:
  // Segments small enough for a few pushes each.
  ingester_start() { options_.wal.segment_bytes = 64 << 10; }

  std::string segment(int number) const {
    return options_.wal_directory + "/segment-000000000000000" + std::to_string(number) + ".wal";
  }
  // Where the record stands; its segment has it.
  static std::uint64_t offset_of(const std::string& path, std::uint64_t sequence) {
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::uint64_t offset = 4096;
    while (offset + 32 <= bytes.size()) {
      std::uint32_t body = 0;
      std::uint32_t type = 0;
      std::uint64_t found = 0;
      std::memcpy(&body, bytes.data() + offset + 8, 4);
      std::memcpy(&found, bytes.data() + offset + 16, 8);
      std::memcpy(&type, bytes.data() + offset + 28, 4);
      if (type == 0) {
        offset = (offset / 4096 + 1) * 4096;
        continue;
      }
      if (found == sequence) return offset;
      offset += (32 + body + 7) / 8 * 8;
    }
    ADD_FAILURE() << "no record " << sequence << " in " << path;
    return 0;
  }
  // A flush that ends in front of a step, as if the process died there.
  void flush_until(std::string step) {
    hooks_->before_step = [step](std::string_view next) { return next != step; };
    flush_async(flushed_);
    run();
    EXPECT_FALSE(flushed_.has_value());
  }
  void crash_and_start() {
    crash();
    hooks_->before_step = nullptr;
    flushed_.reset();
    start();
  }
  // Pushes of about 13 KiB, three to a segment: record n is push n - 1.
  std::vector<std::vector<entry>> push_large(int count) {
    std::vector<std::vector<entry>> pushes;
    for (int i = 0; i < count; ++i) {
      pushes.push_back(numbered(i * 100, 20));
      for (auto& e : pushes.back()) e.line += std::string(600, 'x');
      EXPECT_TRUE(push(pushes.back()).ok());
    }
    return pushes;
  }
  static seen_entries once_without(std::vector<std::vector<entry>> pushes,
                                   const std::vector<std::size_t>& lost) {
    for (const auto i : lost) pushes[i].clear();
    return once(pushes);
  }

 private:
  std::optional<result<bool>> flushed_;  // of flush_until(); comes when the ingester ends
};

TEST_F(ingester_start, FlushedRecordBehindItsEntriesKeepsThemOut) {
  start();
  const auto first = numbered(0, 40);
  ASSERT_TRUE(push(first).ok());
  flush_until("checkpoint");
  const auto second = numbered(40, 40);
  ASSERT_TRUE(push(second).ok());
  crash_and_start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(spawned("shard"), 4U);
  EXPECT_EQ(see_memory(), once({second}));
  EXPECT_EQ(see_all(), once({first, second}));
}

// The flushed records stand behind a damaged header: they are noticed when the entries they speak
// of are in the shards already.
TEST_F(ingester_start, ShardsThatGotFlushedEntriesAreReplaced) {
  start();
  const auto first = numbered(0, 40);
  ASSERT_TRUE(push(first).ok());
  const auto damaged = numbered(40, 40);
  ASSERT_TRUE(push(damaged).ok());
  flush_until("checkpoint");
  const auto last = numbered(80, 40);
  ASSERT_TRUE(push(last).ok());
  crash();
  flip_byte(segment(1), offset_of(segment(1), 2) + 16);
  hooks_->before_step = nullptr;
  start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_NE(status().note.find("damaged"), std::string::npos) << status().note;
  EXPECT_EQ(spawned("shard"), 6U);
  EXPECT_EQ(see_memory(), once({last}));
  EXPECT_EQ(see_all(), once({first, damaged, last}));  // what is damaged is in packs
  const auto later = numbered(120, 40);
  ASSERT_TRUE(push(later).ok());
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all(), once({first, damaged, last, later}));
  crash_and_start();
  EXPECT_EQ(see_all(), once({first, damaged, last, later}));
}

TEST_F(ingester_start, ReadsAllSegmentsWithTheTornTail) {
  start();
  const auto pushes = push_large(13);
  crash();
  flip_byte(segment(5), offset_of(segment(5), 13) + 100);
  start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(status().note, "");
  EXPECT_EQ(see_memory(), once_without(pushes, {12}));
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all(), once_without(pushes, {12}));
}

TEST_F(ingester_start, PassesOverDamageInTheMiddleAndSaysSo) {
  start();
  const auto pushes = push_large(13);
  crash();
  flip_byte(segment(2), offset_of(segment(2), 6) + 100);
  start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_NE(status().note.find("1 records lost"), std::string::npos) << status().note;
  EXPECT_EQ(see_memory(), once_without(pushes, {5}));
  EXPECT_TRUE(std::filesystem::exists(options_.wal_directory + "/quarantine"));
}

TEST_F(ingester_start, GoesOnBehindASegmentThatCouldNotBeReadForAWhile) {
  start();
  const auto pushes = push_large(13);
  crash();
  files_.unreadable_path = "segment-0000000000000003";
  files_.unreadable_at = 30000;  // behind the header: two segments were handed out
  files_.failing_with = errc::unavailable;
  start();
  const auto failures = files_.failures;
  EXPECT_GT(failures, 0U);
  EXPECT_EQ(status().now, ingester_status::phase::replaying);
  EXPECT_NE(status().note.find("told to fail"), std::string::npos) << status().note;
  EXPECT_FALSE(read().ok()) << "an answer without the entries that cannot be read";
  advance(1s);
  EXPECT_GT(files_.failures, failures);
  files_.unreadable_path.clear();
  advance(1s);
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(status().note, "");
  EXPECT_EQ(see_memory(), once(pushes));
  EXPECT_EQ(spawned("shard"), 4U);
  EXPECT_FALSE(std::filesystem::exists(options_.wal_directory + "/quarantine"));
}

TEST_F(ingester_start, StartsWithoutASegmentThatStaysUnreadable) {
  start();
  const auto pushes = push_large(13);
  crash();
  files_.unreadable_path = "segment-0000000000000003";
  files_.unreadable_at = 30000;
  files_.failing_with = errc::unavailable;
  start();
  for (int i = 0; i < 10; ++i) advance(1s);
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_NE(status().note.find("damaged"), std::string::npos) << status().note;
  EXPECT_EQ(see_memory(), once_without(pushes, {6, 7, 8}));
}

TEST_F(ingester_start, StreamThatDiesWhileReplayedGetsNothingThatIsFlushed) {
  start();
  const auto first = numbered(0, 40);
  ASSERT_TRUE(push(first).ok());
  flush_until("checkpoint");
  const auto second = numbered(40, 40);
  ASSERT_TRUE(push(second).ok());
  hand_over_at_once();
  bool thrown = false;
  hooks_->before_append = [&](const slice_ref&) {
    if (!std::exchange(thrown, true)) throw std::runtime_error("once");
  };
  crash_and_start();
  EXPECT_TRUE(thrown);
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(see_memory(), once({second}));
  EXPECT_EQ(see_all(), once({first, second}));
}

TEST_F(ingester_start, StreamThatDiesTooOftenWhileReplayedIsKeptForPeople) {
  options_.stream_supervision.child.restarts_max = 0;
  start();
  const auto good = numbered(0, 40);
  ASSERT_TRUE(push(good).ok());
  ASSERT_TRUE(push({{"{bad=\"1\"}", now_ns(), "poison"}}).ok());
  hooks_->before_append = [](const slice_ref& slice) {
    if (slice.columns().lines.bytes.find("poison") != std::string_view::npos) {
      throw std::runtime_error("poison entry");
    }
  };
  hand_over_at_once();
  crash_and_start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(status().quarantined_streams, 1U);
  EXPECT_EQ(see_memory(), once({good}));
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all(), once({good}));
  std::size_t kept = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(options_.wal_directory + "/quarantine")) {
    kept += file.path().extension() == ".frame";
  }
  EXPECT_EQ(kept, 1U);
}

TEST_F(ingester_start, ShardThatDiesDuringTheStartIsReplacedAndReplayed) {
  start();
  const auto pushes = push_large(5);
  crash();
  const auto remember = hooks_->spawned;
  bool killed = false;
  hooks_->spawned = [&](std::string_view kind, const caf::actor& child) {
    remember(kind, child);
    if (kind == "shard" && !std::exchange(killed, true)) {
      caf::anon_send_exit(child, caf::exit_reason::kill);
    }
  };
  start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(spawned("shard"), 5U);
  EXPECT_EQ(see_memory(), once(pushes));
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all(), once(pushes));
}

TEST_F(ingester_start, AnotherNumberOfShardsSeesEveryEntryOnce) {
  start();
  const auto first = numbered(0, 40);
  ASSERT_TRUE(push(first).ok());
  flush_until("checkpoint");
  const auto second = numbered(40, 40);
  ASSERT_TRUE(push(second).ok());
  options_.shards = 3;
  crash_and_start();
  EXPECT_EQ(see_memory(), once({second}));
  EXPECT_EQ(see_all(), once({first, second}));
}

// The process dies between the flushed records of two shards. With another number of shards each
// new one has streams of both.
TEST_F(ingester_start, StreamsOfAnotherNumberOfShardsAreRestoredWithoutWhatIsInPacks) {
  options_.shards = 2;
  start();
  const auto first = numbered(0, 100, 20);
  ASSERT_TRUE(push(first).ok());
  int records = 0;
  hooks_->before_step = [&](std::string_view next) { return next != "record" || records++ == 0; };
  std::optional<result<bool>> flushed;
  flush_async(flushed);
  run();
  EXPECT_EQ(records, 2);
  const auto second = numbered(100, 100, 20);
  ASSERT_TRUE(push(second).ok());
  options_.shards = 3;
  crash();
  hooks_->before_step = nullptr;
  std::vector<caf::actor> streams;
  const auto remember = hooks_->spawned;
  hooks_->spawned = [&](std::string_view kind, const caf::actor& child) {
    remember(kind, child);
    if (kind == "stream") streams.push_back(child);
  };
  start();
  const auto in_memory = see_memory();
  EXPECT_GT(in_memory.size(), second.size());
  EXPECT_LT(in_memory.size(), first.size() + second.size());
  EXPECT_EQ(see_all(), once({first, second}));
  const auto all = std::exchange(streams, {});
  EXPECT_EQ(all.size(), 20U);
  for (const auto& stream : all) caf::anon_send_exit(stream, caf::exit_reason::kill);
  run();
  EXPECT_EQ(streams.size(), 20U);
  streams.clear();
  EXPECT_EQ(see_memory(), in_memory);
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all(), once({first, second}));
  hooks_->spawned = remember;
}

}  // namespace
}  // namespace skald
