// SPDX-License-Identifier: Apache-2.0
// What a query may take: every kind of query that makes up memory ends at its bound, and gives all
// of it back.
#include <gtest/gtest.h>

#include "runtime/logql/engine/engine.h"
#include "testing/kit/memory_block.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::uint64_t mebibyte = 1 << 20;

block_list blocks_of(int blocks, int rows, const std::string& text = "x") {
  block_list list;
  for (int b = 0; b < blocks; ++b) {
    memory_stream stream{stream_of("{a=\"1\"}"), {}};
    for (int i = 0; i < rows; ++i) {
      stream.entries.push_back({(b * rows + i) * second, text + std::to_string(b * rows + i), {}});
    }
    memory_block_options options;
    options.arrival_order = b;
    list.push_back(std::make_unique<memory_block>(std::vector<memory_stream>{stream}, options));
  }
  return list;
}

query_plan_ptr plan_of(const std::string& query, std::uint64_t bytes_max, std::uint32_t limit) {
  query_request request;
  request.query = query;
  request.end_ns = 100'000 * second;
  request.step_ns = 100 * second;
  request.limit = limit;
  query_limits limits;
  limits.max_memory_bytes = bytes_max;
  limits.max_entries = 0;
  limits.max_series = 0;
  return *query_plan::make(request, limits);
}

// Each block by a worker of its own.
result<query_result> run(const query_plan& plan, block_list blocks) {
  query_stats stats;
  std::vector<leaf_result> leaves(plan.leaves().size());
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    for (block_list& group : partition_blocks(plan, std::move(blocks), {1, 1, 0})) {
      SKALD_TRY_ASSIGN(leaf_result part, run_leaf(plan, i, group, cancellation(), stats));
      merge(plan, i, leaves[i], std::move(part));
    }
  }
  return finish(plan, std::move(leaves), stats);
}

TEST(EngineMemory, QueriesThatMakeUpTextEnd) {
  const std::string queries[] = {
      R"({a="1"} | line_format "{{repeat 10000 __line__}}")",
      R"({a="1"} | label_format b="{{repeat 10000 __line__}}")",
      R"({a="1"} | regexp `(?P<n>.*)` | label_format b="{{repeat 1000 __line__}}" | line_format "")",
      R"(sum by (b) (count_over_time({a="1"} | label_format b="{{repeat 10000 __line__}}" [1h])))",
      R"(count_over_time({a="1"} | regexp `(?P<n>.*)` [10h]))",
      R"(quantile_over_time(0.5, {a="1"} | regexp `x(?P<n>.*)` | unwrap n [10h]) by (n))",
      R"(label_replace(label_replace(count_over_time({a="1"} | regexp `(?P<n>.*)` | label_format )"
      R"(b="{{repeat 50 __line__}}" [1m]), "b", "$0$0$0$0$0$0$0$0", "b", ".*"), "b", )"
      R"("$0$0$0$0$0$0$0$0", "b", ".*"))",
      R"(sum by (n) (count_over_time({a="1"} | regexp `(?P<n>.*)` [1m])) * on() group_left(t) )"
      R"(label_replace(vector(1), "t", ")" +
          std::string(20'000, 't') + R"(", "", ""))",
  };
  for (const std::string& query : queries) {
    const query_plan_ptr plan = plan_of(query, 8 * mebibyte, 5000);
    const result<query_result> answer = run(*plan, blocks_of(10, 300));
    ASSERT_FALSE(answer.ok()) << query;
    EXPECT_EQ(answer.error().code, errc::resource_exhausted) << query;
    EXPECT_NE(answer.error().message.find("limit: 8388608 bytes, skald.query_memory_limit"),
              std::string::npos)
        << answer.error().message;
    EXPECT_EQ(plan->memory()->used(), 0U) << query;
  }
}

// Only what may reach the answer is held: 3,000 rows of 100 kB are 300 MB in all.
TEST(EngineMemory, EntriesThatGiveWayCostNothing) {
  for (const char* query :
       {R"({a="1"} | line_format "{{repeat 10000 \"0123456789\"}}{{__line__}}")",
        R"({a="1"} | label_format b="{{repeat 20000 __line__}}")"}) {
    const query_plan_ptr plan = plan_of(query, 8 * mebibyte, 10);
    {
      const result<query_result> answer = run(*plan, blocks_of(10, 300));
      ASSERT_TRUE(answer.ok()) << answer.error().message;
      EXPECT_EQ(std::get<streams_result>(answer->value).entries.size(), 10U);
    }
    EXPECT_EQ(plan->memory()->used(), 0U);
  }
}

// A part says what it takes as long as it lives.
TEST(EngineMemory, PartsCountUntilTheyAreGone) {
  const query_plan_ptr plan = plan_of(R"({a="1"})", 0, 5000);
  query_stats stats;
  leaf_result merged;
  for (int i = 0; i < 3; ++i) {
    block_list blocks = blocks_of(1, 100, std::string(10'000, 'x'));
    leaf_result part = *run_leaf(*plan, 0, blocks, cancellation(), stats);
    const std::uint64_t before = plan->memory()->used();
    EXPECT_GT(before, 100U * 10'000 + i);
    merge(*plan, 0, merged, std::move(part));
    // The rows are the same each time.
    EXPECT_GT(plan->memory()->used(), 100U * 10'000);
    EXPECT_LT(plan->memory()->used(), 101U * 10'100);
  }
  merged = {};
  EXPECT_EQ(plan->memory()->used(), 0U);
}

// A quantile keeps each row of its series.
TEST(EngineMemory, SamplesCount) {
  const std::string query =
      R"(quantile_over_time(0.5, {a="1"} | regexp `x(?P<n>.*)` | unwrap n [10h]) by (a))";
  EXPECT_TRUE(run(*plan_of(query, 3000 * 30, 100), blocks_of(1, 300)).ok());
  const query_plan_ptr plan = plan_of(query, 3000 * 20, 100);
  const result<query_result> answer = run(*plan, blocks_of(10, 300));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, errc::resource_exhausted);
  EXPECT_EQ(plan->memory()->used(), 0U);
}

TEST(EngineMemory, SeriesOfOneBlockEnd) {
  const query_plan_ptr plan = plan_of(
      R"(sum by (b) (count_over_time({a="1"} | label_format b="{{repeat 100000 __line__}}" [1h])))",
      8 * mebibyte, 100);
  block_list blocks = blocks_of(1, 10'000);
  query_stats stats;
  const auto part = run_leaf(*plan, 0, blocks, cancellation(), stats);
  ASSERT_FALSE(part.ok());
  EXPECT_EQ(part.error().code, errc::resource_exhausted);
  EXPECT_LT(stats.memory.lines_after_filter, 100U);
  EXPECT_EQ(plan->memory()->used(), 0U);
}

}  // namespace
}  // namespace skald::logql
