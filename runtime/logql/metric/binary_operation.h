// SPDX-License-Identifier: Apache-2.0
// Arithmetic, comparison and set operators between matrices, and between a matrix and a number.
// Pure functions.
#pragma once

#include "runtime/base/result.h"
#include "runtime/logql/metric/series_matrix.h"
#include "runtime/logql/metric/work_bounds.h"
#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

// The operator on two numbers: comparisons give 1 or 0; division and modulo by zero give NaN.
double apply_binary(binary_op op, double left, double right);

// The matrix with a number on one side. Comparisons without `bool` keep the matrix's values where
// they hold.
series_matrix combine_with_number(const binary_operation& operation, series_matrix matrix,
                                  double number, bool number_is_left);

// Errors: internal, with Loki's text, when a step has several samples where the matching wants one;
// those of `bounds`: cancelled, timeout, resource_exhausted.
result<series_matrix> combine(const binary_operation& operation, const series_matrix& left,
                              const series_matrix& right, const work_bounds& bounds = {});

}  // namespace skald::logql
