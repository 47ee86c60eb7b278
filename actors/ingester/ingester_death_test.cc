// SPDX-License-Identifier: Apache-2.0
// Every edge of supervision, by killing the child.
#include <caf/send.hpp>

#include "actors/ingester/ingester_fixture.h"

namespace skald {
namespace {

using namespace std::chrono_literals;

using ingester_death = ingester_fixture;

TEST_F(ingester_death, KilledStreamComesBackFromTheLog) {
  hand_over_at_once();
  start();
  const auto first = numbered(0, 20);
  ASSERT_TRUE(push(first).ok());
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

TEST_F(ingester_death, StreamKilledWhileBeingSealedIsFlushedWhole) {
  hand_over_at_once();
  start();
  const auto first = numbered(0, 40, 1);
  ASSERT_TRUE(push(first).ok());
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

TEST_F(ingester_death, PoisonEntryQuarantinesItsStreamOnly) {
  hand_over_at_once();
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

// The rows reach their streams only with the seal.
TEST_F(ingester_death, PoisonEntryInASealQuarantinesItsStreamOnly) {
  start();
  hooks_->before_append = [](const slice_ref& slice) {
    if (slice.columns().lines.bytes.find("poison") != std::string_view::npos) {
      throw std::runtime_error("poison entry");
    }
  };
  const auto first = numbered(0, 20);
  ASSERT_TRUE(push(first).ok());
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(spawned("chunk_buffer"), 0U);
  const auto second = numbered(20, 20);
  ASSERT_TRUE(push(second).ok());
  ASSERT_TRUE(push({{"{bad=\"1\"}", now_ns(), "poison"}}).ok());
  EXPECT_EQ(status().quarantined_streams, 0U);
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(status().quarantined_streams, 1U);
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(see_all(), once({first, second}));
  EXPECT_TRUE(std::filesystem::exists(options_.wal_directory + "/quarantine"));
}

TEST_F(ingester_death, KilledShardIsReplayed) {
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

TEST_F(ingester_death, ShardKilledAtAnyMomentOfAFlushLosesAndDoublesNothing) {
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

TEST_F(ingester_death, KilledFlusherIsReplacedAndTheFlushGoesOn) {
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

TEST_F(ingester_death, DeadWalMakesTheIngesterFail) {
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
