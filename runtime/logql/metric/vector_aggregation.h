// SPDX-License-Identifier: Apache-2.0
// sum, avg, min, max, count, stddev, stdvar, topk, bottomk, approx_topk (exact), sort and sort_desc
// over the series of a matrix, step by step. Pure functions.
#pragma once

#include "runtime/logql/metric/series_matrix.h"
#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

// The result's order: by group labels for the aggregations, by labels for topk and bottomk (smaller
// labels win ties), by the value at the first step for sort and sort_desc, which only make sense
// for instant queries.
series_matrix aggregate(const vector_aggregation& aggregation, series_matrix input);

// The labels of a sample's group: those listed, or all but those and the metric name.
label_set group_labels(const std::optional<grouping_expr>& grouping, const label_set& labels);

}  // namespace skald::logql
