// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/engine.h"

#include <gtest/gtest.h>

#include <random>

#include "testing/kit/memory_block.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;

query_request range_request(std::string query, std::int64_t end_s = 100) {
  query_request request;
  request.query = std::move(query);
  request.end_ns = end_s * second;
  request.step_ns = 10 * second;
  return request;
}

query_request instant_request(std::string query, std::int64_t time_s) {
  query_request request = range_request(std::move(query), time_s);
  request.instant = true;
  return request;
}

memory_stream stream_with(std::string_view labels, std::vector<memory_entry> entries) {
  return {stream_of(labels), std::move(entries)};
}

memory_entry at(std::int64_t second_number, std::string line, std::vector<label> metadata = {}) {
  return {second_number * second, std::move(line), std::move(metadata)};
}

// A memory_block that tests keep while the engine has the list.
struct test_blocks {
  block_list list;
  std::vector<memory_block*> each;

  memory_block& add(std::vector<memory_stream> streams, bool filters = false) {
    memory_block_options options;
    options.arrival_order = each.size();
    options.filters = filters;
    auto block = std::make_unique<memory_block>(std::move(streams), options);
    each.push_back(block.get());
    list.push_back(std::move(block));
    return *each.back();
  }
};

result<query_result> run(const query_request& request, test_blocks& blocks,
                         const query_limits& limits = {}) {
  SKALD_TRY_ASSIGN(const query_plan_ptr plan, query_plan::make(request, limits));
  query_stats stats;
  std::vector<leaf_result> leaves;
  for (std::size_t i = 0; i < plan->leaves().size(); ++i) {
    SKALD_TRY_ASSIGN(leaf_result leaf, run_leaf(*plan, i, blocks.list, cancellation(), stats));
    leaves.push_back(std::move(leaf));
  }
  return finish(*plan, std::move(leaves), stats);
}

std::string print(const result<query_result>& answer) {
  if (!answer.ok()) return answer.error().message;
  std::string out;
  if (const auto* streams = std::get_if<streams_result>(&answer->value)) {
    for (const log_stream& stream : group_flat(*streams)) {
      out += stream.labels.canonical();
      for (const log_entry* entry : stream.entries) {
        out += " " + std::to_string(entry->timestamp_ns / second) + ":" + entry->line;
      }
      out += "; ";
    }
  } else if (const auto* matrix = std::get_if<matrix_result>(&answer->value)) {
    for (const matrix_series& series : matrix->series) {
      out += series.labels.canonical();
      for (const sample_point& point : series.points) {
        out += " " + std::to_string(point.timestamp_ms / 1000) + ":" +
               std::to_string(std::lround(point.value));
      }
      out += "; ";
    }
  } else if (const auto* vector = std::get_if<vector_result>(&answer->value)) {
    for (const vector_sample& sample : vector->samples) {
      out +=
          sample.labels.canonical() + "=" + std::to_string(std::lround(sample.point.value)) + "; ";
    }
  } else {
    out = "scalar " + std::to_string(std::get<scalar_result>(answer->value).point.timestamp_ms);
  }
  return out;
}

TEST(Engine, LogQueryGivesTheNewestFirst) {
  test_blocks blocks;
  blocks.add(
      {stream_with("{a=\"1\"}", {at(1, "x"), at(2, "y")}), stream_with("{a=\"2\"}", {at(3, "x")})});
  query_request request = range_request("{a=~\".+\"}");
  request.limit = 2;
  EXPECT_EQ(print(run(request, blocks)), "{a=\"1\"} 2:y; {a=\"2\"} 3:x; ");
  request.forward = true;
  EXPECT_EQ(print(run(request, blocks)), "{a=\"1\"} 1:x 2:y; ");
}

TEST(Engine, LogRangeExcludesItsEnd) {
  test_blocks blocks;
  blocks.add({stream_with("{a=\"1\"}", {at(5, "x"), at(10, "y")})});
  query_request request = range_request("{a=\"1\"}", 10);
  request.start_ns = 5 * second;
  EXPECT_EQ(print(run(request, blocks)), "{a=\"1\"} 5:x; ");
}

TEST(Engine, LogQueryStopsBeforeOlderBlocks) {
  test_blocks blocks;
  memory_block& old_block = blocks.add({stream_with("{a=\"1\"}", {at(1, "x"), at(2, "x")})});
  memory_block& new_block = blocks.add({stream_with("{a=\"1\"}", {at(3, "x"), at(4, "x")})});
  query_request request = range_request("{a=\"1\"}");
  request.limit = 2;
  EXPECT_EQ(print(run(request, blocks)), "{a=\"1\"} 4:x 3:x; ");
  EXPECT_EQ(old_block.reads().lines + old_block.reads().timestamps, 0);
  EXPECT_GT(new_block.reads().lines, 0);
  EXPECT_EQ(new_block.releases(), 1);
}

