// SPDX-License-Identifier: Apache-2.0
#include <caf/send.hpp>

#include "actors/ingester/ingester_fixture.h"

namespace skald {
namespace {

using namespace std::chrono_literals;

class ingester : public ingester_fixture {
 protected:
  // `count` entries over `streams` streams; lines are numbered from `first`.
  std::vector<entry> numbered(int first, int count, int streams = 5) {
    std::vector<entry> out;
    for (int stream = 0; stream < streams; ++stream) {
      for (int i = first; i < first + count; ++i) {
        if (i % streams != stream) continue;
        out.push_back({"{app=\"a" + std::to_string(stream) + "\"}", now_ns() + i,
                       "line " + std::to_string(i)});
      }
    }
    return out;
  }
  // What see_all() must give for these.
  static seen_entries once(const std::vector<std::vector<entry>>& pushes) {
    seen_entries all;
    for (const auto& entries : pushes) {
      for (const auto& e : entries) all[{e.labels, e.timestamp_ns, e.line}] = 1;
    }
    return all;
  }
};

TEST_F(ingester, IsReadyAfterStartOnAnEmptyDirectory) {
  start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
}

TEST_F(ingester, PushIsVisibleToTheNextRead) {
  start();
  const auto entries = numbered(0, 20);
  const auto outcome = push(entries);
  ASSERT_TRUE(outcome.ok()) << outcome.error().message;
  EXPECT_EQ(outcome->accepted_lines, 20U);
  EXPECT_TRUE(outcome->rejected.empty());
  EXPECT_EQ(see_memory(), once({entries}));
  EXPECT_TRUE(see_memory("other").empty());
}

TEST_F(ingester, ReadSelectsByMatcher) {
  start();
  ASSERT_TRUE(push(numbered(0, 20)).ok());
  const auto snapshot = read("t", {*label_matcher::make("app", match_op::equal, "a3")});
  ASSERT_TRUE(snapshot.ok());
  ASSERT_EQ(snapshot->blocks.size(), 1U);
  EXPECT_EQ(snapshot->blocks[0]->runs()[0].stream->canonical_labels, "{app=\"a3\"}");
  EXPECT_EQ(snapshot->blocks[0]->runs()[0].row_count, 4U);
}

TEST_F(ingester, FlushMovesEverythingIntoPacksAndReleasesMemory) {
  start();
  const auto first = numbered(0, 50);
  ASSERT_TRUE(push(first).ok());
  EXPECT_GT(status().unflushed_bytes, 0U);
  const auto flushed = flush();
  ASSERT_TRUE(flushed.ok()) << flushed.error().message;
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(status().unflushed_bytes, 0U);
  EXPECT_EQ(see_all(), once({first}));
  const auto second = numbered(50, 50);
  ASSERT_TRUE(push(second).ok());
  EXPECT_EQ(see_memory(), once({second}));
  EXPECT_EQ(see_all(), once({first, second}));
}

TEST_F(ingester, FlushOfNothingIsAnswered) {
  start();
  EXPECT_TRUE(flush().ok());
  EXPECT_EQ(store_.puts, 0U);
}

TEST_F(ingester, EntriesOfTwoDaysGoIntoTwoPacks) {
  start();
  const auto midnight = (day_number(now_ns()) + 1) * nanoseconds_per_day;
  std::vector<entry> entries;
  for (int i = -3; i < 3; ++i) {
    entries.push_back({"{app=\"x\"}", midnight + i, "line " + std::to_string(i)});
  }
  ASSERT_TRUE(push(entries).ok());
  EXPECT_EQ(see_memory(), once({entries}));
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(store_.puts, 2U);
  EXPECT_EQ(see_all(), once({entries}));
}

TEST_F(ingester, DuplicatesAreDropped) {
  start();
  const auto entries = numbered(0, 20);
  ASSERT_TRUE(push(entries).ok());
  ASSERT_TRUE(push(entries).ok());
  EXPECT_EQ(see_memory(), once({entries}));
}

TEST_F(ingester, AgeStartsAFlush) {
  options_.flush_age = 15min;
  start();
  ASSERT_TRUE(push(numbered(0, 5)).ok());
  advance(14min);
  EXPECT_EQ(store_.puts, 0U);
  for (int i = 0; i < 70; ++i) advance(1s);
  EXPECT_GT(store_.puts, 0U);
  EXPECT_TRUE(see_memory().empty());
}

TEST_F(ingester, BudgetStartsAFlush) {
  options_.unflushed_bytes_max = 1000;
  start();
  ASSERT_TRUE(push(numbered(0, 100)).ok());
  EXPECT_GT(store_.puts, 0U);
  EXPECT_TRUE(see_memory().empty());
}

TEST_F(ingester, TwiceTheBudgetRefusesPushesUntilTheFlushCatchesUp) {
  options_.unflushed_bytes_max = 1000;
  start();
  store_.failing = true;
  ASSERT_TRUE(push(numbered(0, 200)).ok());
  const auto refused = push(numbered(200, 1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::unavailable);
  store_.failing = false;
  advance(2s);
  EXPECT_TRUE(push(numbered(200, 1)).ok());
}

TEST_F(ingester, FailedUploadIsReportedAndTriedAgain) {
  start();
  const auto entries = numbered(0, 10);
  ASSERT_TRUE(push(entries).ok());
  store_.failing = true;
  const auto failed = flush();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, errc::unavailable);
  EXPECT_EQ(see_all(), once({entries}));
  store_.failing = false;
  advance(1s);
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(see_all(), once({entries}));
}

TEST_F(ingester, CrashLosesNothingAcknowledged) {
  start();
  const auto first = numbered(0, 30);
  ASSERT_TRUE(push(first).ok());
  ASSERT_TRUE(flush().ok());
  const auto second = numbered(30, 30);
  ASSERT_TRUE(push(second).ok());
  crash();
  start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(see_memory(), once({second}));
  EXPECT_EQ(see_all(), once({first, second}));
}

TEST_F(ingester, RestartWithAnotherNumberOfShardsFindsEverything) {
  options_.shards = 3;
  start();
  const auto first = numbered(0, 30, 9);
  ASSERT_TRUE(push(first).ok());
  ASSERT_TRUE(flush().ok());
  const auto second = numbered(30, 30, 9);
  ASSERT_TRUE(push(second).ok());
  for (const std::uint32_t shards : {1U, 4U, 2U}) {
    SCOPED_TRACE(shards);
    crash();
    options_.shards = shards;
    start();
    EXPECT_EQ(see_all(), once({first, second}));
  }
  ASSERT_TRUE(flush().ok());
  crash();
  options_.shards = 5;
  start();
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(see_all(), once({first, second}));
}

// Stops a flush before each of its durable steps, as a crash of the process would.
class flush_crash : public ingester, public ::testing::WithParamInterface<const char*> {};

TEST_P(flush_crash, ShowsEveryEntryOnceBeforeAndAfterReplay) {
  const std::string stop_at = GetParam();
  start();
  const auto first = numbered(0, 40);
  ASSERT_TRUE(push(first).ok());
  ASSERT_TRUE(flush().ok());
  const auto second = numbered(40, 40);
  ASSERT_TRUE(push(second).ok());
  hooks_->before_step = [&](std::string_view step) { return step != stop_at; };
  std::optional<result<bool>> answer;
  caf::anon_send(
      ingester_,
      flush_request{one_shot<bool>([&](result<bool> value) { answer.emplace(std::move(value)); })});
  run();
  EXPECT_FALSE(answer.has_value());
  EXPECT_EQ(see_all(), once({first, second}));
  const auto third = numbered(80, 10);
  ASSERT_TRUE(push(third).ok());
  EXPECT_EQ(see_all(), once({first, second, third}));
  crash();
  hooks_->before_step = nullptr;
  start();
  EXPECT_EQ(see_all(), once({first, second, third}));
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all(), once({first, second, third}));
  crash();
  start();
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(see_all(), once({first, second, third}));
}

INSTANTIATE_TEST_SUITE_P(Steps, flush_crash,
                         ::testing::Values("put", "record", "index", "drop", "checkpoint"));

TEST_F(ingester, ShutdownFlushesAndShips) {
  start();
  const auto entries = numbered(0, 25);
  ASSERT_TRUE(push(entries).ok());
  const auto done = shutdown();
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_FALSE(store_.list("index/")->empty());
  start();
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(see_all(), once({entries}));
}

TEST_F(ingester, ShutdownWithoutFlushKeepsTheLog) {
  options_.flush_on_shutdown = false;
  start();
  const auto entries = numbered(0, 25);
  ASSERT_TRUE(push(entries).ok());
  ASSERT_TRUE(shutdown().ok());
  EXPECT_TRUE(store_.list("packs/")->empty());
  start();
  EXPECT_EQ(see_memory(), once({entries}));
}

TEST_F(ingester, ShutdownEndsInTimeThoughTheStoreIsDown) {
  options_.shutdown_timeout = 10s;
  start();
  const auto entries = numbered(0, 25);
  ASSERT_TRUE(push(entries).ok());
  store_.failing = true;
  std::optional<result<bool>> answer;
  caf::anon_send(ingester_, shutdown_request{false, one_shot<bool>([&](result<bool> value) {
                                               answer.emplace(std::move(value));
                                             })});
  run();
  EXPECT_FALSE(answer.has_value());
  const auto refused = push(numbered(25, 1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::shutting_down);
  for (int i = 0; i < 11; ++i) advance(1s);
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->error().code, errc::timeout);
  ingester_ = nullptr;
  run();
  index_ = nullptr;
  store_.failing = false;
  start();
  EXPECT_EQ(see_memory(), once({entries}));
}

TEST_F(ingester, WithoutWalShutdownStillSavesEverything) {
  options_.wal_enabled = false;
  options_.flush_on_shutdown = false;
  start();
  const auto entries = numbered(0, 25);
  ASSERT_TRUE(push(entries).ok());
  EXPECT_EQ(see_memory(), once({entries}));
  ASSERT_TRUE(shutdown().ok());
  EXPECT_FALSE(std::filesystem::exists(options_.wal_directory));
  start();
  EXPECT_EQ(see_all(), once({entries}));
}

TEST_F(ingester, LateEntriesAreRefusedWithLokisText) {
  start();
  const auto now = now_ns();
  ASSERT_TRUE(push({{"{a=\"b\"}", now, "new"}}).ok());
  const auto hour = std::int64_t{3'600'000'000'000};
  const auto outcome = push({{"{a=\"b\"}", now - hour - 1, "too old"},
                             {"{a=\"b\"}", now - hour, "just in time"},
                             {"{a=\"c\"}", now, "other"}});
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->accepted_lines, 2U);
  ASSERT_EQ(outcome->rejected.size(), 1U);
  EXPECT_EQ(outcome->rejected[0].http_status, 400);
  EXPECT_EQ(outcome->rejected[0].lines, 1U);
  EXPECT_NE(outcome->rejected[0].text.find("total ignored: 1 out of 2 for stream: {a=\"b\"}"),
            std::string::npos)
      << outcome->rejected[0].text;
  crash();
  start();
  EXPECT_EQ(see_memory().size(), 3U);
}

