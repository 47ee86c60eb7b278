// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/plan/query_plan.h"

#include <gtest/gtest.h>

#include "runtime/logql/syntax/printer.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;

query_request range_request(std::string query) {
  query_request request;
  request.query = std::move(query);
  request.start_ns = 100 * second;
  request.end_ns = 200 * second;
  request.step_ns = 10 * second;
  return request;
}

std::string error_of(const query_request& request, const query_limits& limits = {}) {
  const result<query_plan_ptr> plan = query_plan::make(request, limits);
  return plan.ok() ? "" : plan.error().message;
}

query_plan_ptr plan_of(const query_request& request) {
  result<query_plan_ptr> plan = query_plan::make(request, {});
  EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().message);
  return *std::move(plan);
}

TEST(QueryPlan, LogQueryHasOneLeafWithTheHalfOpenRange) {
  const query_plan_ptr plan = plan_of(range_request("{a=\"b\"} |= \"error\""));
  ASSERT_TRUE(plan->is_log_query());
  ASSERT_EQ(plan->leaves().size(), 1u);
  const plan_leaf& leaf = plan->leaves()[0];
  EXPECT_EQ(leaf.range, (time_range{100 * second, 200 * second}));
  EXPECT_EQ(leaf.probe.text, "error");
  EXPECT_EQ(to_string(leaf.matchers), "{a=\"b\"}");
}

TEST(QueryPlan, MetricLeafCoversItsWindows) {
  const query_plan_ptr plan =
      plan_of(range_request("rate({a=\"b\"}[30s] offset 5s) / count_over_time({c=\"d\"}[1m])"));
  ASSERT_EQ(plan->leaves().size(), 2u);
  EXPECT_EQ(plan->leaves()[0].range, (time_range{65 * second + 1, 195 * second + 1}));
  EXPECT_EQ(plan->leaves()[1].range, (time_range{40 * second + 1, 200 * second + 1}));
  EXPECT_EQ(plan->steps().count, 11u);
}

TEST(QueryPlan, InstantQueryIsNotAligned) {
  query_request request = range_request("rate({a=\"b\"}[30s])");
  request.instant = true;
  request.end_ns = 200 * second + 7;
  const query_plan_ptr plan = plan_of(request);
  EXPECT_EQ(plan->steps().count, 1u);
  EXPECT_EQ(plan->leaves()[0].range, (time_range{170 * second + 8, 200 * second + 8}));
}

TEST(QueryPlan, NumbersNeedNoLeaf) {
  EXPECT_TRUE(plan_of(range_request("1 + 1"))->leaves().empty());
  EXPECT_TRUE(plan_of(range_request("vector(1)"))->leaves().empty());
}

TEST(QueryPlan, SumGoesIntoTheLeaf) {
  const auto grouping = [](std::string query) -> std::string {
    const query_plan_ptr plan = plan_of(range_request(std::move(query)));
    const std::optional<grouping_expr>& found = plan->leaves()[0].metric.grouping;
    return found ? to_string(*found) : "all";
  };
  EXPECT_EQ(grouping("sum by (x) (rate({a=\"b\"}[1m]))"), to_string(grouping_expr{false, {"x"}}));
  EXPECT_EQ(grouping("sum(rate({a=\"b\"}[1m]))"), to_string(grouping_expr{}));
  EXPECT_EQ(grouping("sum without (x) (rate({a=\"b\"}[1m]))"),
            to_string(grouping_expr{true, {"x"}}));
  EXPECT_EQ(grouping("max by (x) (max_over_time({a=\"b\"} | unwrap v [1m]))"),
            to_string(grouping_expr{false, {"x"}}));
  EXPECT_EQ(grouping("max by (v) (max_over_time({a=\"b\"} | unwrap v [1m]))"),
            to_string(grouping_expr{}));
  EXPECT_EQ(grouping("max by (x) (count_over_time({a=\"b\"}[1m]))"), "all");
  EXPECT_EQ(grouping("avg by (x) (rate({a=\"b\"}[1m]))"), "all");
  EXPECT_EQ(grouping("sum_over_time({a=\"b\"} | unwrap v [1m])"),
            to_string(grouping_expr{true, {"v"}}));
  EXPECT_EQ(grouping("max_over_time({a=\"b\"} | unwrap v [1m]) by (v)"),
            to_string(grouping_expr{false, {"v"}}));
  EXPECT_EQ(grouping("absent_over_time({a=\"b\"}[1m])"), to_string(grouping_expr{}));
}

TEST(QueryPlan, CountsOnlyWithoutPipeline) {
  EXPECT_TRUE(plan_of(range_request("bytes_rate({a=\"b\"}[1m])"))->leaves()[0].counts_only);
  EXPECT_FALSE(plan_of(range_request("rate({a=\"b\"} |= \"x\" [1m])"))->leaves()[0].counts_only);
  EXPECT_FALSE(
      plan_of(range_request("sum_over_time({a=\"b\"} | unwrap v [1m])"))->leaves()[0].counts_only);
}