TEST(Engine, SkipFilterSavesReads) {
  test_blocks blocks;
  memory_block& other = blocks.add({stream_with("{a=\"1\"}", {at(1, "nothing here")})}, true);
  blocks.add({stream_with("{a=\"1\"}", {at(2, "the needle")})}, true);
  const result<query_result> answer = run(range_request("{a=\"1\"} |= \"needle\""), blocks);
  EXPECT_EQ(print(answer), "{a=\"1\"} 2:the needle; ");
  EXPECT_EQ(other.reads().lines, 0);
  EXPECT_EQ(answer->stats.memory.blocks_filtered, 1u);
}

TEST(Engine, EntriesStoredTwiceCountOnce) {
  const std::vector<memory_entry> entries = {at(1, "x"), at(2, "y", {{"k", "v"}}), at(3, "z")};
  for (const char* query :
       {"sum(count_over_time({a=\"1\"}[1m]))", "sum(count_over_time({a=\"1\"} |= \"\" [1m]))",
        "sum(bytes_over_time({a=\"1\"}[1m]))"}) {
    test_blocks blocks;
    blocks.add({stream_with("{a=\"1\"}", entries)});
    blocks.add({stream_with("{a=\"1\"}", {entries[1], entries[2], at(3, "w")})});
    EXPECT_EQ(print(run(instant_request(query, 30), blocks)), "{}=4; ") << query;
  }
}

TEST(Engine, CountsWithoutReadingWhereARunLiesInOneWindow) {
  test_blocks blocks;
  memory_block& whole = blocks.add({stream_with("{a=\"1\"}", {at(11, "x"), at(20, "x")})});
  memory_block& cut = blocks.add({stream_with("{a=\"1\"}", {at(25, "x"), at(35, "x")})});
  EXPECT_EQ(print(run(range_request("sum(count_over_time({a=\"1\"}[10s]))"), blocks)),
            "{} 20:2 30:1 40:1; ");
  EXPECT_EQ(whole.reads().timestamps + whole.reads().lines + whole.reads().metadata, 0);
  EXPECT_EQ(cut.reads().timestamps, 1);
  EXPECT_EQ(cut.reads().lines, 0);
}

TEST(Engine, StructuredMetadataMakesSeries) {
  test_blocks blocks;
  blocks.add(
      {stream_with("{a=\"1\"}", {at(1, "x", {{"m", "p"}}), at(2, "x", {{"m", "q"}}), at(3, "x")})});
  EXPECT_EQ(print(run(instant_request("count_over_time({a=\"1\"}[1m])", 30), blocks)),
            "{a=\"1\"}=1; {a=\"1\", m=\"p\"}=1; {a=\"1\", m=\"q\"}=1; ");
  EXPECT_EQ(print(run(instant_request("sum by (m) (count_over_time({a=\"1\"}[1m]))", 30), blocks)),
            "{}=1; {m=\"p\"}=1; {m=\"q\"}=1; ");
}

TEST(Engine, UnwrappedValuesAndGrouping) {
  test_blocks blocks;
  blocks.add({stream_with("{a=\"1\"}",
                          {at(1, "v=3 g=x"), at(2, "v=5 g=y"), at(3, "v=7 g=x"), at(4, "g=x")})});
  EXPECT_EQ(print(run(instant_request(
                          "sum by (g) (sum_over_time({a=\"1\"} | logfmt | unwrap v [1m]))", 30),
                      blocks)),
            "{g=\"x\"}=10; {g=\"y\"}=5; ");
  EXPECT_EQ(
      print(run(instant_request("max_over_time({a=\"1\"} | logfmt | unwrap v [1m]) by (a)", 30),
                blocks)),
      "{a=\"1\"}=7; ");
  EXPECT_EQ(print(run(instant_request("first_over_time({a=\"1\"} | logfmt | unwrap v [1m])", 30),
                      blocks)),
            "{a=\"1\", g=\"x\"}=3; {a=\"1\", g=\"y\"}=5; ");
}

TEST(Engine, PipelineErrorsEndMetricQueries) {
  test_blocks blocks;
  blocks.add({stream_with("{a=\"1\"}", {at(1, "v=abc")})});
  const result<query_result> answer =
      run(instant_request("sum_over_time({a=\"1\"} | logfmt | unwrap v [1m])", 30), blocks);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, errc::invalid_argument);
  EXPECT_EQ(answer.error().message.rfind("pipeline error: 'SampleExtractionErr' for series: '{", 0),
            0u)
      << answer.error().message;
  EXPECT_EQ(print(run(instant_request(
                          "sum_over_time({a=\"1\"} | logfmt | unwrap v | __error__=\"\" [1m])", 30),
                      blocks)),
            "");
}

