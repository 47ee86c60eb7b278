// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/window_function.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace skald::logql::reference {
namespace {

using samples = std::vector<line_sample>;

double seconds(std::int64_t nanoseconds) {
  const auto parts = std::lldiv(nanoseconds, 1'000'000'000);
  return static_cast<double>(parts.quot) + static_cast<double>(parts.rem) / 1e9;
}

double sum_of(const samples& all) {
  double sum = 0;
  for (const line_sample& sample : all) sum += sample.value;
  return sum;
}

double mean_of(const samples& all) {
  double mean = 0;
  double count = 0;
  for (const line_sample& sample : all) {
    const double v = sample.value;
    ++count;
    // An infinite mean stays unless the opposite infinity or NaN arrives.
    const bool stays = std::isinf(mean) && !std::isnan(v) && (!std::isinf(v) || v == mean);
    if (!stays) mean += v / count - mean / count;
  }
  return mean;
}

double variance_of(const samples& all) {
  double mean = 0;
  for (const line_sample& sample : all) mean += sample.value / static_cast<double>(all.size());
  double squares = 0;
  for (const line_sample& sample : all) squares += (sample.value - mean) * (sample.value - mean);
  return squares / static_cast<double>(all.size());
}

double extreme_of(const samples& all, bool largest) {
  double best = std::numeric_limits<double>::quiet_NaN();
  for (const line_sample& sample : all) {
    const double v = sample.value;
    if (std::isnan(best) || (largest ? v > best : v < best)) best = v;
  }
  return best;
}

double quantile_of(double phi, const samples& all) {
  if (phi > 1) return std::numeric_limits<double>::infinity();
  std::vector<double> values;
  for (const line_sample& sample : all) values.push_back(sample.value);
  std::sort(values.begin(), values.end(), [](double a, double b) {
    return std::isnan(a) || std::isnan(b) ? std::isnan(a) && !std::isnan(b) : a < b;
  });
  const double rank = phi * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(std::floor(rank));
  const std::size_t high = std::min(low + 1, values.size() - 1);
  const double weight = rank - std::floor(rank);
  return values[low] * (1 - weight) + values[high] * weight;
}

// The per-second increase, extrapolated to the window's edges.
double counter_rate(const window& window, const samples& all) {
  if (all.size() < 2) return 0;
  double increase = all.back().value - all.front().value;
  double previous = 0;
  for (const line_sample& sample : all) {
    if (sample.value < previous) increase += previous;
    previous = sample.value;
  }
  const double sampled = seconds(all.back().timestamp_ns - all.front().timestamp_ns);
  const double gap = sampled / static_cast<double>(all.size() - 1);
  double to_start = seconds(all.front().timestamp_ns - window.start_ns);
  double to_end = seconds(window.end_ns - all.back().timestamp_ns);
  if (to_start >= 1.1 * gap) to_start = gap / 2;
  if (increase > 0 && all.front().value >= 0) {
    to_start = std::min(to_start, sampled * (all.front().value / increase));
  }
  if (to_end >= 1.1 * gap) to_end = gap / 2;
  return increase * ((sampled + to_start + to_end) / sampled) /
         seconds(window.end_ns - window.start_ns);
}

}  // namespace

double window_value(const range_aggregation& aggregation, const window& window,
                    const samples& all) {
  const double length = seconds(window.end_ns - window.start_ns);
  switch (aggregation.op) {
    case range_op::count_over_time:
      return static_cast<double>(all.size());
    case range_op::rate:
    case range_op::bytes_rate:
      return sum_of(all) / length;  // lines count 1 each
    case range_op::bytes_over_time:
    case range_op::sum_over_time:
      return sum_of(all);
    case range_op::rate_counter:
      return counter_rate(window, all);
    case range_op::avg_over_time:
      return mean_of(all);
    case range_op::min_over_time:
      return extreme_of(all, false);
    case range_op::max_over_time:
      return extreme_of(all, true);
    case range_op::stdvar_over_time:
      return variance_of(all);
    case range_op::stddev_over_time:
      return std::sqrt(variance_of(all));
    case range_op::quantile_over_time:
      return quantile_of(aggregation.parameter.value_or(0), all);
    case range_op::first_over_time:
      return all.front().value;
    case range_op::last_over_time:
      return all.back().value;
    case range_op::absent_over_time:
      break;
  }
  return 1;
}

}  // namespace skald::logql::reference
