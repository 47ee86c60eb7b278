// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/step_grid.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "testing/kit/test_seed.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;

TEST(StepGrid, AlignsOutwards) {
  const step_grid grid = step_grid::aligned(1 * second, 11 * second, 5 * second);
  ASSERT_EQ(grid.count, 4u);
  EXPECT_EQ(grid.time_ms(0), 0);
  EXPECT_EQ(grid.time_ms(3), 15'000);
}

TEST(StepGrid, AlignsOneInstantToTwoSteps) {
  const step_grid grid = step_grid::aligned(3 * second, 3 * second, 5 * second);
  ASSERT_EQ(grid.count, 2u);
  EXPECT_EQ(grid.time_ms(1), 5000);
}

TEST(StepGrid, KeepsTimesThatAreAligned) {
  const step_grid grid = step_grid::aligned(10 * second, 20 * second, 5 * second);
  ASSERT_EQ(grid.count, 3u);
  EXPECT_EQ(grid.first_ns, 10 * second);
}

TEST(StepGrid, RoundsUpByOneNanosecond) {
  EXPECT_EQ(step_grid::aligned(10 * second, 20 * second + 1, 5 * second).count, 4u);
}

TEST(StepGrid, CutsTheStepToMilliseconds) {
  EXPECT_EQ(step_grid::aligned(0, 10, 1'500'000).step_ns, 1'000'000);
  EXPECT_EQ(step_grid::aligned(0, 10, 5).step_ns, 1'000'000);
}

TEST(StepGrid, AlignsBeforeTheEpoch) {
  const step_grid grid = step_grid::aligned(-7 * second, -1 * second, 5 * second);
  EXPECT_EQ(grid.first_ns, -10 * second);
  EXPECT_EQ(grid.count, 3u);
}

TEST(WindowSet, StartIsExcludedAndEndIncluded) {
  const window_set windows(step_grid::instant(100), 10, 0);
  EXPECT_EQ(windows.locate(90).interval, window_set::no_interval);
  EXPECT_EQ(windows.locate(91).interval, 0u);
  EXPECT_EQ(windows.locate(100).interval, 0u);
  EXPECT_EQ(windows.locate(101).interval, window_set::no_interval);
  EXPECT_EQ(windows.covered(), (time_range{91, 101}));
}

TEST(WindowSet, OffsetMovesTheWindow) {
  const window_set windows(step_grid::instant(100), 10, 30);
  EXPECT_EQ(windows.covered(), (time_range{61, 71}));
  const window_set future(step_grid::instant(100), 10, -30);
  EXPECT_EQ(future.covered(), (time_range{121, 131}));
}

TEST(WindowSet, EmptyRangeCoversNothing) {
  EXPECT_TRUE(window_set(step_grid::instant(100), 0, 0).covered().empty());
}

TEST(WindowSet, GapsBetweenWindowsBelongToNone) {
  const window_set windows(step_grid{100, 50, 3}, 10, 0);
  EXPECT_EQ(windows.locate(120).interval, window_set::no_interval);
  EXPECT_EQ(windows.locate(120).last_ns, 140);
  EXPECT_NE(windows.locate(141).interval, window_set::no_interval);
}

TEST(WindowSet, NeedsOneIntervalPerStepWhenRangeIsTheStep) {
  const window_set windows(step_grid{100, 10, 50}, 10, 0);
  EXPECT_EQ(windows.interval_count(), 50u);
}

// Every timestamp lies in the intervals of exactly those steps whose window holds it.
// Sanitizers see what is computed beyond it.
TEST(WindowSet, MayEndWithTime) {
  const window_set windows({INT64_MAX - 10, 8, 2}, 4, 0);
  window_set::position at = windows.locate(INT64_MAX - 14);
  std::vector<std::int64_t> lasts;
  while (at.last_ns != INT64_MAX) {
    lasts.push_back(at.last_ns);
    at = windows.next(at);
  }
  EXPECT_EQ(lasts, (std::vector<std::int64_t>{INT64_MAX - 14, INT64_MAX - 10, INT64_MAX - 6,
                                              INT64_MAX - 2}));
  EXPECT_EQ(windows.next(at).interval, window_set::no_interval);
}

TEST(WindowSet, IntervalsAgreeWithWindows) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    const step_grid grid{static_cast<std::int64_t>(random() % 40), 1 + std::int64_t(random() % 9),
                         1 + std::uint32_t(random() % 12)};
    const std::int64_t range = 1 + random() % 40;
    const std::int64_t offset = std::int64_t(random() % 11) - 5;
    const window_set windows(grid, range, offset);
    std::uint32_t previous = 0;
    for (std::int64_t t = -60; t < 200; ++t) {
      const window_set::position at = windows.locate(t);
      ASSERT_GE(at.last_ns, t);
      if (at.last_ns < 1000) {
        const window_set::position next = windows.next(at);
        const window_set::position located = windows.locate(at.last_ns + 1);
        ASSERT_EQ(next.interval, located.interval);
        ASSERT_EQ(next.last_ns, located.last_ns);
      }
      ASSERT_EQ(windows.locate(std::min<std::int64_t>(at.last_ns, 1000)).interval, at.interval);
      if (at.interval != window_set::no_interval) {
        ASSERT_LT(at.interval, windows.interval_count());
        ASSERT_GE(at.interval, previous);
        previous = at.interval;
      }
      for (std::uint32_t step = 0; step < grid.count; ++step) {
        const std::int64_t end = grid.time_ns(step) - offset;
        const bool inside = t > end - range && t <= end;
        const window_set::interval_span span = windows.intervals_of(step);
        const bool found = at.interval != window_set::no_interval && at.interval >= span.first &&
                           at.interval <= span.last;
        ASSERT_EQ(found, inside) << "t=" << t << " step=" << step << " range=" << range
                                 << " grid step=" << grid.step_ns << " count=" << grid.count;
      }
    }
  }
}

