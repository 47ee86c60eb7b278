// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/log_collector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "testing/kit/memory_block.h"

namespace skald::logql {
namespace {

query_request request_of(std::uint32_t limit, bool forward, std::int64_t interval_ns = 0) {
  query_request request;
  request.limit = limit;
  request.forward = forward;
  request.interval_ns = interval_ns;
  return request;
}

log_candidate entry(std::int64_t timestamp_ns, std::string line, const stream_ptr& stream,
                    std::uint64_t arrival = 0) {
  auto labels = std::make_shared<entry_labels>();
  labels->stream = stream->labels;
  return {timestamp_ns, stream, arrival, std::move(labels), std::move(line)};
}

std::string print(const std::vector<log_candidate>& candidates) {
  std::string out;
  for (const log_candidate& c : candidates) out += std::to_string(c.timestamp_ns) + c.line + " ";
  return out;
}

const stream_ptr stream_a = stream_of("{s=\"a\"}");
const stream_ptr stream_b = stream_of("{s=\"b\"}");

TEST(LogCollector, KeepsTheBestInEachDirection) {
  for (const bool forward : {true, false}) {
    const query_request request = request_of(2, forward);
    log_collector collector(request);
    for (const int t : {3, 1, 5, 2, 4}) collector.add(entry(t, "x", stream_a));
    EXPECT_EQ(print(collector.take()), forward ? "1x 2x " : "5x 4x ");
  }
}

TEST(LogCollector, EqualTimesFollowArrivalInOneStream) {
  const query_request forward = request_of(10, true);
  log_collector up(forward);
  const query_request backward = request_of(10, false);
  log_collector down(backward);
  for (log_collector* collector : {&up, &down}) {
    collector->add(entry(1, "second", stream_a, 8));
    collector->add(entry(1, "first", stream_a, 7));
    collector->add(entry(1, "other", stream_b, 1));
  }
  EXPECT_EQ(print(up.take()), "1first 1second 1other ");
  EXPECT_EQ(print(down.take()), "1second 1first 1other ");
}

TEST(LogCollector, DropsEqualLinesOfOneStreamAndTime) {
  const query_request request = request_of(3, true);
  log_collector collector(request);
  for (int i = 0; i < 5; ++i) collector.add(entry(1, "same", stream_a, i));
  collector.add(entry(1, "same", stream_b));
  collector.add(entry(2, "same", stream_a));
  EXPECT_EQ(print(collector.take()), "1same 1same 2same ");
  EXPECT_EQ(collector.duplicates(), 4u);
}

// One that is stored twice stands where it arrived first, also on the way back.
TEST(LogCollector, ARepeatedEntryKeepsItsFirstPlace) {
  for (const bool forward : {true, false}) {
    const query_request request = request_of(3, forward);
    log_collector collector(request);
    collector.add(entry(1, "a", stream_a, 0));
    collector.add(entry(1, "b", stream_a, 1));
    collector.add(entry(1, "a", stream_a, 2));
    EXPECT_EQ(print(collector.take()), forward ? "1a 1b " : "1b 1a ");
  }
}

// Also when it was beyond the limit before its copy came.
TEST(LogCollector, ARepeatedEntryKeepsItsFirstPlaceBeyondTheLimit) {
  const query_request request = request_of(1, false);
  log_collector collector(request);
  collector.add(entry(1, "a", stream_a, 0));
  collector.add(entry(1, "b", stream_a, 1));
  collector.compact();
  collector.add(entry(1, "a", stream_a, 2));
  std::vector<log_candidate> kept = collector.take();
  thin_out(request, kept);
  EXPECT_EQ(print(kept), "1b ");
}

TEST(LogCollector, KeepsEqualLinesWithOtherMetadata) {
  const query_request request = request_of(3, true);
  log_collector collector(request);
  for (const char* value : {"v0", "v1", "v0"}) {
    log_candidate candidate = entry(1, "same", stream_a);
    auto labels = std::make_shared<entry_labels>(*candidate.labels);
    labels->structured_metadata.set("k", value);
    candidate.labels = std::move(labels);
    collector.add(std::move(candidate));
  }
  EXPECT_EQ(collector.take().size(), 2u);
}

TEST(LogCollector, KnowsWhatIsTooLate) {
  const query_request request = request_of(2, false);
  log_collector collector(request);
  collector.add(entry(5, "x", stream_a));
  collector.add(entry(7, "x", stream_a));
  EXPECT_TRUE(collector.accepts(1));
  collector.compact();
  EXPECT_EQ(collector.bound_ns(), 5);
  EXPECT_TRUE(collector.accepts(5));
  EXPECT_FALSE(collector.accepts(4));
  EXPECT_FALSE(collector.accepts_any(1, 4));
  EXPECT_TRUE(collector.accepts_any(1, 9));
}

TEST(LogCollector, CompactsItselfAndStaysExact) {
  const query_request request = request_of(3, true);
  log_collector collector(request);
  for (int i = 0; i < 100'000; ++i) collector.add(entry((i * 7919) % 100'003, "x", stream_a));
  const std::vector<log_candidate> kept = collector.take();
  EXPECT_EQ(print(kept), "0x 1x 2x ");
}

// However the entries come, in order or not, and however often it compacts in between.
TEST(LogCollector, PiecesGiveWhatTheWholeGives) {
  std::minstd_rand random(5);
  for (int round = 0; round < 200; ++round) {
    const query_request request = request_of(40, round % 2 == 0);
    log_collector whole(request);
    log_collector pieces(request);
    std::vector<log_candidate> entries;
    const unsigned times = 1 + random() % 60;
    for (unsigned i = 0; i < 1 + random() % 60; ++i) {
      entries.push_back(entry(random() % times, random() % 4 == 0 ? "copy" : std::to_string(i),
                              random() % 2 == 0 ? stream_a : stream_b, i));
    }
    if (round % 3 > 0) {
      const auto half = entries.begin() + (round % 3 == 1 ? 0 : entries.size() / 2);
      const auto less = [&](const auto& a, const auto& b) {
        return request.forward ? a.timestamp_ns < b.timestamp_ns : a.timestamp_ns > b.timestamp_ns;
      };
      std::stable_sort(entries.begin(), half, less);
      std::stable_sort(half, entries.end(), less);
    }
    for (const log_candidate& candidate : entries) {
      whole.add(candidate);
      pieces.add(candidate);
      if (random() % 8 == 0) pieces.compact();
    }
    auto from_whole = whole.take();
    auto from_pieces = pieces.take();
    thin_out(request, from_whole);
    thin_out(request, from_pieces);
    EXPECT_EQ(print(from_pieces), print(from_whole)) << round;
    EXPECT_EQ(pieces.duplicates(), whole.duplicates()) << round;
  }
}

TEST(LogCollector, ZeroLimitKeepsAll) {
  const query_request request = request_of(0, true);
  log_collector collector(request);
  for (int i = 0; i < 5000; ++i) collector.add(entry(i, "x", stream_a));
  EXPECT_EQ(collector.take().size(), 5000u);
}

TEST(ThinOut, IntervalCountsFromTheLastEntryThatStayed) {
  for (const bool forward : {true, false}) {
    const query_request request = request_of(3, forward, 10);
    std::vector<log_candidate> sorted;
    for (const int t : {0, 4, 9, 10, 19, 20, 31, 50}) {
      sorted.push_back(entry(forward ? t : -t, "", stream_a));
    }
    thin_out(request, sorted);
    EXPECT_EQ(print(sorted), forward ? "0 10 20 " : "0 -10 -20 ");
  }
}

// What a part of the entries keeps is enough for the walk over all of them.
TEST(ThinOut, PartsKeepEnough) {
  const query_request request = request_of(4, true, 10);
  log_collector whole(request);
  log_collector part_a(request);
  log_collector part_b(request);
  for (int t = 0; t < 300; t += 3) {
    whole.add(entry(t, "", stream_a));
    (t % 2 == 0 ? part_a : part_b).add(entry(t, "", stream_a));
  }
  log_collector merged(request);
  for (log_collector* part : {&part_a, &part_b}) {
    for (log_candidate& candidate : part->take()) merged.add(std::move(candidate));
  }
  std::vector<log_candidate> from_parts = merged.take();
  std::vector<log_candidate> from_whole = whole.take();
  EXPECT_LT(from_parts.size(), 30u);
  thin_out(request, from_parts);
  thin_out(request, from_whole);
  EXPECT_EQ(print(from_parts), print(from_whole));
  EXPECT_EQ(print(from_whole), "0 12 24 36 ");
}

}  // namespace
}  // namespace skald::logql