TEST_F(ingester, StreamLimitIsPerTenant) {
  limits_.max_global_streams_per_user = 3;
  start();
  const auto outcome = push(numbered(0, 10, 5));
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->accepted_lines, 6U);
  ASSERT_EQ(outcome->rejected.size(), 2U);
  EXPECT_EQ(outcome->rejected[0].http_status, 429);
  EXPECT_TRUE(push(numbered(0, 10, 3), "other")->rejected.empty());
}

TEST_F(ingester, StreamsRequestCountsUnflushedEntries) {
  start();
  ASSERT_TRUE(push(numbered(0, 20)).ok());
  const auto all = streams();
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->streams.size(), 5U);
  EXPECT_EQ(all->streams[0].lines, 4U);
  EXPECT_EQ(all->streams[0].chunks, 1U);
}

// --- deaths --------------------------------------------------------------------------------------

TEST_F(ingester, KilledStreamComesBackFromTheLog) {
  start();
  const auto first = numbered(0, 20);
  ASSERT_TRUE(push(first).ok());
  advance(1s);  // hands over
  for (const auto* kind : {"stream", "chunk_buffer"}) {
    SCOPED_TRACE(kind);
    const auto before = spawned("stream");
    ASSERT_TRUE(kill(kind));
    run();
    EXPECT_EQ(spawned("stream"), before + 1);
    EXPECT_EQ(see_memory(), once({first}));
  }
  const auto second = numbered(20, 20);
  ASSERT_TRUE(push(second).ok());
  EXPECT_EQ(see_memory(), once({first, second}));
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all(), once({first, second}));
}

