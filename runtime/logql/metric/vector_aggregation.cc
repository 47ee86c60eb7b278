// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/vector_aggregation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>

namespace skald::logql {
namespace {

constexpr std::string_view metric_name_label = "__name__";

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What one group has seen at one step.
struct group_cell {
  std::uint64_t count = 0;
  double value = 0;  // sum, minimum, maximum or mean
  double squares = 0;

  void add(vector_op op, double v) {
    ++count;
    switch (op) {
      case vector_op::sum:
        value = count == 1 ? v : value + v;
        break;
      case vector_op::min:
        if (count == 1 || v < value || std::isnan(value)) value = v;
        break;
      case vector_op::max:
        if (count == 1 || v > value || std::isnan(value)) value = v;
        break;
      case vector_op::avg:
        add_to_mean(v);
        break;
      case vector_op::stddev:
      case vector_op::stdvar: {
        // One value alone has no spread, be it infinite.
        if (count == 1) {
          value = v;
          break;
        }
        const double delta = v - value;
        value += delta / static_cast<double>(count);
        squares += delta * (v - value);
        break;
      }
      default:
        break;
    }
  }

  // An infinite mean stays unless the opposite infinity or NaN arrives.
  void add_to_mean(double v) {
    if (count == 1) {
      value = v;
      return;
    }
    if (std::isinf(value)) {
      if (std::isinf(v) && (value > 0) == (v > 0)) return;
      if (!std::isinf(v) && !std::isnan(v)) return;
    }
    const double n = static_cast<double>(count);
    value += v / n - value / n;
  }

  double result(vector_op op) const {
    switch (op) {
      case vector_op::count:
        return static_cast<double>(count);
      case vector_op::stdvar:
        return squares / static_cast<double>(count);
      case vector_op::stddev:
        return std::sqrt(squares / static_cast<double>(count));
      default:
        return value;
    }
  }
};

// Members of each group, groups by labels, members in the order of the input.
std::map<label_set, std::vector<std::size_t>> make_groups(
    const std::optional<grouping_expr>& grouping, const series_matrix& input) {
  std::map<label_set, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < input.size(); ++i) {
    groups[group_labels(grouping, input[i].labels)].push_back(i);
  }
  return groups;
}

std::uint32_t steps_used(const series_matrix& input) {
  std::uint32_t steps = 0;
  for (const step_series& series : input) steps = std::max(steps, series.points.back().step + 1);
  return steps;
}

series_matrix reduce_groups(const vector_aggregation& aggregation, const series_matrix& input) {
  series_matrix output;
  std::vector<group_cell> cells(steps_used(input));
  for (const auto& [labels, members] : make_groups(aggregation.grouping, input)) {
    std::fill(cells.begin(), cells.end(), group_cell());
    for (const std::size_t member : members) {
      for (const step_value& point : input[member].points) {
        cells[point.step].add(aggregation.op, point.value);
      }
    }
    step_series series{labels, {}};
    for (std::uint32_t step = 0; step < cells.size(); ++step) {
      if (cells[step].count > 0) {
        series.points.push_back({step, cells[step].result(aggregation.op)});
      }
    }
    output.push_back(std::move(series));
  }
  return output;
}

struct ranked_value {
  double value = 0;
  std::size_t member = 0;  // position in the input, which is sorted by labels
};

// NaN is worse than any value; then the better value, then the smaller labels.
bool ranks_before(bool largest, const ranked_value& a, const ranked_value& b) {
  if (std::isnan(a.value) != std::isnan(b.value)) return std::isnan(b.value);
  if (a.value != b.value && !std::isnan(a.value)) {
    return largest ? a.value > b.value : a.value < b.value;
  }
  return a.member < b.member;
}

series_matrix select_best(const vector_aggregation& aggregation, series_matrix input) {
  const bool largest = aggregation.op != vector_op::bottomk;
  const auto better = [largest](const ranked_value& a, const ranked_value& b) {
    return ranks_before(largest, a, b);
  };
  const std::size_t keep = static_cast<std::size_t>(aggregation.parameter);
  sort_by_labels(input);
  series_matrix output;
  for (const step_series& series : input) output.push_back({series.labels, {}});
  std::vector<std::vector<ranked_value>> best(steps_used(input));
  for (const auto& [labels, members] : make_groups(aggregation.grouping, input)) {
    for (const std::size_t member : members) {
      for (const step_value& point : input[member].points) {
        std::vector<ranked_value>& heap = best[point.step];  // its front is the worst one kept
        heap.push_back({point.value, member});
        std::push_heap(heap.begin(), heap.end(), better);
        if (heap.size() > keep) {
          std::pop_heap(heap.begin(), heap.end(), better);
          heap.pop_back();
        }
      }
    }
    for (std::uint32_t step = 0; step < best.size(); ++step) {
      for (const ranked_value& kept : best[step]) {
        output[kept.member].points.push_back({step, kept.value});
      }
      best[step].clear();
    }
  }
  std::erase_if(output, [](const step_series& series) { return series.points.empty(); });
  return output;
}

series_matrix sort_by_value(bool descending, series_matrix input) {
  sort_by_labels(input);
  std::stable_sort(input.begin(), input.end(),
                   [descending](const step_series& a, const step_series& b) {
                     const double left = a.points.front().value;
                     const double right = b.points.front().value;
                     if (std::isnan(left) || std::isnan(right)) {
                       return !std::isnan(left) && std::isnan(right);
                     }
                     return descending ? left > right : left < right;
                   });
  return input;
}

}  // namespace

label_set group_labels(const std::optional<grouping_expr>& grouping, const label_set& labels) {
  if (!grouping) return {};
  std::vector<label> kept;
  for (const label& l : labels) {
    const bool listed = contains(grouping->labels, l.name);
    if (grouping->is_without) {
      if (!listed && l.name != metric_name_label && !l.value.empty()) kept.push_back(l);
    } else if (listed) {
      kept.push_back(l);
    }
  }
  return label_set(std::move(kept));
}

series_matrix aggregate(const vector_aggregation& aggregation, series_matrix input) {
  if (input.empty()) return input;
  switch (aggregation.op) {
    case vector_op::topk:
    case vector_op::bottomk:
    case vector_op::approx_topk:
      return select_best(aggregation, std::move(input));
    case vector_op::sort:
      return sort_by_value(false, std::move(input));
    case vector_op::sort_desc:
      return sort_by_value(true, std::move(input));
    default:
      return reduce_groups(aggregation, input);
  }
}

}  // namespace skald::logql