// The same at the ends of time, where windows reach beyond them.
TEST(WindowSet, IntervalsAgreeWithWindowsAtTheEndsOfTime) {
  __extension__ using wide = __int128;
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const auto pick = [&](std::initializer_list<std::int64_t> values) {
    return *(values.begin() + random() % values.size());
  };
  for (int round = 0; round < 3000; ++round) {
    const std::int64_t start =
        pick({INT64_MIN, INT64_MIN + 7, INT64_MIN / 2 + 1, 0, INT64_MAX - 9});
    const std::int64_t end = pick({start, INT64_MIN + 99, INT64_MAX / 2, INT64_MAX - 5, INT64_MAX});
    const std::int64_t step = pick({INT64_MAX, INT64_MAX / 2, INT64_MAX / 3, INT64_MAX / 10});
    if (end < start) continue;
    const step_grid grid = step_grid::aligned(start, end, step);
    ASSERT_GE(grid.count, 1u);
    ASSERT_LE(grid.count, 30u);
    const std::int64_t range = pick({1, 1000, INT64_MAX / 2, INT64_MAX, grid.step_ns});
    const std::int64_t offset = pick({0, 5, -5, INT64_MAX, -INT64_MAX, INT64_MAX / 2});
    const window_set windows(grid, range, offset);
    std::vector<std::int64_t> times = {INT64_MIN, INT64_MIN + 1, -1,       0,
                                       1,         INT64_MAX - 1, INT64_MAX};
    for (std::uint32_t k = 0; k < grid.count; ++k) {
      times.insert(times.end(), {windows.window_start_ns(k), windows.window_end_ns(k)});
    }
    for (const std::int64_t t : times) {
      const window_set::position at = windows.locate(t);
      ASSERT_GE(at.last_ns, t);
      bool in_any = false;
      for (std::uint32_t k = 0; k < grid.count; ++k) {
        const wide window_end = wide(grid.first_ns) + wide(k) * grid.step_ns - offset;
        const bool inside = t > window_end - range && t <= window_end;
        const window_set::interval_span span = windows.intervals_of(k);
        ASSERT_LE(span.first, span.last);
        ASSERT_LT(span.last, windows.interval_count());
        in_any |= inside;
        ASSERT_EQ(at.interval >= span.first && at.interval <= span.last, inside)
            << "t=" << t << " k=" << k << " range=" << range << " offset=" << offset
            << " start=" << start << " end=" << end << " step=" << step;
      }
      ASSERT_EQ(in_any, at.interval != window_set::no_interval);
      // Times are cut off where there are none: the last one is in no half-open range.
      if (in_any && t < INT64_MAX) {
        ASSERT_TRUE(windows.covered().contains(t));
      }
    }
  }
}

}  // namespace
}  // namespace skald::logql