TEST_F(ingester, StreamKilledWhileBeingSealedIsFlushedWhole) {
  start();
  const auto first = numbered(0, 40, 1);
  ASSERT_TRUE(push(first).ok());
  advance(1s);
  std::optional<result<bool>> answer;
  caf::anon_send(
      ingester_,
      flush_request{one_shot<bool>([&](result<bool> value) { answer.emplace(std::move(value)); })});
  ASSERT_TRUE(kill("stream"));  // its exit message stands before the seal
  const auto second = numbered(40, 10, 1);
  std::optional<result<push_outcome>> pushed;
  push_async(second, pushed);
  run();
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->ok());
  ASSERT_TRUE(pushed.has_value() && pushed->ok());
  EXPECT_EQ(see_all(), once({first, second}));
  ASSERT_TRUE(flush().ok());
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(see_all(), once({first, second}));
}

TEST_F(ingester, PoisonEntryQuarantinesItsStreamOnly) {
  start();
  hooks_->before_append = [](const slice_ref& slice) {
    if (slice.columns().lines.bytes.find("poison") != std::string_view::npos) {
      throw std::runtime_error("poison entry");
    }
  };
  const auto good = numbered(0, 20);
  ASSERT_TRUE(push(good).ok());
  ASSERT_TRUE(push({{"{bad=\"1\"}", now_ns(), "poison"}}).ok());
  advance(1s);
  EXPECT_EQ(status().quarantined_streams, 1U);
  const auto refused = push({{"{bad=\"1\"}", now_ns(), "more"}, {"{good=\"1\"}", now_ns(), "x"}});
  ASSERT_TRUE(refused.ok());
  ASSERT_EQ(refused->rejected.size(), 1U);
  EXPECT_EQ(refused->rejected[0].http_status, 503);
  EXPECT_EQ(refused->accepted_lines, 1U);
  EXPECT_EQ(see_memory().size(), 21U);
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all().size(), 21U);
  EXPECT_TRUE(std::filesystem::exists(options_.wal_directory + "/quarantine"));
}