TEST(QueryPlan, LabelProbesNeedStreamsWithoutTheLabel) {
  const query_plan_ptr plan = plan_of(range_request("{a=\"b\"} | pod=\"p1\""));
  const auto stream = [](std::string_view labels) {
    row_run run;
    run.stream = *make_stream(labels);
    return run;
  };
  const row_run plain = stream("{a=\"b\"}");
  const row_run own = stream("{a=\"b\", pod=\"p9\"}");
  EXPECT_EQ(plan->leaves()[0].probe_for({&plain, 1}).what, skip_probe::kind::metadata_pair);
  EXPECT_EQ(plan->leaves()[0].probe_for({&own, 1}).what, skip_probe::kind::always);
}

TEST(QueryPlan, RefusesWithLokisTexts) {
  query_request request = range_request("{a=\"b\"}");
  query_limits limits;
  limits.max_query_length_ns = 30 * second;
  EXPECT_EQ(error_of(request, limits),
            "the query time range exceeds the limit (query length: 1m40s, limit: 30s)");
  query_request all_time = request;
  all_time.start_ns = INT64_MIN;
  all_time.end_ns = INT64_MAX;
  all_time.step_ns = INT64_MAX / 100;
  EXPECT_EQ(error_of(all_time, limits),
            "the query time range exceeds the limit (query length: 2562047h47m16.854775807s, "
            "limit: 30s)");
  all_time.step_ns = second;
  EXPECT_EQ(error_of(all_time, limits),
            "exceeded maximum resolution of 11,000 points per time series. Try increasing the "
            "value of the step parameter");
  request.limit = 5001;
  EXPECT_EQ(error_of(request),
            "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > "
            "5000)");
  request.limit = 100;
  request.step_ns = 1'000'000;
  EXPECT_EQ(error_of(request),
            "exceeded maximum resolution of 11,000 points per time series. Try increasing the "
            "value of the step parameter");
  request.instant = true;
  EXPECT_EQ(error_of(request),
            "log queries are not supported as an instant query type, please change your query to a "
            "range query type");
  limits = {};
  limits.max_range_ns = 3600 * second;
  EXPECT_EQ(error_of(range_request("rate({a=\"b\"}[2h])"), limits),
            "[interval] value exceeds limit: [2h] > [1h]");
  limits = {};
  limits.max_streams_matchers = 2;
  EXPECT_EQ(error_of(range_request("{a=\"b\",c=\"d\",e=\"f\"}"), limits),
            "max streams matchers per query exceeded, matchers-count > limit (3 > 2)");
}

// Loki looks at the parts that it cuts instant queries into.
TEST(QueryPlan, LimitsTheRangeOfInstantQueriesAsLokiSplitsThem) {
  const std::string too_long = "[interval] value exceeds limit: [2h] > [1h]";
  const std::pair<std::string, std::string> cases[] = {
      {"rate({a=\"b\"}[2h])", ""},
      {"sum(count_over_time({a=\"b\"}[2h]))", ""},
      {"topk(3, sum by (x) (rate({a=\"b\"}[2h])))", ""},
      {"sum(rate({a=\"b\"}[2h])) / 2", ""},
      {"stddev(rate({a=\"b\"}[2h]))", too_long},
      {"sum(stddev(rate({a=\"b\"}[2h])))", too_long},
      {"stddev(rate({a=\"b\"}[1h])) + sum(rate({a=\"b\"}[2h]))", ""},
      {"absent_over_time({a=\"b\"}[2h])", too_long},
      {"quantile_over_time(0.5, {a=\"b\"} | unwrap x [2h])", too_long}};
  for (const auto& [query, why] : cases) {
    query_request request = range_request(query);
    query_limits limits;
    limits.max_range_ns = limits.instant_split_ns = 3600 * second;
    EXPECT_NE(error_of(request, limits), "") << query;
    request.instant = true;
    EXPECT_EQ(error_of(request, limits), why) << query;
    limits.instant_split_ns = 0;
    EXPECT_EQ(error_of(request, limits), too_long) << query;
  }
  query_request request = range_request("rate({a=\"b\"}[2h])");
  request.instant = true;
  query_limits limits;
  limits.max_range_ns = 1800 * second;
  limits.instant_split_ns = 3600 * second;
  EXPECT_EQ(error_of(request, limits), "[interval] value exceeds limit: [1h] > [30m]");
}

TEST(QueryPlan, RefusesEndlessStepsEvenWithoutLimit) {
  query_request request = range_request("rate({a=\"b\"}[1m])");
  request.step_ns = 1000;
  query_limits limits;
  limits.max_points = 0;
  EXPECT_EQ(error_of(request, limits),
            "exceeded maximum resolution of 1,000,000 points per time series. Try increasing the "
            "value of the step parameter");
}

TEST(QueryPlan, RefusesWhatLokiAnswersWith500) {
  const result<query_plan_ptr> replace =
      query_plan::make(range_request("label_replace(1, \"a\", \"b\", \"c\", \"d\")"), {});
  ASSERT_FALSE(replace.ok());
  EXPECT_EQ(replace.error().code, errc::internal);
  const result<query_plan_ptr> sketch =
      query_plan::make(range_request("approx_topk(3, rate({a=\"b\"}[1m]))"), {});
  ASSERT_FALSE(sketch.ok());
  EXPECT_EQ(sketch.error().message, "count min sketches are only supported on instant queries");
}

}  // namespace
}  // namespace skald::logql
