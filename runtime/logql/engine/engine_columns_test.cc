// SPDX-License-Identifier: Apache-2.0
// Whether blocks have typed columns or not, answers, errors and counts of rows are the same.
// SKALD_COLUMN_CASES and SKALD_COLUMN_SEED in the environment choose a longer run or one case.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "runtime/logql/engine/engine.h"
#include "testing/kit/columnar_block.h"
#include "testing/kit/query_answer.h"
#include "testing/kit/random_query.h"
#include "testing/kit/test_seed.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;

// Streams of which some entries lie in two blocks.
struct block_contents {
  std::vector<memory_stream> streams;
  memory_block_options options;
  columnar_block_options columns;
  bool columnar = true;
};

std::vector<block_contents> make_contents(query_generator& random) {
  std::vector<block_contents> blocks(1 + random.below(3));
  const char* const labels[] = {"{app=\"a1\", env=\"e1\"}", "{app=\"a1\"}",
                                "{app=\"a2\", level=\"info\", v=\"7\"}"};
  const bool tight = random.chance(30);
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    blocks[b].options.arrival_order = b;
    blocks[b].options.filters = random.chance(50);
    blocks[b].options.in_memory = random.chance(50);
    blocks[b].columns.seed = random.below(1'000'000);
    blocks[b].columns.refusals = random.chance(30) ? 30 : 0;
    blocks[b].columns.unknown_rows = random.chance(30) ? 30 : 3;
    blocks[b].columns.unknown_values = random.chance(30) ? 30 : 3;
    blocks[b].columnar = random.chance(85);
    for (const char* text : labels) {
      memory_stream stream{stream_of(text), {}};
      for (std::uint64_t i = random.below(30); i-- > 0;) {
        const auto time = static_cast<std::int64_t>(tight ? random.below(6) : random.below(60));
        stream.entries.push_back({time * second, random.line(), random.metadata()});
      }
      if (b > 0 && random.chance(30)) {
        for (const memory_stream& other : blocks[b - 1].streams) {
          if (other.stream->canonical_labels != stream.stream->canonical_labels) continue;
          stream.entries.insert(stream.entries.end(), other.entries.begin(), other.entries.end());
        }
      }
      if (!stream.entries.empty()) blocks[b].streams.push_back(std::move(stream));
    }
  }
  return blocks;
}

block_list make_blocks(const std::vector<block_contents>& contents, bool columnar) {
  block_list blocks;
  for (const block_contents& block : contents) {
    if (block.streams.empty()) continue;
    auto rows = std::make_unique<memory_block>(block.streams, block.options);
    if (columnar && block.columnar) {
      blocks.push_back(std::make_unique<columnar_block>(std::move(rows), block.columns));
    } else {
      blocks.push_back(std::move(rows));
    }
  }
  return blocks;
}

result<query_result> run(const query_plan& plan, const std::vector<block_contents>& contents,
                         bool columnar) {
  return run_query(plan, [&] { return make_blocks(contents, columnar); });
}

// Nothing when the query is refused.
void compare(std::uint64_t seed, std::uint64_t& compared, std::uint64_t& failing) {
  query_generator random(seed);
  const query_request request = random.request();
  const std::vector<block_contents> contents = make_contents(random);
  const result<query_plan_ptr> plan = query_plan::make(request, {});
  if (!plan.ok()) return;
  SCOPED_TRACE("seed " + std::to_string(seed) + " query " + request.query);
  const result<query_result> plain = run(**plan, contents, false);
  const result<query_result> columnar = run(**plan, contents, true);
  ASSERT_EQ(print_answer(plain), print_answer(columnar));
  if (plain.ok() && !(*plan)->is_log_query()) {
    ASSERT_EQ(print_counts(plain->stats), print_counts(columnar->stats));
  }
  ++compared;
  failing += !plain.ok();
}

TEST(EngineColumns, ColumnsDoNotChangeTheAnswer) {
  const std::uint64_t first = test_seed();
  const std::uint64_t cases = environment_number("SKALD_COLUMN_CASES", 400);
  std::uint64_t compared = 0;
  std::uint64_t failing = 0;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    compare(seed, compared, failing);
    if (HasFailure()) return;
  }
  std::printf("first seed %llu: %llu of %llu compared, %llu with an error\n",
              static_cast<unsigned long long>(first), static_cast<unsigned long long>(compared),
              static_cast<unsigned long long>(cases), static_cast<unsigned long long>(failing));
}

