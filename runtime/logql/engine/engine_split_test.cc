// SPDX-License-Identifier: Apache-2.0
// However blocks are handed to workers and however entries are spread over blocks and replicas, the
// answer is the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "runtime/logql/engine/engine.h"
#include "testing/kit/memory_block.h"
#include "testing/kit/test_seed.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;

const char* const queries[] = {
    "{app=~\".+\"}",
    "{app=~\".+\"} |= \"k1\"",
    "{app=~\".+\"} | logfmt | g=\"x1\"",
    "{app=~\".+\"} | m=\"m1\"",
    "count_over_time({app=~\".+\"}[25s])",
    "sum(count_over_time({app=~\".+\"}[25s]))",
    "sum by (app) (rate({app=~\".+\"}[10s]))",
    "sum by (m) (count_over_time({app=~\".+\"}[40s]))",
    "sum without (app) (bytes_rate({app=~\".+\"}[7s]))",
    "sum by (app) (bytes_over_time({app=~\".+\"}[1m] offset 5s))",
    "sum by (g) (count_over_time({app=~\".+\"} | logfmt [30s]))",
    "sum by (g) (sum_over_time({app=~\".+\"} | logfmt | unwrap v [30s]))",
    "avg_over_time({app=~\".+\"} | logfmt | unwrap v [30s]) by (app)",
    "min_over_time({app=~\".+\"} | logfmt | unwrap v [3s]) by (app)",
    "max(max_over_time({app=~\".+\"} | logfmt | unwrap v [30s]))",
    "stddev_over_time({app=~\".+\"} | logfmt | unwrap v [30s]) by (g)",
    "quantile_over_time(0.7, {app=~\".+\"} | logfmt | unwrap v [30s]) by (app)",
    "first_over_time({app=~\".+\"} | logfmt | unwrap v [30s]) by (g)",
    "last_over_time({app=~\".+\"} | logfmt | unwrap v [30s]) by (g)",
    "rate_counter({app=~\".+\"} | logfmt | unwrap v [30s])",
    "absent_over_time({app=\"a1\"} |= \"k3\" [2s])",
    "topk(2, sum by (g) (count_over_time({app=~\".+\"} | logfmt [20s])))",
    "sum(rate({app=\"a1\"}[30s])) / sum(rate({app=~\".+\"}[30s]))",
};

class split_scenario {
 public:
  explicit split_scenario(std::uint64_t seed) : random_(seed) {
    for (int s = 0; s < 3; ++s) {
      memory_stream stream{
          stream_of("{app=\"a" + std::to_string(s % 2) + "\", n=\"" + std::to_string(s) + "\"}"),
          {}};
      for (std::uint64_t i = below(40); i-- > 0;) stream.entries.push_back(entry());
      streams_.push_back(std::move(stream));
    }
  }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  // All entries in one block.
  block_list whole() {
    block_list blocks;
    blocks.push_back(std::make_unique<memory_block>(streams_));
    return blocks;
  }

  // Entries in blocks by order of arrival, some of them in two.
  block_list spread() {
    std::vector<std::vector<memory_stream>> parts(1 + below(5));
    for (const memory_stream& stream : streams_) {
      std::size_t part = 0;
      std::vector<memory_stream> pieces(parts.size(), memory_stream{stream.stream, {}});
      for (std::size_t i = 0; i < stream.entries.size(); ++i) {
        // Later arrivals go to later blocks; a replica may hold an entry again.
        part = std::max(part, i * parts.size() / stream.entries.size());
        pieces[part].entries.push_back(stream.entries[i]);
      }
      for (std::size_t p = 0; p < parts.size(); ++p) {
        if (!pieces[p].entries.empty()) parts[p].push_back(pieces[p]);
        if (!pieces[p].entries.empty() && below(3) == 0) copies_.push_back({p, pieces[p]});
      }
    }
    block_list blocks;
    for (std::size_t p = 0; p < parts.size(); ++p) {
      add_block(blocks, p, std::move(parts[p]));
    }
    for (auto& [p, copy] : copies_) add_block(blocks, p, {std::move(copy)});
    copies_.clear();
    std::shuffle(blocks.begin(), blocks.end(), random_);
    return blocks;
  }

 private:
  void add_block(block_list& blocks, std::uint64_t arrival, std::vector<memory_stream> streams) {
    if (streams.empty()) return;
    memory_block_options options;
    options.arrival_order = arrival;
    options.filters = true;
    options.in_memory = below(2) == 0;
    blocks.push_back(std::make_unique<memory_block>(std::move(streams), options));
  }

