// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/minute_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace skald {
namespace {

constexpr std::int64_t minute = nanoseconds_per_minute;

row_run run_of(std::uint32_t first_row, std::uint32_t rows) {
  return {nullptr, first_row, rows, 0, 0, 0};
}

// Rows by the end of their minute.
std::map<std::int64_t, std::uint32_t> spread(const minute_counts& counts) {
  std::map<std::int64_t, std::uint32_t> out;
  std::uint32_t before = 0;
  for (const minute_mark& mark : counts.marks) {
    out[counts.end_ns(mark)] = mark.rows_until - before;
    before = mark.rows_until;
  }
  return out;
}

TEST(SegmentMinutes, AMinuteHasItsEndAndNotItsStart) {
  const std::vector<std::int64_t> times = {-minute, -minute + 1, 0,         1,
                                           minute,  minute + 1,  9 * minute};
  const segment_minutes minutes(times, std::vector<std::uint32_t>{7});
  const std::map<std::int64_t, std::uint32_t> expected = {
      {-minute, 1}, {0, 2}, {minute, 2}, {2 * minute, 1}, {9 * minute, 1}};
  EXPECT_EQ(spread(minutes.of(run_of(0, 7))), expected);
}

TEST(SegmentMinutes, KnowsOnlyTheRunsOfTheSegment) {
  const std::vector<std::int64_t> times = {1, 2, 3, 4, 5};
  const segment_minutes minutes(times, std::vector<std::uint32_t>{2, 3});
  EXPECT_EQ(minutes.of(run_of(0, 2)).marks.size(), 1u);
  EXPECT_EQ(minutes.of(run_of(2, 3)).marks.size(), 1u);
  EXPECT_TRUE(minutes.of(run_of(0, 3)).marks.empty());
  EXPECT_TRUE(minutes.of(run_of(1, 2)).marks.empty());
  EXPECT_TRUE(minutes.of(run_of(5, 1)).marks.empty());
}

TEST(SegmentMinutes, LeavesOutWhatDoesNotFit) {
  const std::vector<std::int64_t> times = {0, 3000 * minute, INT64_MAX - 5, INT64_MIN, 7};
  const segment_minutes minutes(times, std::vector<std::uint32_t>{2, 1, 1, 1});
  EXPECT_TRUE(minutes.of(run_of(0, 2)).marks.empty());
  EXPECT_TRUE(minutes.of(run_of(2, 1)).marks.empty());
  EXPECT_EQ(minutes.of(run_of(3, 1)).marks.size(), 1u);
  EXPECT_EQ(minutes.of(run_of(4, 1)).marks.size(), 1u);
}

// Foreign bytes may hold times that fall: the counts mean nothing then, but nothing overflows.
TEST(SegmentMinutes, LeavesOutRunsWithTheEndOfTimeInTheMiddle) {
  const std::vector<std::int64_t> times = {0, INT64_MAX, 5, 2 * minute, INT64_MIN, INT64_MAX, 7};
  const segment_minutes minutes(times, std::vector<std::uint32_t>{3, 3, 1});
  EXPECT_TRUE(minutes.of(run_of(0, 3)).marks.empty());
  EXPECT_TRUE(minutes.of(run_of(3, 3)).marks.empty());
  EXPECT_EQ(minutes.of(run_of(6, 1)).marks.size(), 1u);
}

TEST(SegmentMinutes, CountsWhatIsThere) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 50; ++round) {
    std::vector<std::int64_t> times;
    std::vector<std::uint32_t> runs;
    std::vector<std::map<std::int64_t, std::uint32_t>> expected;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < 1 + random() % 5; ++i) {
      std::vector<std::int64_t> run;
      for (std::size_t row = 0; row < 1 + random() % 200; ++row) {
        run.push_back(static_cast<std::int64_t>(random() % (60 * minute)) - 30 * minute);
      }
      std::sort(run.begin(), run.end());
      auto& by_minute = expected.emplace_back();
      for (const std::int64_t time : run) {
        std::int64_t end = -31 * minute;
        while (end < time) end += minute;
        ++by_minute[end];
      }
      bytes += segment_minutes::run_bytes_max(run.front(), run.back(),
                                              static_cast<std::uint32_t>(run.size()));
      EXPECT_GE(bytes, by_minute.size() * sizeof(minute_mark));
      runs.push_back(static_cast<std::uint32_t>(run.size()));
      times.insert(times.end(), run.begin(), run.end());
    }
    const segment_minutes minutes(times, runs);
    std::uint32_t first = 0;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      EXPECT_EQ(spread(minutes.of(run_of(first, runs[i]))), expected[i]);
      first += runs[i];
    }
  }
}

}  // namespace
}  // namespace skald