TEST_F(ingester, KilledShardIsReplayed) {
  start();
  const auto first = numbered(0, 30);
  ASSERT_TRUE(push(first).ok());
  ASSERT_TRUE(flush().ok());
  const auto second = numbered(30, 30);
  ASSERT_TRUE(push(second).ok());
  ASSERT_TRUE(kill("shard"));
  run();
  EXPECT_EQ(spawned("shard"), 3U);
  EXPECT_EQ(see_memory(), once({second}));
  const auto third = numbered(60, 30);
  ASSERT_TRUE(push(third).ok());
  EXPECT_EQ(see_all(), once({first, second, third}));
  ASSERT_TRUE(flush().ok());
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(see_all(), once({first, second, third}));
}

TEST_F(ingester, ShardKilledAtAnyMomentOfAFlushLosesAndDoublesNothing) {
  // The flush is driven message by message; the kill falls behind the n-th.
  for (int steps = 0; steps < 60; steps += 3) {
    SCOPED_TRACE(steps);
    start();
    const auto labels_offset = steps * 1000;
    const auto first = numbered(labels_offset, 20);
    ASSERT_TRUE(push(first).ok());
    std::optional<result<bool>> answer;
    caf::anon_send(ingester_, flush_request{one_shot<bool>(
                                  [&](result<bool> value) { answer.emplace(std::move(value)); })});
    for (int i = 0; i < steps; ++i) run_once();
    kill("shard");
    const auto second = numbered(labels_offset + 20, 20);
    run();
    ASSERT_TRUE(answer.has_value());
    EXPECT_TRUE(answer->ok());
    ASSERT_TRUE(push(second).ok());
    auto seen = see_all();
    for (const auto& [entry, count] : once({first, second})) EXPECT_EQ(seen[entry], 1);
    crash();
    start();
    seen = see_all();
    for (const auto& [entry, count] : seen) EXPECT_EQ(count, 1) << std::get<2>(entry);
    for (const auto& [entry, count] : once({first, second})) EXPECT_EQ(seen[entry], 1);
    crash();
  }
}

TEST_F(ingester, KilledFlusherIsReplacedAndTheFlushGoesOn) {
  start();
  const auto entries = numbered(0, 20);
  ASSERT_TRUE(push(entries).ok());
  std::optional<result<bool>> answer;
  ASSERT_TRUE(kill("flusher"));
  caf::anon_send(
      ingester_,
      flush_request{one_shot<bool>([&](result<bool> value) { answer.emplace(std::move(value)); })});
  run();
  ASSERT_TRUE(answer.has_value());
  EXPECT_TRUE(answer->ok());
  EXPECT_EQ(spawned("flusher"), 2U);
  EXPECT_EQ(see_all(), once({entries}));
}

TEST_F(ingester, DeadWalMakesTheIngesterFail) {
  start();
  ASSERT_TRUE(kill("wal"));
  run();
  EXPECT_EQ(status().now, ingester_status::phase::failed);
  const auto refused = push(numbered(0, 1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::unavailable);
}

}  // namespace
}  // namespace skald
