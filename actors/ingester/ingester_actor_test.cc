// SPDX-License-Identifier: Apache-2.0
#include <caf/send.hpp>

#include "actors/ingester/ingester_fixture.h"

namespace skald {
namespace {

using namespace std::chrono_literals;

using ingester = ingester_fixture;

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

TEST_F(ingester, CountsFlushesByReasonDuplicatesAndStreams) {
  start();
  const auto entries = numbered(0, 20);
  ASSERT_TRUE(push(entries).ok());
  ASSERT_TRUE(push(entries).ok());
  ASSERT_TRUE(flush().ok());
  ASSERT_TRUE(push(numbered(20, 20)).ok());
  for (int i = 0; i < 16 * 60; i += 10) advance(10s);
  const auto text = metrics_.render_text();
  for (const std::string line :
       {"skald_ingester_flushes_total{reason=\"forced\"} 1",
        "skald_ingester_flushes_total{reason=\"age\"} 1",
        "skald_ingester_flushes_total{reason=\"budget\"} 0",
        "skald_ingester_duplicate_lines_total 20", "skald_ingester_streams_created_total 5",
        "skald_ingester_flush_queue_length 0"}) {
    EXPECT_NE(text.find(line + "\n"), std::string::npos) << line;
  }
  EXPECT_NE(text.find("skald_ingester_chunk_utilization_count"), std::string::npos);
}

TEST_F(ingester, BudgetStartsAFlush) {
  options_.unflushed_bytes_max = 500;
  start();
  ASSERT_TRUE(push(numbered(0, 100)).ok());
  EXPECT_GT(store_.puts, 0U);
  EXPECT_TRUE(see_memory().empty());
}

TEST_F(ingester, PushesWaitForAFlushThatIsBehindAndAreRefusedWhenItStaysSo) {
  options_.unflushed_bytes_max = 300;
  options_.flush_retry_min = 10s;
  start();
  store_.failing = true;
  ASSERT_TRUE(push(numbered(0, 200)).ok());
  std::optional<result<push_outcome>> refused;
  push_async(numbered(200, 1), refused);
  run();
  EXPECT_FALSE(refused.has_value());  // it waits
  advance(3s);
  ASSERT_TRUE(refused.has_value());
  ASSERT_FALSE(refused->ok());
  EXPECT_EQ(refused->error().code, errc::unavailable);
  store_.failing = false;
  advance(10s);
  EXPECT_TRUE(push(numbered(200, 1)).ok());
}

TEST_F(ingester, PushesDuringAFlushAreSpreadOverIt) {
  options_.unflushed_bytes_max = 8 << 20;
  options_.wal.segment_bytes = 16 << 20;
  options_.flush_retry_min = 10s;
  start();
  const auto megabytes = [&](int first, int count) {
    auto entries = numbered(first, count);
    for (auto& entry : entries) entry.line.resize(1 << 20, '.');
    return entries;
  };
  ASSERT_TRUE(push(megabytes(0, 4)).ok());
  store_.failing = true;
  std::optional<result<bool>> flushed;
  flush_async(flushed);
  run();
  EXPECT_TRUE(push(megabytes(10, 4)).ok());  // what passes at once
  std::optional<result<push_outcome>> paced;
  push_async(megabytes(20, 1), paced);
  run();
  EXPECT_FALSE(paced.has_value());
  advance(200ms);
  ASSERT_TRUE(paced.has_value());
  EXPECT_TRUE(paced->ok());
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

TEST_F(ingester, WithoutWalFlushedEntriesSurviveACrash) {
  options_.wal_enabled = false;
  start();
  const auto flushed = numbered(0, 25);
  ASSERT_TRUE(push(flushed).ok());
  ASSERT_TRUE(flush().ok());
  ASSERT_TRUE(push(numbered(25, 25)).ok());  // acknowledged from memory only
  crash();
  start();
  EXPECT_EQ(see_all(), once({flushed}));
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

TEST_F(ingester, CountsWhatItRefusesByReasonAndTenant) {
  limits_.max_global_streams_per_user = 1;
  limits_.per_stream_rate_limit = 1;
  limits_.per_stream_rate_limit_burst = 100;
  start();
  const auto old = now_ns() - 10'000'000'000'000;
  EXPECT_TRUE(push({{"{a=\"b\"}", now_ns(), "new"},
                    {"{a=\"b\"}", old, "old"},
                    {"{a=\"b\"}", old + 1, "older"},
                    {"{a=\"c\"}", now_ns(), "one too many"}})
                  .ok());
  EXPECT_TRUE(push({{"{a=\"b\"}", now_ns(), std::string(98, 'x')}}).ok());
  EXPECT_TRUE(push({{"{a=\"b\"}", now_ns(), "of another"}}, "other").ok());
  const auto text = metrics_.render_text();
  const auto discarded = [](const std::string& what, const std::string& reason, int count) {
    return "skald_discarded_" + what + "_total{reason=\"" + reason + "\",tenant=\"t\"} " +
           std::to_string(count) + "\n";
  };
  for (const std::string& line :
       {discarded("samples", "too_far_behind", 2), discarded("bytes", "too_far_behind", 8),
        discarded("samples", "stream_limit", 1), discarded("bytes", "stream_limit", 12),
        discarded("samples", "per_stream_rate_limit", 1),
        discarded("bytes", "per_stream_rate_limit", 98)}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(text.find("tenant=\"other\""), std::string::npos);
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

TEST_F(ingester, StreamsRequestLeavesDuplicatesOutWhenAsked) {
  const auto counts = [this](bool exact) {
    const auto all = streams("t", exact);
    EXPECT_TRUE(all.ok());
    std::map<std::string, std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>> out;
    for (const auto& s : all->streams) {
      out[s.stream->canonical_labels] = {s.chunks, s.lines, s.line_bytes};
    }
    return out;
  };
  start();
  const auto now = now_ns();
  const auto before = now - 30LL * 3'600'000'000'000;  // another day
  const std::vector<entry> twice = {{"{a=\"1\"}", now, "one"}, {"{a=\"1\"}", now + 1, "two"}};
  ASSERT_TRUE(push({{"{a=\"3\"}", before, "old"}, {"{a=\"3\"}", before, "old"}}).ok());
  ASSERT_TRUE(push({{"{a=\"2\"}", now, "a"}, {"{a=\"2\"}", now + 1, "b"}}).ok());
  ASSERT_TRUE(push(twice).ok());
  ASSERT_TRUE(push(twice).ok());
  ASSERT_TRUE(push({{"{a=\"3\"}", now, "new"}}).ok());
  const decltype(counts(true)) expected = {
      {"{a=\"1\"}", {1, 2, 6}}, {"{a=\"2\"}", {1, 2, 2}}, {"{a=\"3\"}", {2, 2, 6}}};
  EXPECT_EQ(counts(true), expected);
  EXPECT_EQ(std::get<1>(counts(false)["{a=\"1\"}"]), 4U);
  crash();
  start();
  EXPECT_EQ(counts(true), expected);
  ASSERT_TRUE(flush().ok());
  EXPECT_TRUE(counts(true).empty());
}

TEST_F(ingester, StreamThatDiesWhileItsEntriesAreCountedIsCounted) {
  options_.stream_supervision.child.restarts_max = 100;
  start();
  const auto entries = numbered(0, 20, 1);
  ASSERT_TRUE(push(entries).ok());
  ASSERT_TRUE(push(entries).ok());
  for (int steps = 0; steps < 12; ++steps) {
    SCOPED_TRACE(steps);
    std::optional<result<unflushed_streams>> answer;
    streams_request ask{"t", {}, {0, INT64_MAX}, one_shot<unflushed_streams>([&](auto value) {
                          answer.emplace(std::move(value));
                        })};
    ask.exact = true;
    caf::anon_send(ingester_, std::move(ask));
    for (int i = 0; i < steps; ++i) run_once();
    kill(steps % 2 == 0 ? "stream" : "chunk_buffer");
    run();
    ASSERT_TRUE(answer.has_value() && answer->ok());
    ASSERT_EQ((*answer)->streams.size(), 1U);
    EXPECT_GE((*answer)->streams[0].lines, 20U);
  }
  EXPECT_EQ(streams("t", true)->streams[0].lines, 20U);
}

// Whoever sends pushes must hear of it before and without a push.
TEST_F(ingester, TellsThatTheDiskOfTheLogIsFullUntilItIsNot) {
  options_.wal.disk_full_share = 0.9;
  files_.disk = disk_space{50, 50};
  start();
  const auto first = numbered(0, 10);
  ASSERT_TRUE(push(first).ok());
  advance(2s);
  EXPECT_EQ(status().pushes_refused, "");
  files_.disk = disk_space{95, 5};
  advance(2s);
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_EQ(status().pushes_refused,
            "wal_full: the disk of " + options_.wal_directory + " is too full");
  const auto refused = push(numbered(10, 1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::resource_exhausted);
  EXPECT_EQ(see_all(), once({first}));
  EXPECT_TRUE(see_memory().empty());  // it was flushed, which releases files of the log
  files_.disk = disk_space{50, 50};
  advance(2s);
  EXPECT_EQ(status().pushes_refused, "");
  const auto second = numbered(10, 10);
  ASSERT_TRUE(push(second).ok());
  EXPECT_EQ(see_all(), once({first, second}));
}

TEST_F(ingester, TellsThatTheLogIsReadOnly) {
  start();
  // No file can be made for the first records.
  files_.failing_path = options_.wal_directory;
  files_.failing_mode = open_mode::create_or_empty;
  files_.failing_with = errc::unavailable;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(status().pushes_refused, "");
    EXPECT_FALSE(push(numbered(i, 1)).ok());
    advance(1s);
  }
  EXPECT_EQ(status().pushes_refused, "write-ahead log is read-only after failed syncs");
  files_.failing_path.clear();
  advance(1h);
  EXPECT_NE(status().pushes_refused, "");  // until a restart
}

}  // namespace
}  // namespace skald
