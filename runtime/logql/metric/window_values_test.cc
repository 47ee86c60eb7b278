// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/window_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "testing/kit/test_seed.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

leaf_aggregation leaf_of(range_op op, const step_grid& grid, std::int64_t range_ns,
                         std::int64_t offset_ns = 0) {
  leaf_aggregation leaf;
  leaf.op = op;
  leaf.kind = state_kind_of(op);
  leaf.windows = window_set(grid, range_ns, offset_ns);
  return leaf;
}

void add_sample(const leaf_aggregation& leaf, series_states& states, const timed_sample& sample,
                const label_set& labels = {}) {
  const window_set::position at = leaf.windows.locate(sample.timestamp_ns);
  if (at.interval == window_set::no_interval) return;
  std::visit(
      [&](auto& table) {
        const std::uint32_t series = table.series(
            xxh3_128(labels.canonical()), leaf.windows.interval_count(), [&] { return labels; });
        table.cell(series, at.interval).add(sample);
      },
      states);
}

// The value of one window over samples one second apart, the last one at the window's end.
double value_over(range_op op, const std::vector<double>& values, double parameter = 0) {
  const std::int64_t range = static_cast<std::int64_t>(values.size()) * second;
  leaf_aggregation leaf = leaf_of(op, step_grid::instant(range), range);
  leaf.parameter = parameter;
  series_states states = make_series_states(leaf.kind);
  for (std::size_t i = 0; i < values.size(); ++i) {
    add_sample(leaf, states, {static_cast<std::int64_t>(i + 1) * second, 0, values[i]});
  }
  const series_matrix matrix = *window_values(leaf, states);
  EXPECT_EQ(matrix.size(), 1u);
  return matrix.at(0).points.at(0).value;
}

