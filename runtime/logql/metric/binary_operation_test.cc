// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/binary_operation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace skald::logql {
namespace {

label_set labels(std::string_view text) {
  return *parse_labels(text);
}

step_series at_step_0(std::string_view text, double value) {
  return {labels(text), {{0, value}}};
}

std::string print(const result<series_matrix>& matrix) {
  if (!matrix.ok()) return matrix.error().message;
  std::string out;
  for (const step_series& series : *matrix) {
    out += series.labels.canonical();
    for (const step_value& point : series.points) {
      out += " " + std::to_string(point.step) + ":" + std::to_string(std::lround(point.value));
    }
    out += "; ";
  }
  return out;
}

binary_operation operation(binary_op op, std::optional<vector_matching> matching = {},
                           bool return_bool = false) {
  binary_operation node;
  node.op = op;
  node.matching = std::move(matching);
  node.return_bool = return_bool;
  return node;
}

vector_matching on(std::vector<std::string> names,
                   match_cardinality cardinality = match_cardinality::one_to_one,
                   std::vector<std::string> include = {}) {
  return {true, std::move(names), cardinality, std::move(include)};
}

TEST(BinaryOperation, NumbersByZeroGiveNan) {
  EXPECT_TRUE(std::isnan(apply_binary(binary_op::divide, 1, 0)));
  EXPECT_TRUE(std::isnan(apply_binary(binary_op::modulo, 1, 0)));
  EXPECT_EQ(apply_binary(binary_op::modulo, -5, 3), -2);
  EXPECT_EQ(apply_binary(binary_op::power, 2, 10), 1024);
}

TEST(BinaryOperation, ComparesWithNumber) {
  const series_matrix v = {{labels("{}"), {{0, 1}, {1, 5}, {2, NAN}}}};
  EXPECT_EQ(print(combine_with_number(operation(binary_op::less), v, 2, true)), "{} 1:5; ");
  EXPECT_EQ(print(combine_with_number(operation(binary_op::less), v, 2, false)), "{} 0:1; ");
  EXPECT_EQ(print(combine_with_number(operation(binary_op::greater, {}, true), v, 2, false)),
            "{} 0:0 1:1 2:0; ");
  EXPECT_EQ(combine_with_number(operation(binary_op::not_equal), v, 1, false).at(0).points.size(),
            2u);
  EXPECT_EQ(print(combine_with_number(operation(binary_op::greater), v, 9, false)), "");
}

TEST(BinaryOperation, MatchesWholeLabelSetsByDefault) {
  const series_matrix left = {at_step_0(R"({a="1"})", 10), at_step_0(R"({a="2"})", 20)};
  const series_matrix right = {at_step_0(R"({a="2"})", 3), at_step_0(R"({a="3"})", 4)};
  EXPECT_EQ(print(combine(operation(binary_op::subtract), left, right)), "{a=\"2\"} 0:17; ");
  EXPECT_EQ(print(combine(operation(binary_op::add), left, {})), "");
}

TEST(BinaryOperation, MatchesStepByStep) {
  const series_matrix left = {{labels("{}"), {{0, 1}, {1, 2}}}};
  const series_matrix right = {{labels("{}"), {{1, 5}, {2, 6}}}};
  EXPECT_EQ(print(combine(operation(binary_op::multiply), left, right)), "{} 1:10; ");
}

TEST(BinaryOperation, OnReducesLabels) {
  const series_matrix left = {at_step_0(R"({a="1", b="x"})", 10)};
  const series_matrix right = {at_step_0(R"({a="1", c="y"})", 4)};
  EXPECT_EQ(print(combine(operation(binary_op::greater, on({"a"})), left, right)),
            "{a=\"1\"} 0:10; ");
  vector_matching ignoring{false, {"b", "c"}, match_cardinality::one_to_one, {}};
  EXPECT_EQ(print(combine(operation(binary_op::add, ignoring), left, right)), "{a=\"1\"} 0:14; ");
}

TEST(BinaryOperation, GroupLeftAndRightKeepOperandOrder) {
  const series_matrix many = {at_step_0(R"({a="1", b="x", v="old"})", 10),
                              at_step_0(R"({a="1", b="y"})", 20)};
  const series_matrix one = {at_step_0(R"({a="1", v="new"})", 4)};
  EXPECT_EQ(print(combine(
                operation(binary_op::subtract, on({"a"}, match_cardinality::many_to_one, {"v"})),
                many, one)),
            R"({a="1", b="x", v="new"} 0:6; {a="1", b="y", v="new"} 0:16; )");
  EXPECT_EQ(print(combine(
                operation(binary_op::subtract, on({"a"}, match_cardinality::one_to_many, {"w"})),
                one, many)),
            R"({a="1", b="x", v="old"} 0:-6; {a="1", b="y"} 0:-16; )");
}

TEST(BinaryOperation, ReportsAmbiguousMatches) {
  const series_matrix two = {at_step_0(R"({a="1", b="x"})", 1), at_step_0(R"({a="1", b="y"})", 2)};
  const series_matrix one = {at_step_0(R"({a="1"})", 4)};
  EXPECT_EQ(print(combine(operation(binary_op::add, on({"a"})), one, two)),
            "found duplicate series on the right hand-side;many-to-many matching not allowed: "
            "matching labels must be unique on one side");
  EXPECT_EQ(print(combine(operation(binary_op::add, on({"a"}, match_cardinality::one_to_many)), two,
                          one)),
            "found duplicate series on the left hand-side;many-to-many matching not allowed: "
            "matching labels must be unique on one side");
  EXPECT_EQ(print(combine(operation(binary_op::add, on({"a"})), two, one)),
            "multiple matches for labels: many-to-one matching must be explicit "
            "(group_left/group_right)");
  const series_matrix named = {at_step_0(R"({a="1", b="z"})", 4)};
  EXPECT_EQ(
      print(combine(operation(binary_op::add, on({"a"}, match_cardinality::many_to_one, {"b"})),
                    two, named)),
      "multiple matches for labels: grouping labels must ensure unique matches");
}

TEST(BinaryOperation, SeriesThatNeverMeetMayShareAKey) {
  const series_matrix two = {{labels(R"({a="1", b="x"})"), {{0, 1}}},
                             {labels(R"({a="1", b="y"})"), {{1, 2}}}};
  const series_matrix one = {{labels(R"({a="1"})"), {{0, 10}, {1, 20}}}};
  EXPECT_EQ(print(combine(operation(binary_op::add, on({"a"})), one, two)),
            R"({a="1"} 0:11; {a="1"} 1:22; )");
}

TEST(BinaryOperation, SetOperators) {
  const series_matrix left = {{labels(R"({a="1"})"), {{0, 1}, {1, 2}}},
                              {labels(R"({a="2"})"), {{0, 3}}}};
  const series_matrix right = {{labels(R"({a="1"})"), {{1, 9}}}, {labels(R"({a="3"})"), {{0, 7}}}};
  EXPECT_EQ(print(combine(operation(binary_op::logical_and), left, right)), R"({a="1"} 1:2; )");
  EXPECT_EQ(print(combine(operation(binary_op::logical_unless), left, right)),
            R"({a="1"} 0:1; {a="2"} 0:3; )");
  EXPECT_EQ(print(combine(operation(binary_op::logical_or), left, right)),
            R"({a="1"} 0:1 1:2; {a="2"} 0:3; {a="3"} 0:7; )");
  EXPECT_EQ(print(combine(operation(binary_op::logical_or, on({})), left, right)),
            R"({a="1"} 0:1 1:2; {a="2"} 0:3; )");
  EXPECT_EQ(print(combine(operation(binary_op::logical_or), {}, right)),
            R"({a="1"} 1:9; {a="3"} 0:7; )");
}

}  // namespace
}  // namespace skald::logql
