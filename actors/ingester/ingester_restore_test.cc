// SPDX-License-Identifier: Apache-2.0
// Restoring from a log that cannot be read for a while, streams in quarantine, and readers that
// take their time: nothing acknowledged is lost, hidden without a word, or seen twice.
#include <caf/send.hpp>
#include <fstream>

#include "actors/ingester/ingester_fixture.h"

namespace skald {
namespace {

using namespace std::chrono_literals;

class ingester_restore : public ingester_fixture {
 protected:
  std::string quarantine() const { return options_.wal_directory + "/quarantine"; }
  // Lines in the files that are kept for people.
  std::multiset<std::string> kept_lines() const {
    std::multiset<std::string> lines;
    if (!std::filesystem::is_directory(quarantine())) return lines;
    for (const auto& entry : std::filesystem::directory_iterator(quarantine())) {
      if (entry.path().extension() != ".frame") continue;
      std::ifstream in(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(in), {}};
      const auto frame = push_frame::parse(bytes);
      EXPECT_TRUE(frame.ok()) << entry.path();
      if (!frame.ok()) continue;
      for (const auto& slice : (*frame)->slices()) {
        for (std::size_t row = 0; row < slice.rows(); ++row) {
          lines.emplace(slice.lines.line(row));
        }
      }
    }
    return lines;
  }
  void poison() {
    hooks_->before_append = [](const slice_ref& slice) {
      if (slice.columns().lines.bytes.find("poison") != std::string_view::npos) {
        throw std::runtime_error("poison entry");
      }
    };
  }
};

class unreadable_log : public ingester_restore,
                       public ::testing::WithParamInterface<const char*> {};

TEST_P(unreadable_log, HoldsTheFlushUntilTheEntriesAreBack) {
  hand_over_at_once();
  start();
  const auto first = numbered(0, 40);
  ASSERT_TRUE(push(first).ok());
  ASSERT_TRUE(flush().ok());
  const auto second = numbered(40, 40);
  ASSERT_TRUE(push(second).ok());
  files_.failing_path = "/wal/segment-";
  ASSERT_TRUE(kill(GetParam()));
  run();
  EXPECT_EQ(files_.failures, 1U);
  const auto hidden = read();
  ASSERT_FALSE(hidden.ok()) << "an answer without the entries that cannot be read";
  EXPECT_EQ(hidden.error().code, errc::unavailable);
  const auto ill = status();
  EXPECT_NE(ill.now, ingester_status::phase::ready);
  EXPECT_NE(ill.note.find("told to fail"), std::string::npos) << ill.note;
  std::optional<result<bool>> flushed;
  flush_async(flushed);
  for (int i = 0; i < 30; ++i) advance(1s);
  EXPECT_FALSE(flushed.has_value());
  EXPECT_GT(files_.failures, 5U);
  EXPECT_FALSE(std::filesystem::exists(quarantine()));
  files_.failing_path.clear();
  advance(5s);
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(status().note, "");
  ASSERT_TRUE(flushed.has_value());
  EXPECT_TRUE(flushed->ok());
  EXPECT_EQ(see_all(), once({first, second}));
  EXPECT_TRUE(see_memory().empty());
  crash();
  start();
  EXPECT_EQ(see_all(), once({first, second}));
}

INSTANTIATE_TEST_SUITE_P(Actors, unreadable_log,
                         ::testing::Values("stream", "chunk_buffer", "shard"));

// A flush waits for a stream that cannot be restored for now; only who needs that stream does, too.
TEST_F(ingester_restore, ReadsOfOtherStreamsGoOnWhileOneIsStalled) {
  options_.shards = 1;
  hooks_->before_append = [](const slice_ref& slice) {
    if (slice.columns().lines.bytes.find("poison") != std::string_view::npos) {
      throw std::runtime_error("poison entry");
    }
  };
  start();
  const auto good = numbered(0, 20);
  ASSERT_TRUE(push(good).ok());
  advance(1s);
  files_.failing_path = "/wal/segment-";
  ASSERT_TRUE(push({{"{app=\"bad\"}", now_ns(), "poison"}}).ok());
  advance(1s);
  const auto app = [](const std::string& value) {
    return std::vector<label_matcher>{*label_matcher::make("app", match_op::equal, value)};
  };
  for (const bool flushing : {false, true}) {
    SCOPED_TRACE(flushing);
    std::optional<result<bool>> flushed;
    if (flushing) {
      flush_async(flushed);
      run();
    }
    const auto other = read("t", app("a3"));
    ASSERT_TRUE(other.ok()) << other.error().message;
    ASSERT_EQ(other->blocks.size(), 1U);
    EXPECT_EQ(other->blocks[0]->runs()[0].row_count, 4U);
    EXPECT_FALSE(read("t", app("bad")).ok());
    EXPECT_FALSE(read().ok());
    const auto known = streams();
    ASSERT_TRUE(known.ok());
    EXPECT_EQ(known->streams.size(), 6U);
    EXPECT_FALSE(flushed.has_value());
    if (flushing) {
      hooks_->before_append = nullptr;
      files_.failing_path.clear();
      for (int i = 0; i < 10; ++i) advance(1s);
      ASSERT_TRUE(flushed.has_value());
      EXPECT_TRUE(flushed->ok());
    }
  }
  EXPECT_EQ(see_all().size(), 21U);
}

TEST_F(ingester_restore, StartWaitsForALogThatCannotBeRead) {
  start();
  const auto entries = numbered(0, 40);
  ASSERT_TRUE(push(entries).ok());
  crash();
  files_.failing_path = "/wal/segment-";
  start();
  EXPECT_EQ(status().now, ingester_status::phase::replaying);
  EXPECT_NE(status().note.find("told to fail"), std::string::npos) << status().note;
  advance(100ms);
  files_.failing_path.clear();
  advance(1s);
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(status().note, "");
  EXPECT_EQ(see_memory(), once({entries}));
}

TEST_F(ingester_restore, StartFailsWhenTheLogStaysClosed) {
  start();
  ASSERT_TRUE(push(numbered(0, 40)).ok());
  crash();
  files_.failing_path = "/wal/segment-";
  start();
  for (int i = 0; i < 10; ++i) advance(1s);
  EXPECT_EQ(status().now, ingester_status::phase::failed);
  EXPECT_NE(status().note.find("told to fail"), std::string::npos) << status().note;
  // I/O errors that last are damage: it starts without what is lost, and says so.
  crash();
  files_.failing_with = errc::unavailable;
  start();
  for (int i = 0; i < 10; ++i) advance(1s);
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_NE(status().note.find("damaged"), std::string::npos) << status().note;
}

TEST_F(ingester_restore, AcknowledgedEntriesOfAQuarantinedStreamAreKept) {
  options_.stream_supervision.child.restarts_max = 0;
  hand_over_at_once();
  poison();
  // The second push falls behind the n-th message: before, during and after the stream's death.
  int kept_late = 0;
  for (int steps = 0; steps < 30; ++steps) {
    SCOPED_TRACE(steps);
    start();
    const auto name = std::to_string(steps);
    const std::string labels = "{bad=\"" + name + "\"}";
    std::optional<result<push_outcome>> first;
    push_async({{labels, now_ns(), "poison " + name}}, first);
    for (int i = 0; i < steps; ++i) run_once();
    std::optional<result<push_outcome>> second;
    push_async({{labels, now_ns() + 1, "late " + name}, {"{good=\"1\"}", now_ns(), name}}, second);
    run();
    ASSERT_TRUE(first.has_value() && first->ok());
    ASSERT_TRUE(second.has_value() && second->ok());
    EXPECT_EQ(status().quarantined_streams, 1U);
    ASSERT_TRUE(flush().ok());
    const auto kept = kept_lines();
    EXPECT_EQ(kept.count("poison " + name), 1U);
    const bool acknowledged = (*second)->accepted_lines == 2;
    EXPECT_EQ(kept.count("late " + name), acknowledged ? 1U : 0U);
    kept_late += acknowledged;
    const auto snapshot = read();
    ASSERT_TRUE(snapshot.ok());
    ASSERT_EQ(snapshot->warnings.size(), 1U);
    EXPECT_NE(snapshot->warnings[0].find(labels), std::string::npos) << snapshot->warnings[0];
    EXPECT_TRUE(read("other")->warnings.empty());
    crash();
  }
  EXPECT_GT(kept_late, 0);
  EXPECT_LT(kept_late, 30);
}

TEST_F(ingester_restore, FlushWaitsForWhatIsKeptForPeople) {
  options_.stream_supervision.child.restarts_max = 0;
  hand_over_at_once();
  poison();
  start();
  // A file where the directory should be.
  std::ofstream(quarantine()) << "x";
  const auto good = numbered(0, 20);
  ASSERT_TRUE(push(good).ok());
  ASSERT_TRUE(push({{"{bad=\"1\"}", now_ns(), "poison"}}).ok());
  advance(1s);
  EXPECT_EQ(status().quarantined_streams, 1U);
  std::optional<result<bool>> flushed;
  flush_async(flushed);
  for (int i = 0; i < 20; ++i) advance(1s);
  EXPECT_FALSE(flushed.has_value()) << "the log is released though the entries are kept nowhere";
  EXPECT_EQ(see_all(), once({good}));  // reads go on
  std::filesystem::remove(quarantine());
  advance(5s);
  ASSERT_TRUE(flushed.has_value());
  EXPECT_TRUE(flushed->ok());
  EXPECT_EQ(kept_lines(), (std::multiset<std::string>{"poison"}));
  EXPECT_EQ(see_all(), once({good}));
}

TEST_F(ingester_restore, StreamKilledAtAnyMomentOfAFlushLosesAndDoublesNothing) {
  options_.shards = 1;
  for (const std::string kind : {"stream", "chunk_buffer"}) {
    for (int steps = 0; steps < 40; steps += 2) {
      SCOPED_TRACE(kind + " " + std::to_string(steps));
      if (kind == "chunk_buffer") hand_over_at_once();  // else rows go with the seal
      start();
      const auto first = numbered(steps * 1000, 20, 4);
      ASSERT_TRUE(push(first).ok());
      advance(1s);
      std::optional<result<bool>> flushed;
      flush_async(flushed);
      for (int i = 0; i < steps; ++i) run_once();
      kill(kind);
      const auto second = numbered(steps * 1000 + 20, 20, 4);
      std::optional<result<push_outcome>> pushed;
      push_async(second, pushed);
      run();
      ASSERT_TRUE(flushed.has_value() && flushed->ok());
      ASSERT_TRUE(pushed.has_value() && pushed->ok());
      const auto expect_once = [&](seen_entries seen) {
        for (const auto& [entry, count] : seen) EXPECT_EQ(count, 1) << std::get<2>(entry);
        for (const auto& [entry, count] : once({first, second})) EXPECT_EQ(seen[entry], 1);
      };
      expect_once(see_all());
      ASSERT_TRUE(flush().ok());
      expect_once(see_all());
      crash();
    }
  }
}

TEST_F(ingester_restore, SlowReaderSeesEveryEntryOnceHoweverManyFlushesLater) {
  start();
  std::vector<std::vector<entry>> pushes;
  const auto add = [&] {
    pushes.push_back(numbered(static_cast<int>(pushes.size()) * 100, 20));
    return push(pushes.back()).ok();
  };
  // Before the first flush of the process, between flushes, and in a second life of a shard.
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(round);
    ASSERT_TRUE(add());
    if (round == 2) {
      ASSERT_TRUE(flush().ok());
      ASSERT_TRUE(kill("shard"));
      run();
      ASSERT_TRUE(add());
    }
    auto snapshot = read();
    ASSERT_TRUE(snapshot.ok());
    const auto expected = once(pushes);
    for (int later = 0; later < 6; ++later) {
      ASSERT_TRUE(add());
      ASSERT_TRUE(flush().ok());
    }
    EXPECT_EQ(see_with(*snapshot), expected);
    EXPECT_EQ(see_all(), once(pushes));
  }
}

}  // namespace
}  // namespace skald
