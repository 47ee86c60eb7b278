// SPDX-License-Identifier: Apache-2.0
// Values of a metric expression at the steps of a query: what the nodes of an expression hand to
// each other.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/model/labels.h"

namespace skald::logql {

struct step_value {
  std::uint32_t step = 0;
  double value = 0;
  friend bool operator==(const step_value&, const step_value&) = default;
};

struct step_series {
  label_set labels;
  std::vector<step_value> points;  // by step, each step at most once; never empty in a matrix
};

// Series in an order that only sort and sort_desc make meaningful. Two series may have equal
// labels: after label_replace, or with points at different steps.
using series_matrix = std::vector<step_series>;

// Estimates.
std::uint64_t memory_bytes(const step_series& series);
std::uint64_t memory_bytes(const series_matrix& matrix);

// By labels; equal ones keep their order.
void sort_by_labels(series_matrix& matrix);
// Makes one series of those with equal labels, points by step; points at one step all stay. Sorts.
void join_equal_labels(series_matrix& matrix);

// Prometheus drops labels with empty values where it builds a label set anew.
label_set without_empty_labels(const label_set& labels);

}  // namespace skald::logql
