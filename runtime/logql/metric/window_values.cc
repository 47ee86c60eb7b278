// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/window_values.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <string>

namespace skald::logql {
namespace {

constexpr double nanoseconds_per_second = 1e9;

// Windows may reach to the ends of time.
std::int64_t distance_ns(std::int64_t from_ns, std::int64_t to_ns) {
  std::int64_t distance = 0;
  return __builtin_sub_overflow(to_ns, from_ns, &distance) ? INT64_MAX : distance;
}

double distance_s(std::int64_t from_ns, std::int64_t to_ns) {
  return static_cast<double>(distance_ns(from_ns, to_ns)) / nanoseconds_per_second;
}

double seconds(std::int64_t nanoseconds) {
  // Whole seconds apart, as Go's Duration.Seconds does: 1118ms is not 1.118.
  return static_cast<double>(nanoseconds / 1'000'000'000) +  // NOLINT(bugprone-integer-division)
         static_cast<double>(nanoseconds % 1'000'000'000) / nanoseconds_per_second;
}

double value_of(const leaf_aggregation& leaf, const count_state& s) {
  const double rows = static_cast<double>(s.rows);
  return leaf.op == range_op::rate ? rows / seconds(leaf.windows.range_ns()) : rows;
}
double value_of(const leaf_aggregation& leaf, const bytes_state& s) {
  const double bytes = static_cast<double>(s.bytes);
  return leaf.op == range_op::bytes_rate ? bytes / seconds(leaf.windows.range_ns()) : bytes;
}
double value_of(const leaf_aggregation& leaf, const sum_state& s) {
  if (leaf.op == range_op::avg_over_time) {
    return static_cast<double>(s.sum / static_cast<long double>(s.rows));
  }
  const double sum = static_cast<double>(s.sum);
  return leaf.op == range_op::rate ? sum / seconds(leaf.windows.range_ns()) : sum;
}
double value_of(const leaf_aggregation&, const minimum_state& s) {
  return s.value;
}
double value_of(const leaf_aggregation&, const maximum_state& s) {
  return s.value;
}
double value_of(const leaf_aggregation& leaf, const moments_state& s) {
  return leaf.op == range_op::stddev_over_time ? std::sqrt(s.variance()) : s.variance();
}
double value_of(const leaf_aggregation&, const earliest_state& s) {
  return s.first.value;
}
double value_of(const leaf_aggregation&, const latest_state& s) {
  return s.last.value;
}

// The merged state of a window that only ever moves forward. Older intervals are held as merges up
// to the newest of them, newer ones as one running merge, so every interval is merged twice at most
// and nothing is ever subtracted.
template <class State>
class sliding_window {
 public:
  explicit sliding_window(const interval_cells<State>& cells) : cells_(cells) {}

  State slide_to(const window_set::interval_span& span) {
    if (span.first >= next_) {  // nothing of the old window is left
      older_.clear();
      newer_ = {};
      next_ = span.first;
      newer_begin_ = span.first;
    }
    for (; next_ <= span.last; ++next_) {
      if (const State* cell = cells_.find(next_)) newer_.merge(*cell);
    }
    if (span.first >= newer_begin_) {
      older_.clear();
      if (span.first > newer_begin_) rebuild(span);
    }
    if (older_.empty()) return newer_;
    State merged = older_[span.first - older_begin_];
    merged.merge(newer_);
    return merged;
  }

 private:
  // Turns the whole window into merges towards its end.
  void rebuild(const window_set::interval_span& span) {
    older_begin_ = span.first;
    older_.assign(span.last - span.first + 1, State());
    for (std::uint32_t i = span.last + 1; i-- > span.first;) {
      State& merged = older_[i - span.first];
      if (const State* cell = cells_.find(i)) merged = *cell;
      if (i < span.last) merged.merge(older_[i + 1 - span.first]);
    }
    newer_ = {};
    newer_begin_ = span.last + 1;
  }

  const interval_cells<State>& cells_;
  std::vector<State> older_;  // older_[i]: merge of intervals older_begin_ + i up to newer_begin_
  std::uint32_t older_begin_ = 0;
  State newer_;  // merge of intervals from newer_begin_ up to next_
  std::uint32_t newer_begin_ = 0;
  std::uint32_t next_ = 0;
};

template <class State>
result<std::vector<step_value>> values_of(const leaf_aggregation& leaf,
                                          const std::vector<window_set::interval_span>& spans,
                                          const interval_cells<State>& cells, bounded_work& work) {
  SKALD_TRY(work.spend(spans.size()));
  std::vector<step_value> points;
  sliding_window<State> window(cells);
  for (std::uint32_t step = 0; step < spans.size(); ++step) {
    const State merged = window.slide_to(spans[step]);
    if (!merged.absent()) points.push_back({step, value_of(leaf, merged)});
  }
  return points;
}

result<std::vector<step_value>> values_of(const leaf_aggregation& leaf,
                                          const std::vector<window_set::interval_span>&,
                                          const interval_cells<samples_state>& cells,
                                          bounded_work& work) {
  std::vector<timed_sample> samples;
  for (std::uint32_t i = 0; i < cells.size(); ++i) {
    if (const samples_state* cell = cells.find(i)) {
      samples.insert(samples.end(), cell->samples.begin(), cell->samples.end());
    }
  }
  std::stable_sort(samples.begin(), samples.end(),
                   [](const timed_sample& a, const timed_sample& b) { return a.before(b); });
  std::vector<step_value> points;
  std::vector<double> scratch;
  std::size_t begin = 0;
  std::size_t end = 0;
  for (std::uint32_t step = 0; step < leaf.windows.step_count(); ++step) {
    const std::int64_t window_start = leaf.windows.window_start_ns(step);
    const std::int64_t window_end = leaf.windows.window_end_ns(step);
    while (end < samples.size() && samples[end].timestamp_ns <= window_end) ++end;
    while (begin < end && samples[begin].timestamp_ns <= window_start) ++begin;
    SKALD_TRY(work.spend(end - begin + 1));
    if (begin == end) continue;
    const std::span<const timed_sample> in_window(samples.data() + begin, end - begin);
    if (leaf.op == range_op::rate_counter) {
      points.push_back({step, counter_rate(in_window, window_start, window_end)});
      continue;
    }
    scratch.clear();
    for (const timed_sample& sample : in_window) scratch.push_back(sample.value);
    points.push_back({step, quantile(leaf.parameter, scratch)});
  }
  return points;
}

std::vector<window_set::interval_span> all_spans(const window_set& windows) {
  std::vector<window_set::interval_span> spans;
  spans.reserve(windows.step_count());
  for (std::uint32_t step = 0; step < windows.step_count(); ++step) {
    spans.push_back(windows.intervals_of(step));
  }
  return spans;
}

// Labels that the selector fixes: the first `=` matcher of each name, unless the name occurs in a
// second matcher.
label_set fixed_labels(const std::vector<label_matcher>& matchers) {
  std::map<std::string, int> uses;
  for (const label_matcher& matcher : matchers) ++uses[matcher.name()];
  label_set labels;
  for (const label_matcher& matcher : matchers) {
    if (matcher.op() == match_op::equal && uses[matcher.name()] == 1 && !matcher.value().empty()) {
      labels.set(matcher.name(), matcher.value());
    }
  }
  return labels;
}

}  // namespace

result<series_matrix> window_values(const leaf_aggregation& leaf, const series_states& states,
                                    const work_bounds& bounds) {
  series_matrix matrix;
  if (leaf.windows.range_ns() == 0) return matrix;
  const std::vector<window_set::interval_span> spans = all_spans(leaf.windows);
  bounded_work work(bounds);
  SKALD_TRY(std::visit(
      [&](const auto& table) -> result<void> {
        for (const auto& series : table.all()) {
          SKALD_TRY_ASSIGN(std::vector<step_value> points,
                           values_of(leaf, spans, series.cells, work));
          if (points.empty()) continue;
          matrix.push_back({series.labels, std::move(points)});
          SKALD_TRY(work.add(memory_bytes(matrix.back())));
        }
        return {};
      },
      states));
  sort_by_labels(matrix);
  return matrix;
}

result<series_matrix> absent_values(const leaf_aggregation& leaf, const series_states& states,
                                    const std::vector<label_matcher>& matchers,
                                    const work_bounds& bounds) {
  std::vector<bool> present(leaf.windows.step_count(), false);
  SKALD_TRY_ASSIGN(const series_matrix found, window_values(leaf, states, bounds));
  for (const step_series& series : found) {
    for (const step_value& point : series.points) present[point.step] = true;
  }
  step_series absent{fixed_labels(matchers), {}};
  for (std::uint32_t step = 0; step < present.size(); ++step) {
    if (!present[step]) absent.points.push_back({step, 1});
  }
  series_matrix matrix;
  if (absent.points.empty()) return matrix;
  matrix.push_back(std::move(absent));
  return matrix;
}

double quantile(double phi, std::vector<double>& values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  if (phi < 0) return -std::numeric_limits<double>::infinity();
  if (phi > 1) return std::numeric_limits<double>::infinity();
  const auto nan_first = [](double a, double b) {
    return a < b || (std::isnan(a) && !std::isnan(b));
  };
  const double rank = phi * static_cast<double>(values.size() - 1);
  const std::size_t low = static_cast<std::size_t>(std::max(0.0, std::floor(rank)));
  const std::size_t high = std::min(low + 1, values.size() - 1);
  std::nth_element(values.begin(), values.begin() + low, values.end(), nan_first);
  const double low_value = values[low];
  const double high_value =
      high == low ? low_value : *std::min_element(values.begin() + high, values.end(), nan_first);
  const double weight = rank - std::floor(rank);
  return low_value * (1 - weight) + high_value * weight;
}

double counter_rate(std::span<const timed_sample> samples, std::int64_t window_start_ns,
                    std::int64_t window_end_ns) {
  if (samples.size() < 2) return 0;
  const double first = samples.front().value;
  double increase = samples.back().value - first;
  double previous = 0;
  for (const timed_sample& sample : samples) {
    if (sample.value < previous) increase += previous;  // the counter began anew
    previous = sample.value;
  }
  double to_start = distance_s(window_start_ns, samples.front().timestamp_ns);
  double to_end = distance_s(samples.back().timestamp_ns, window_end_ns);
  const double sampled = distance_s(samples.front().timestamp_ns, samples.back().timestamp_ns);
  const double average_gap = sampled / static_cast<double>(samples.size() - 1);
  const double threshold = average_gap * 1.1;
  if (to_start >= threshold) to_start = average_gap / 2;
  if (increase > 0 && first >= 0) to_start = std::min(to_start, sampled * (first / increase));
  if (to_end >= threshold) to_end = average_gap / 2;
  const double factor = (sampled + to_start + to_end) / sampled;
  return increase * factor / seconds(distance_ns(window_start_ns, window_end_ns));
}

}  // namespace skald::logql
