// SPDX-License-Identifier: Apache-2.0
// Vector aggregations, binary operations and label_replace on the samples of one step.
#pragma once

#include <optional>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/syntax/ast.h"
#include "runtime/model/labels.h"

namespace skald::logql::reference {

struct labelled_value {
  label_set labels;
  double value = 0;
};
using step_vector = std::vector<labelled_value>;

// The labels of the group that labels belong to.
label_set group_of(const std::optional<grouping_expr>& grouping, const label_set& labels);

step_vector aggregate_vector(const vector_aggregation& aggregation, const step_vector& input);

double binary_value(binary_op op, double left, double right);
step_vector combine_with_number(const binary_operation& operation, const step_vector& vector,
                                double number, bool number_is_left);
// Errors: internal, when a match is ambiguous.
result<step_vector> combine_vectors(const binary_operation& operation, const step_vector& left,
                                    const step_vector& right);

step_vector replace_labels(const label_replace_expr& replace, const step_vector& input);

}  // namespace skald::logql::reference
