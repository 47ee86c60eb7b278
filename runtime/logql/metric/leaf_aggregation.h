// SPDX-License-Identifier: Apache-2.0
// How the rows of a leaf become series: which labels a series keeps, what is accumulated per
// elementary interval, and how a window's value follows from that.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/logql/metric/step_grid.h"
#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

// What a series keeps per elementary interval. All are mergeable in any order; `samples` keeps
// every value.
enum class state_kind : std::uint8_t {
  count,    // number of rows
  bytes,    // number of rows and sum of line lengths
  sum,      // number of values and their sum; also the mean
  minimum,  // NaN only when all are
  maximum,
  moments,   // number, mean, sum of squared distances (for variance)
  earliest,  // value of the first row by time, then arrival
  latest,
  samples  // (time, value) pairs: quantile_over_time, rate_counter
};

struct leaf_aggregation {
  range_op op = range_op::count_over_time;
  state_kind kind = state_kind::count;
  double parameter = 0;  // of quantile_over_time
  window_set windows;
  // Labels of the leaf's series. None: all final labels of the rows, without the unwrapped one.
  std::optional<grouping_expr> grouping;
  // The vector aggregation directly above, when `grouping` is its own and evaluating the leaf
  // already does its work.
  const vector_aggregation* absorbed = nullptr;
  // The most series that the leaf may give is the limit of the query: nothing above reduces them.
  bool series_limited = false;
};

state_kind state_kind_of(range_op op);

}  // namespace skald::logql
