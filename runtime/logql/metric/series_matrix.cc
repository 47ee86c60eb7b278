// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/series_matrix.h"

#include <algorithm>
#include <utility>

#include "runtime/logql/metric/query_memory.h"

namespace skald::logql {

std::uint64_t memory_bytes(const step_series& series) {
  return sizeof(series) + memory_bytes(series.labels) +
         series.points.capacity() * sizeof(step_value);
}

std::uint64_t memory_bytes(const series_matrix& matrix) {
  std::uint64_t bytes = 0;
  for (const step_series& series : matrix) bytes += memory_bytes(series);
  return bytes;
}

void sort_by_labels(series_matrix& matrix) {
  std::stable_sort(matrix.begin(), matrix.end(),
                   [](const step_series& a, const step_series& b) { return a.labels < b.labels; });
}

void join_equal_labels(series_matrix& matrix) {
  sort_by_labels(matrix);
  series_matrix joined;
  joined.reserve(matrix.size());
  for (step_series& series : matrix) {
    if (joined.empty() || joined.back().labels != series.labels) {
      joined.push_back(std::move(series));
      continue;
    }
    std::vector<step_value>& points = joined.back().points;
    points.insert(points.end(), series.points.begin(), series.points.end());
    std::stable_sort(points.begin(), points.end(),
                     [](const step_value& a, const step_value& b) { return a.step < b.step; });
  }
  matrix = std::move(joined);
}

label_set without_empty_labels(const label_set& labels) {
  std::vector<label> kept;
  kept.reserve(labels.size());
  for (const label& l : labels) {
    if (!l.value.empty()) kept.push_back(l);
  }
  return label_set(std::move(kept));
}

}  // namespace skald::logql