TEST(Engine, SeriesLimit) {
  test_blocks blocks;
  std::vector<memory_stream> streams;
  for (int i = 0; i < 4; ++i) {
    streams.push_back(stream_with("{a=\"" + std::to_string(i) + "\"}", {at(1, "x")}));
  }
  blocks.add(streams);
  query_limits limits;
  limits.max_series = 3;
  const std::string text =
      "maximum number of series (3) reached for a single query; consider reducing query "
      "cardinality by adding more specific stream selectors, reducing the time range, or "
      "aggregating results with functions like sum(), count() or topk()";
  EXPECT_EQ(print(run(instant_request("rate({a=~\".+\"}[1m])", 30), blocks, limits)), text);
  EXPECT_EQ(print(run(instant_request("topk(1, rate({a=~\".+\"}[1m]))", 30), blocks, limits)),
            text);
  EXPECT_EQ(print(run(instant_request("count(rate({a=~\".+\"}[1m]))", 30), blocks, limits)),
            "{}=4; ");
  limits.partial_series = true;
  const result<query_result> part =
      run(instant_request("count_over_time({a=~\".+\"}[1m])", 30), blocks, limits);
  EXPECT_EQ(print(part), "{a=\"0\"}=1; {a=\"1\"}=1; {a=\"2\"}=1; ");
  EXPECT_EQ(part->warnings.size(), 1u);
}

TEST(Engine, NumbersAndVectors) {
  test_blocks blocks;
  EXPECT_EQ(print(run(instant_request("1 + 1", 30), blocks)), "scalar 30000");
  EXPECT_EQ(print(run(instant_request("vector(3)", 30), blocks)), "{}=3; ");
  EXPECT_EQ(print(run(range_request("7", 20), blocks)), "{} 0:7 10:7 20:7; ");
  EXPECT_EQ(print(run(instant_request("sum(rate({a=\"1\"}[1m])) or vector(0)", 30), blocks)),
            "{}=0; ");
}

TEST(Engine, SortsInstantVectors) {
  test_blocks blocks;
  blocks.add(
      {stream_with("{a=\"1\"}", {at(1, "x")}), stream_with("{a=\"2\"}", {at(1, "x"), at(2, "x")})});
  EXPECT_EQ(print(run(instant_request("sort_desc(count_over_time({a=~\".+\"}[1m]))", 30), blocks)),
            "{a=\"2\"}=2; {a=\"1\"}=1; ");
  EXPECT_EQ(print(run(instant_request("topk(2, count_over_time({a=~\".+\"}[1m]))", 30), blocks)),
            "{a=\"1\"}=1; {a=\"2\"}=2; ");
}

TEST(Engine, EqualLabelsOfLabelReplace) {
  test_blocks blocks;
  blocks.add({stream_with("{a=\"1\"}", {at(1, "x")}), stream_with("{a=\"2\"}", {at(1, "x")})});
  const std::string query =
      "label_replace(count_over_time({a=~\".+\"}[10s]), \"a\", \"\", \"a\", \".*\")";
  EXPECT_EQ(print(run(instant_request(query, 10), blocks)), "{}=1; {}=1; ");
  EXPECT_EQ(print(run(range_request(query, 10), blocks)), "{} 10:1 10:1; ");
}

TEST(Engine, AbsentOverTime) {
  test_blocks blocks;
  blocks.add({stream_with("{a=\"1\"}", {at(15, "not json")})});
  EXPECT_EQ(print(run(range_request("absent_over_time({a=\"1\"} | json [10s])", 30), blocks)),
            "{a=\"1\"} 0:1 10:1 30:1; ");
}

TEST(Engine, CancelledQueryEnds) {
  test_blocks blocks;
  blocks.add({stream_with("{a=\"1\"}", {at(1, "x")})});
  const query_plan_ptr plan = *query_plan::make(range_request("{a=\"1\"}"), {});
  cancellation cancelled;
  cancelled.cancel();
  query_stats stats;
  const result<leaf_result> leaf = run_leaf(*plan, 0, blocks.list, cancelled, stats);
  ASSERT_FALSE(leaf.ok());
  EXPECT_EQ(leaf.error().code, errc::cancelled);
}

TEST(Engine, MemoryBudgetIsKept) {
  test_blocks blocks;
  std::vector<memory_stream> streams;
  for (int i = 0; i < 100; ++i) {
    streams.push_back(stream_with("{a=\"" + std::to_string(i) + "\"}", {at(1, "x")}));
  }
  blocks.add(streams);
  query_limits limits;
  limits.max_memory_bytes = 1000;
  const result<query_result> answer =
      run(instant_request("sum by (a) (rate({a=~\".+\"}[1m]))", 30), blocks, limits);
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, errc::resource_exhausted);
}

TEST(Engine, CanStillContribute) {
  test_blocks blocks;
  blocks.add({stream_with("{a=\"1\"}", {at(50, "x"), at(60, "x")})});
  query_request request = range_request("{a=\"1\"}");
  request.limit = 2;
  const query_plan_ptr plan = *query_plan::make(request, {});
  query_stats stats;
  const leaf_result empty;
  EXPECT_TRUE(can_still_contribute(*plan, 0, empty, 1, 2));
  EXPECT_FALSE(can_still_contribute(*plan, 0, empty, 100 * second, 200 * second));
  const leaf_result full = *run_leaf(*plan, 0, blocks.list, cancellation(), stats);
  EXPECT_FALSE(can_still_contribute(*plan, 0, full, 0, 49 * second));
  EXPECT_TRUE(can_still_contribute(*plan, 0, full, 0, 50 * second));
}

}  // namespace
}  // namespace skald::logql