// Overlapping windows make many points of few rows, and quantiles look at each row once a window.
TEST(WindowValues, KeepItsBounds) {
  const step_grid grid{0, second, 10'000};
  cancellation cancelled;
  cancelled.cancel();
  for (const range_op op : {range_op::count_over_time, range_op::quantile_over_time}) {
    const leaf_aggregation leaf = leaf_of(op, grid, 10'000 * second);
    series_states states = make_series_states(leaf.kind);
    for (int i = 0; i < 100; ++i) {
      add_sample(leaf, states, {1, 0, 1}, label_set(std::vector<label>{{"n", std::to_string(i)}}));
    }
    EXPECT_EQ(window_values(leaf, states)->size(), 100u);
    EXPECT_EQ(window_values(leaf, states, {&cancelled, nullptr}).error().code, errc::cancelled);
    const auto memory = std::make_shared<query_memory>(1 << 20);
    EXPECT_EQ(window_values(leaf, states, {nullptr, memory}).error().code,
              errc::resource_exhausted);
    EXPECT_EQ(memory->used(), 0U);
    EXPECT_EQ(absent_values(leaf, states, {}, {&cancelled, nullptr}).error().code, errc::cancelled);
  }
}

TEST(WindowValues, EveryFunction) {
  const std::vector<double> v = {4, 2, 8, 6};
  EXPECT_EQ(value_over(range_op::count_over_time, v), 4);
  EXPECT_EQ(value_over(range_op::rate, v), 1);
  EXPECT_EQ(value_over(range_op::bytes_over_time, v), 20);
  EXPECT_EQ(value_over(range_op::bytes_rate, v), 5);
  EXPECT_EQ(value_over(range_op::sum_over_time, v), 20);
  EXPECT_EQ(value_over(range_op::avg_over_time, v), 5);
  EXPECT_EQ(value_over(range_op::min_over_time, v), 2);
  EXPECT_EQ(value_over(range_op::max_over_time, v), 8);
  EXPECT_DOUBLE_EQ(value_over(range_op::stdvar_over_time, v), 5);
  EXPECT_DOUBLE_EQ(value_over(range_op::stddev_over_time, v), std::sqrt(5.0));
  EXPECT_EQ(value_over(range_op::first_over_time, v), 4);
  EXPECT_EQ(value_over(range_op::last_over_time, v), 6);
  EXPECT_EQ(value_over(range_op::quantile_over_time, v, 0.5), 5);
}

TEST(WindowValues, QuantileInterpolates) {
  const std::vector<double> v = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_DOUBLE_EQ(value_over(range_op::quantile_over_time, v, 0.95), 9.549999999999999);
  EXPECT_EQ(value_over(range_op::quantile_over_time, v, 0), 1);
  EXPECT_EQ(value_over(range_op::quantile_over_time, v, 1), 10);
  EXPECT_EQ(value_over(range_op::quantile_over_time, v, 1.5), infinity);
}

TEST(WindowValues, QuantileTakesNanAsSmallest) {
  EXPECT_EQ(value_over(range_op::quantile_over_time, {2, nan_value, 4}, 1), 4);
  EXPECT_TRUE(std::isnan(value_over(range_op::quantile_over_time, {2, nan_value, 4}, 0)));
}

TEST(WindowValues, ExtremesIgnoreNanUnlessAllAre) {
  EXPECT_EQ(value_over(range_op::min_over_time, {nan_value, 3, nan_value, 2}), 2);
  EXPECT_EQ(value_over(range_op::max_over_time, {nan_value, 3, nan_value, 2}), 3);
  EXPECT_TRUE(std::isnan(value_over(range_op::max_over_time, {nan_value, nan_value})));
}

TEST(WindowValues, MeanOfInfinitiesAndHugeValues) {
  EXPECT_EQ(value_over(range_op::avg_over_time, {1, infinity, 2}), infinity);
  EXPECT_TRUE(std::isnan(value_over(range_op::avg_over_time, {infinity, -infinity})));
  EXPECT_EQ(value_over(range_op::avg_over_time, {1.5e308, 1.5e308}), 1.5e308);
}

TEST(WindowValues, VarianceOfEqualValuesIsZero) {
  EXPECT_EQ(value_over(range_op::stdvar_over_time, {0.1, 0.1, 0.1}), 0);
}

double counter_over(const std::vector<std::pair<int, double>>& samples, int range_s, int end_s) {
  leaf_aggregation leaf =
      leaf_of(range_op::rate_counter, step_grid::instant(end_s * second), range_s * second);
  series_states states = make_series_states(leaf.kind);
  for (const auto& [at, value] : samples) add_sample(leaf, states, {at * second, 0, value});
  return window_values(leaf, states)->at(0).points.at(0).value;
}

TEST(WindowValues, RateCounterExtrapolatesAndSeesResets) {
  const std::vector<std::pair<int, double>> samples = {
      {1, 100}, {3, 110}, {5, 120}, {7, 5}, {9, 15}};
  EXPECT_EQ(counter_over(samples, 10, 10), 4.375);
  EXPECT_EQ(counter_over(samples, 20, 12), 2.1875);
}

TEST(WindowValues, RateCounterOfOneSampleIsZero) {
  EXPECT_EQ(counter_over({{5, 7}}, 10, 10), 0);
}

TEST(WindowValues, RateCounterAtOneInstantIsNan) {
  EXPECT_TRUE(std::isnan(counter_over({{5, 7}, {5, 9}}, 10, 10)));
}

TEST(WindowValues, FirstAndLastAtEqualTimesFollowArrival) {
  for (const range_op op : {range_op::first_over_time, range_op::last_over_time}) {
    leaf_aggregation leaf = leaf_of(op, step_grid::instant(10), 10);
    series_states states = make_series_states(leaf.kind);
    add_sample(leaf, states, {5, 1, 11});
    add_sample(leaf, states, {5, 1, 12});
    EXPECT_EQ(window_values(leaf, states)->at(0).points.at(0).value,
              op == range_op::first_over_time ? 11 : 12);
  }
}

TEST(WindowValues, AbsentWhereNoRowIs) {
  leaf_aggregation leaf = leaf_of(range_op::absent_over_time, step_grid{10, 10, 3}, 10);
  series_states states = make_series_states(leaf.kind);
  add_sample(leaf, states, {15, 0, 1});
  std::vector<label_matcher> matchers;
  const auto add = [&](const char* name, match_op op, const char* value) {
    matchers.push_back(*label_matcher::make(name, op, value));
  };
  add("app", match_op::equal, "x");
  add("b", match_op::regex, "y.+");
  add("app", match_op::equal, "z");
  add("e", match_op::equal, "f");
  const series_matrix matrix = *absent_values(leaf, states, matchers);
  ASSERT_EQ(matrix.size(), 1u);
  EXPECT_EQ(matrix[0].labels, label_set(std::vector<label>{{"e", "f"}}));
  EXPECT_EQ(matrix[0].points, (std::vector<step_value>{{0, 1}, {2, 1}}));
}

// Values that a plain walk over the window's samples gives.
std::optional<double> naive(const leaf_aggregation& leaf, std::vector<timed_sample> samples,
                            std::uint32_t step) {
  std::stable_sort(samples.begin(), samples.end(),
                   [](const auto& a, const auto& b) { return a.before(b); });
  std::vector<double> v;
  for (const timed_sample& sample : samples) {
    if (sample.timestamp_ns > leaf.windows.window_start_ns(step) &&
        sample.timestamp_ns <= leaf.windows.window_end_ns(step)) {
      v.push_back(sample.value);
    }
  }
  if (v.empty()) return std::nullopt;
  double sum = 0;
  for (const double x : v) sum += x;
  switch (leaf.op) {
    case range_op::count_over_time:
      return v.size();
    case range_op::sum_over_time:
      return sum;
    case range_op::avg_over_time:
      return sum / v.size();
    case range_op::min_over_time:
      return *std::min_element(v.begin(), v.end());
    case range_op::max_over_time:
      return *std::max_element(v.begin(), v.end());
    case range_op::first_over_time:
      return v.front();
    case range_op::last_over_time:
      return v.back();
    case range_op::stdvar_over_time: {
      double squares = 0;
      for (const double x : v) squares += (x - sum / v.size()) * (x - sum / v.size());
      return squares / v.size();
    }
    default:
      return quantile(leaf.parameter, v);
  }
}

TEST(WindowValues, SlidingAgreesWithPlainWalk) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const range_op ops[] = {
      range_op::count_over_time, range_op::sum_over_time,    range_op::avg_over_time,
      range_op::min_over_time,   range_op::max_over_time,    range_op::first_over_time,
      range_op::last_over_time,  range_op::stdvar_over_time, range_op::quantile_over_time};
  for (int round = 0; round < 400; ++round) {
    const step_grid grid{50, 1 + std::int64_t(random() % 9), 1 + std::uint32_t(random() % 20)};
    leaf_aggregation leaf = leaf_of(ops[random() % std::size(ops)], grid, 1 + random() % 60);
    leaf.parameter = 0.3;
    series_states states = make_series_states(leaf.kind);
    std::vector<timed_sample> samples;
    for (std::uint64_t n = random() % 60; n-- > 0;) {
      samples.push_back({std::int64_t(random() % 250), random() % 3, double(random() % 100)});
      add_sample(leaf, states, samples.back());
    }
    std::vector<std::optional<double>> got(grid.count);
    const series_matrix matrix = *window_values(leaf, states);
    for (const step_series& series : matrix) {
      for (const step_value& point : series.points) got[point.step] = point.value;
    }
    for (std::uint32_t step = 0; step < grid.count; ++step) {
      const std::optional<double> expected = naive(leaf, samples, step);
      ASSERT_EQ(got[step].has_value(), expected.has_value()) << "round " << round;
      if (expected) {
        ASSERT_NEAR(*got[step], *expected, 1e-9) << "round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace skald::logql