// The left side fails by its level, but not before the comparison has set the error.
TEST(EngineColumns, ARefusedSideOfAnOrMayHaveSetTheError) {
  block_contents block;
  block.streams.push_back(
      {stream_of("{app=\"x\"}"), {{second, R"({"n":"much","level":"info"})", {}}}});
  block.columns.unknown_rows = block.columns.unknown_values = block.columns.refusals = 0;
  query_request request;
  request.query =
      "sum(count_over_time({app=\"x\"} | json | (n>5 and level=\"none\") or level=\"info\" "
      "| __error__=\"\" [1m]))";
  request.end_ns = 60 * second;
  request.step_ns = 10 * second;
  const auto plan = query_plan::make(request, {});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(print_answer(run(**plan, {block}, false)), "");
  EXPECT_EQ(print_answer(run(**plan, {block}, true)), "");
}

// What a query over one block with columns reads, all of whose values are known.
struct read_case {
  const char* query;
  int all_lines;
  std::uint64_t line_rows;
};

class EngineColumnReads : public testing::TestWithParam<read_case> {};

TEST_P(EngineColumnReads, NoMoreThanNeeded) {
  memory_stream stream{stream_of("{app=\"x\"}"), {}};
  for (int i = 0; i < 1000; ++i) {
    stream.entries.push_back({i * second,
                              "{\"n\":" + std::to_string(i) + ",\"level\":\"" +
                                  (i % 100 == 0 ? "error" : "info") + "\"}",
                              {}});
  }
  columnar_block_options options;
  options.unknown_rows = options.unknown_values = options.refusals = 0;
  block_list blocks;
  blocks.push_back(std::make_unique<columnar_block>(
      std::make_unique<memory_block>(std::vector<memory_stream>{stream}), options));
  const auto& reads = static_cast<const columnar_block&>(*blocks[0]).reads();
  query_request request;
  request.query = GetParam().query;
  request.end_ns = 2000 * second;
  request.step_ns = 100 * second;
  request.limit = 10;
  const auto plan = query_plan::make(request, {});
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  query_stats stats;
  ASSERT_TRUE(run_leaf(**plan, 0, blocks, cancellation(), stats).ok());
  EXPECT_EQ(reads.all_lines, GetParam().all_lines);
  // Candidates may be one in twenty too many.
  EXPECT_GE(reads.line_rows, GetParam().line_rows);
  EXPECT_LE(reads.line_rows, GetParam().line_rows + (GetParam().line_rows > 0 ? 80 : 0));
}

INSTANTIATE_TEST_SUITE_P(
    Queries, EngineColumnReads,
    testing::Values(
        read_case{"sum by (level) (count_over_time({app=\"x\"} | json [1m]))", 0, 0},
        read_case{"sum(count_over_time({app=\"x\"} | json | n>500 | __error__=\"\" [1m]))", 0, 0},
        read_case{"sum by (app) (sum_over_time({app=\"x\"} | json | unwrap n [1m]))", 0, 0},
        read_case{"sum by (level) (bytes_over_time({app=\"x\"} | json [1m]))", 0, 0},
        read_case{"sum(bytes_rate({app=\"x\"}[1m]))", 0, 0},
        read_case{"count_over_time({app=\"x\"} | json | level=\"error\" [1m])", 0, 10},
        read_case{"count_over_time({app=\"x\"} | json [1m])", 1, 0},
        read_case{"sum by (level) (count_over_time({app=\"x\"} |= `error` | json [1m]))", 0, 10},
        read_case{"sum(count_over_time({app=\"x\"} != `error` [1m]))", 0, 10},
        read_case{"{app=\"x\"} | json | level=\"none\"", 0, 0}, read_case{"{app=\"x\"}", 0, 10},
        read_case{"{app=\"x\"} | json", 0, 10},
        read_case{"{app=\"x\"} | json | level=\"error\"", 0, 10},
        read_case{"{app=\"x\"} |~ `(?i)ERROR`", 0, 10}));

}  // namespace
}  // namespace skald::logql
