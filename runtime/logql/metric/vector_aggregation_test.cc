// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/vector_aggregation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "runtime/logql/metric/label_replace.h"

namespace skald::logql {
namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

label_set labels(std::string_view text) {
  return *parse_labels(text);
}

step_series at_step_0(std::string_view text, double value) {
  return {labels(text), {{0, value}}};
}

// "labels=value" of each series' first point, in order.
std::string print(const series_matrix& matrix) {
  std::string out;
  for (const step_series& series : matrix) {
    out += series.labels.canonical() + "=" + std::to_string(series.points.front().value) + " ";
  }
  return out;
}

vector_aggregation aggregation(vector_op op, std::optional<grouping_expr> grouping = {},
                               std::int64_t parameter = 0) {
  vector_aggregation node;
  node.op = op;
  node.grouping = std::move(grouping);
  node.parameter = parameter;
  return node;
}

grouping_expr by(std::vector<std::string> names) {
  return {false, std::move(names)};
}
grouping_expr without(std::vector<std::string> names) {
  return {true, std::move(names)};
}

double one_group(vector_op op, const std::vector<double>& values) {
  series_matrix input;
  for (std::size_t i = 0; i < values.size(); ++i) {
    input.push_back(at_step_0("{i=\"" + std::to_string(i) + "\"}", values[i]));
  }
  const series_matrix output = aggregate(aggregation(op), input);
  EXPECT_EQ(output.size(), 1u);
  EXPECT_TRUE(output.at(0).labels.empty());
  return output.at(0).points.at(0).value;
}

TEST(VectorAggregation, EveryFunction) {
  EXPECT_EQ(one_group(vector_op::sum, {1, 2, 6}), 9);
  EXPECT_EQ(one_group(vector_op::avg, {1, 2, 6}), 3);
  EXPECT_EQ(one_group(vector_op::min, {4, 2, 6}), 2);
  EXPECT_EQ(one_group(vector_op::max, {4, 8, 6}), 8);
  EXPECT_EQ(one_group(vector_op::count, {4, 8, 6}), 3);
  EXPECT_DOUBLE_EQ(one_group(vector_op::stdvar, {4, 2, 8, 6}), 5);
  EXPECT_DOUBLE_EQ(one_group(vector_op::stddev, {4, 2, 8, 6}), std::sqrt(5.0));
}

TEST(VectorAggregation, NanAndInfinity) {
  EXPECT_TRUE(std::isnan(one_group(vector_op::sum, {1, nan_value})));
  EXPECT_TRUE(std::isnan(one_group(vector_op::avg, {nan_value, 1})));
  EXPECT_EQ(one_group(vector_op::min, {nan_value, 3, 5}), 3);
  EXPECT_EQ(one_group(vector_op::max, {3, nan_value, 5}), 5);
  EXPECT_TRUE(std::isnan(one_group(vector_op::max, {nan_value, nan_value})));
  EXPECT_EQ(one_group(vector_op::count, {nan_value, 1}), 2);
  EXPECT_EQ(one_group(vector_op::avg, {infinity, 1, 2}), infinity);
  EXPECT_EQ(one_group(vector_op::stddev, {infinity}), 0);
  EXPECT_TRUE(std::isnan(one_group(vector_op::stdvar, {infinity, 1})));
  EXPECT_TRUE(std::isnan(one_group(vector_op::avg, {infinity, -infinity})));
}

TEST(VectorAggregation, NothingGivesNothing) {
  EXPECT_TRUE(aggregate(aggregation(vector_op::count), {}).empty());
}

TEST(VectorAggregation, GroupsByAndWithout) {
  const series_matrix input = {at_step_0(R"({a="1", b="x"})", 1), at_step_0(R"({a="1", b="y"})", 2),
                               at_step_0(R"({a="2", b="x"})", 4), at_step_0(R"({b="x"})", 8)};
  EXPECT_EQ(print(aggregate(aggregation(vector_op::sum, by({"a", "none", "a"})), input)),
            R"({}=8.000000 {a="1"}=3.000000 {a="2"}=4.000000 )");
  EXPECT_EQ(print(aggregate(aggregation(vector_op::sum, without({"a"})), input)),
            R"({b="x"}=13.000000 {b="y"}=2.000000 )");
}

TEST(VectorAggregation, WithoutDropsMetricNameAndEmptyLabels) {
  EXPECT_EQ(group_labels(without({}), labels(R"({__name__="n", a="", b="1"})")),
            labels(R"({b="1"})"));
  EXPECT_EQ(group_labels(by({"a"}), labels(R"({a="", b="1"})")).size(), 1u);
}

TEST(VectorAggregation, ReducesEachStepAlone) {
  const series_matrix input = {{labels(R"({a="1"})"), {{0, 1}, {2, 5}}},
                               {labels(R"({a="2"})"), {{2, 7}, {3, 9}}}};
  const series_matrix output = aggregate(aggregation(vector_op::sum), input);
  ASSERT_EQ(output.size(), 1u);
  EXPECT_EQ(output[0].points, (std::vector<step_value>{{0, 1}, {2, 12}, {3, 9}}));
}

TEST(VectorAggregation, TopkPerGroupAndStep) {
  const series_matrix input = {{labels(R"({a="1", g="x"})"), {{0, 3}, {1, 1}}},
                               {labels(R"({a="2", g="x"})"), {{0, 2}, {1, 2}}},
                               {labels(R"({a="3", g="y"})"), {{1, 9}}}};
  const series_matrix output = aggregate(aggregation(vector_op::topk, by({"g"}), 1), input);
  ASSERT_EQ(output.size(), 3u);
  EXPECT_EQ(output[0].points, (std::vector<step_value>{{0, 3}}));
  EXPECT_EQ(output[1].points, (std::vector<step_value>{{1, 2}}));
  EXPECT_EQ(output[2].points, (std::vector<step_value>{{1, 9}}));
}

TEST(VectorAggregation, TopkTiesGoToSmallerLabelsAndNanIsWorst) {
  const series_matrix input = {at_step_0(R"({a="3"})", 5), at_step_0(R"({a="2"})", 5),
                               at_step_0(R"({a="1"})", nan_value)};
  EXPECT_EQ(print(aggregate(aggregation(vector_op::topk, {}, 1), input)), R"({a="2"}=5.000000 )");
  EXPECT_EQ(print(aggregate(aggregation(vector_op::bottomk, {}, 2), input)),
            R"({a="2"}=5.000000 {a="3"}=5.000000 )");
  EXPECT_EQ(aggregate(aggregation(vector_op::topk, {}, 10), input).size(), 3u);
}

TEST(VectorAggregation, SortsByValueWithNanLast) {
  const series_matrix input = {at_step_0(R"({a="1"})", 2), at_step_0(R"({a="2"})", nan_value),
                               at_step_0(R"({a="3"})", 1)};
  EXPECT_EQ(print(aggregate(aggregation(vector_op::sort), input)),
            R"({a="3"}=1.000000 {a="1"}=2.000000 {a="2"}=nan )");
  EXPECT_EQ(print(aggregate(aggregation(vector_op::sort_desc), input)),
            R"({a="1"}=2.000000 {a="3"}=1.000000 {a="2"}=nan )");
}

std::string replaced(std::string_view input, const char* destination, const char* replacement,
                     const char* source, const char* regex) {
  label_replace_expr expression{nullptr, destination, replacement, source, regex};
  const result<series_matrix> output = replace_labels(expression, {at_step_0(input, 1)});
  return output.ok() ? output->at(0).labels.canonical() : output.error().message;
}

TEST(LabelReplace, SetsRemovesAndLeaves) {
  EXPECT_EQ(replaced(R"({a="x-1"})", "b", "$2/$1", "a", "(.*)-(.*)"), R"({a="x-1", b="1/x"})");
  EXPECT_EQ(replaced(R"({a="x-1"})", "b", "${n}!", "a", "(?P<n>.).*"), R"({a="x-1", b="x!"})");
  EXPECT_EQ(replaced(R"({a="x", b="y"})", "b", "$2x", "a", "(.*)"), R"({a="x"})");
  EXPECT_EQ(replaced(R"({a="x"})", "b", "c$$1", "a", "x"), R"({a="x", b="c$1"})");
  EXPECT_EQ(replaced(R"({a="x"})", "b", "$", "a", "x"), R"({a="x", b="$"})");
  EXPECT_EQ(replaced(R"({a="xy"})", "b", "no", "a", "x"), R"({a="xy"})");
  EXPECT_EQ(replaced(R"({a="x"})", "b", "q", "missing", ""), R"({a="x", b="q"})");
  EXPECT_EQ(replaced(R"({a="x-1"})", "b", "${n}!", "a", "(?<n>.).*"), R"({a="x-1", b="x!"})");
  EXPECT_EQ(replaced(R"({a="x"})", "b", "q$01", "a", "(.)"), R"({a="x", b="q"})");
  EXPECT_EQ(replaced(R"({a="x"})", "b", "q$\u00e9-${\u00e9}$1\u00e9", "a", "(.)"),
            R"({a="x", b="q-"})");
  EXPECT_EQ(replaced(R"({a="x"})", "b", "q$$$-${1$99999999999", "a", "(.)"),
            R"({a="x", b="q$$-${1"})");
}

// Each of them doubles the text.
TEST(LabelReplace, NestedOnesEnd) {
  const label_replace_expr expression{nullptr, "a", "$0$0", "a", ".*"};
  series_matrix input = {at_step_0(R"({a="0123456789"})", 1)};
  int times = 0;
  for (; times < 100; ++times) {
    result<series_matrix> output = replace_labels(expression, input);
    if (!output.ok()) {
      EXPECT_EQ(output.error().code, errc::resource_exhausted);
      break;
    }
    input = std::move(*output);
  }
  EXPECT_EQ(times, 20);  // 10 MiB
}

// Of many series each label is short enough, all together are not.
TEST(LabelReplace, SeriesTogetherEnd) {
  const label_replace_expr expression{nullptr, "b", std::string(10'000, 'x'), "a", ".*"};
  const series_matrix input(1000, at_step_0(R"({a="1"})", 1));
  const auto memory = std::make_shared<query_memory>(1 << 20);
  const auto output = replace_labels(expression, input, {nullptr, memory});
  ASSERT_FALSE(output.ok());
  EXPECT_EQ(output.error().code, errc::resource_exhausted);
  EXPECT_EQ(memory->used(), 0U);
}

}  // namespace
}  // namespace skald::logql