  memory_entry entry() {
    memory_entry made;
    made.timestamp_ns = static_cast<std::int64_t>(below(60)) * second;
    made.line = "k" + std::to_string(below(4)) + " v=" + std::to_string(below(50)) + " g=x" +
                std::to_string(below(3));
    if (below(3) == 0) made.metadata.push_back({"m", "m" + std::to_string(below(2))});
    return made;
  }

  std::mt19937_64 random_;
  std::vector<memory_stream> streams_;
  std::vector<std::pair<std::uint64_t, memory_stream>> copies_;
};

result<query_result> run_groups(const query_plan& plan, split_scenario& scenario, bool split) {
  query_stats stats;
  std::vector<leaf_result> leaves;
  for (std::size_t i = 0; i < plan.leaves().size(); ++i) {
    leaf_result merged;
    block_list blocks = split ? scenario.spread() : scenario.whole();
    group_rows target{split ? 1 + scenario.below(40) : std::size_t{1'000'000}};
    if (split && scenario.below(2) == 0) target = {target.first, 10 * target.first, 2};
    std::vector<block_list> groups = partition_blocks(plan, std::move(blocks), target);
    answer_bound bound(plan.request());
    answer_bound* shared = scenario.below(2) == 0 ? &bound : nullptr;
    if (split && scenario.below(2) == 0) std::reverse(groups.begin(), groups.end());
    for (block_list& group : groups) {
      SKALD_TRY_ASSIGN(leaf_result part, run_leaf(plan, i, group, cancellation(), stats, shared));
      merge(plan, i, merged, std::move(part));
    }
    leaves.push_back(std::move(merged));
  }
  return finish(plan, std::move(leaves), stats);
}

void expect_near(double a, double b) {
  if (std::isnan(a) && std::isnan(b)) return;
  EXPECT_NEAR(a, b, 1e-9 * std::max(1.0, std::abs(a)));
}

void expect_equal(const query_result& a, const query_result& b) {
  ASSERT_EQ(a.value.index(), b.value.index());
  if (const auto* left = std::get_if<streams_result>(&a.value)) {
    const auto& right = std::get<streams_result>(b.value);
    ASSERT_EQ(left->entries.size(), right.entries.size());
    for (std::size_t i = 0; i < right.entries.size(); ++i) {
      EXPECT_EQ(left->entries[i].timestamp_ns, right.entries[i].timestamp_ns);
      EXPECT_EQ(left->entries[i].line, right.entries[i].line);
      EXPECT_EQ(left->entries[i].labels->flat(), right.entries[i].labels->flat());
    }
    return;
  }
  const auto& left = std::get<matrix_result>(a.value);
  const auto& right = std::get<matrix_result>(b.value);
  ASSERT_EQ(left.series.size(), right.series.size());
  for (std::size_t i = 0; i < right.series.size(); ++i) {
    EXPECT_EQ(left.series[i].labels, right.series[i].labels);
    ASSERT_EQ(left.series[i].points.size(), right.series[i].points.size());
    for (std::size_t j = 0; j < right.series[i].points.size(); ++j) {
      EXPECT_EQ(left.series[i].points[j].timestamp_ms, right.series[i].points[j].timestamp_ms);
      expect_near(left.series[i].points[j].value, right.series[i].points[j].value);
    }
  }
}

TEST(EngineSplit, AnyPartitionGivesTheSameAnswer) {
  const std::uint64_t first_seed = test_seed();
  for (std::uint64_t seed = first_seed; seed < first_seed + 500; ++seed) {
    split_scenario scenario(seed);
    query_request request;
    request.query = queries[scenario.below(std::size(queries))];
    request.end_ns = 60 * second;
    request.step_ns = static_cast<std::int64_t>(1 + scenario.below(12)) * second;
    request.limit = static_cast<std::uint32_t>(1 + scenario.below(30));
    request.forward = scenario.below(2) == 0;
    if (scenario.below(4) == 0) request.interval_ns = 3 * second;
    SCOPED_TRACE("seed " + std::to_string(seed) + " query " + request.query);
    const query_plan_ptr plan = *query_plan::make(request, {});
    const result<query_result> whole = run_groups(*plan, scenario, false);
    const result<query_result> parts = run_groups(*plan, scenario, true);
    ASSERT_TRUE(whole.ok()) << whole.error().message;
    ASSERT_TRUE(parts.ok()) << parts.error().message;
    expect_equal(*whole, *parts);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace skald::logql
