// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/query_root_core.h"

#include <gtest/gtest.h>

#include "testing/kit/memory_block.h"

namespace skald {
namespace {

constexpr std::int64_t day = nanoseconds_per_day;

logql::query_plan_ptr plan_of(const char* text, bool forward, std::uint32_t limit = 2) {
  logql::query_request request;
  request.query = text;
  request.start_ns = 0;
  request.end_ns = 5 * day;
  request.step_ns = day;
  request.limit = limit;
  request.forward = forward;
  return logql::query_plan::make(request, logql::query_limits{}).value();
}

std::unique_ptr<log_block> block_at(std::int64_t timestamp_ns) {
  return std::make_unique<memory_block>(std::vector<memory_stream>{
      {stream_of(R"({app="a"})"), {{timestamp_ns, "x", {}}, {timestamp_ns + 1, "y", {}}}}});
}

// Evaluates an interval's own memory blocks, as its actor would.
logql::leaf_result evaluate(const logql::query_plan& plan, query_interval& interval) {
  logql::query_stats stats;
  return logql::run_leaf(plan, interval.leaf, interval.memory_blocks, cancellation(), stats)
      .value();
}

TEST(QueryRootCore, LogQueryRunsDaysOneByOneNewestFirst) {
  query_root_core core(plan_of(R"({app="a"})", false, 100), 8);
  block_list memory;
  memory.push_back(block_at(3 * day + 5));
  core.on_memory(0, std::move(memory));
  core.on_days(0, {1, 2});
  std::vector<std::int64_t> order;
  while (!core.finished()) {
    auto intervals = core.next();
    ASSERT_EQ(intervals.size(), 1u);
    order.push_back(intervals[0].range.start_ns / day);
    core.on_interval_done(0, evaluate(core.plan(), intervals[0]));
  }
  EXPECT_EQ(order, (std::vector<std::int64_t>{3, 2, 1}));
}

TEST(QueryRootCore, ForwardLogQueryRunsOldestFirst) {
  query_root_core core(plan_of(R"({app="a"})", true, 100), 8);
  core.on_memory(0, {});
  core.on_days(0, {1, 2, 4});
  EXPECT_EQ(core.next().at(0).range.start_ns, day);
}

TEST(QueryRootCore, StopsWhenNoOlderRowCanEnterTheAnswer) {
  query_root_core core(plan_of(R"({app="a"})", false, 2), 8);
  block_list memory;
  memory.push_back(block_at(3 * day));
  core.on_memory(0, std::move(memory));
  core.on_days(0, {0, 1, 2});
  auto first = core.next();
  ASSERT_EQ(first.size(), 1u);
  core.on_interval_done(0, evaluate(core.plan(), first[0]));
  EXPECT_TRUE(core.next().empty());
  EXPECT_TRUE(core.finished());
  EXPECT_EQ(core.take_results().at(0).candidates.size(), 2u);
}

TEST(QueryRootCore, MetricQueryRunsSeveralDaysAtOnce) {
  query_root_core core(plan_of(R"(count_over_time({app="a"}[1h]))", false), 2);
  core.on_memory(0, {});
  core.on_days(0, {0, 1, 2});
  EXPECT_EQ(core.next().size(), 2u);
  EXPECT_TRUE(core.next().empty());
  core.on_interval_done(0, {});
  EXPECT_EQ(core.next().size(), 1u);
  core.on_interval_done(0, {});
  EXPECT_FALSE(core.finished());
  core.on_interval_done(0, {});
  EXPECT_TRUE(core.finished());
}

TEST(QueryRootCore, IntervalsAreCutToTheQuerysRange) {
  logql::query_request request;
  request.query = R"({app="a"})";
  request.start_ns = day + 10;
  request.end_ns = 2 * day + 20;
  query_root_core core(logql::query_plan::make(request, logql::query_limits{}).value(), 1);
  core.on_memory(0, {});
  core.on_days(0, {0, 1, 2, 3});
  const auto newest = core.next();
  ASSERT_EQ(newest.size(), 1u);
  EXPECT_EQ(newest[0].range, (time_range{2 * day, 2 * day + 20}));
  core.on_interval_done(0, {});
  const auto oldest = core.next();
  ASSERT_EQ(oldest.size(), 1u);
  EXPECT_EQ(oldest[0].range, (time_range{day + 10, 2 * day}));
}

}  // namespace
}  // namespace skald
