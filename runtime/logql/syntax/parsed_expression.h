// SPDX-License-Identifier: Apache-2.0
// An expression while it is parsed: the tree, and the mistakes of meaning inside it. Loki keeps
// such mistakes in the tree and reports one of them after the whole text was read; which one is
// decided by the rules below.
#pragma once

#include <optional>
#include <string>

#include "runtime/logql/syntax/ast.h"
#include "runtime/logql/syntax/regex_budget.h"

namespace skald::logql {

struct parsed_expression {
  // Set for log expressions; else `metric` is.
  std::optional<log_expr> log;
  metric_expr_ptr metric;
  // What is wrong when the expression is asked for its stream selector, as an aggregation around
  // it does: the outermost mistake, or that no matcher excludes the empty value. Empty when fine.
  std::string selector_mistake;
  // What is wrong with the expression as a whole.
  std::string mistake;
  std::size_t depth = 1;

  bool is_literal() const {
    return metric != nullptr && std::holds_alternative<literal_expr>(metric->node);
  }
  double literal_value() const { return std::get<literal_expr>(metric->node).value; }
};

// The text of a selector without a matcher that excludes the empty value, or nothing.
std::string selector_mistake_of(const std::vector<label_matcher>& matchers);

parsed_expression make_log(log_expr log);
parsed_expression make_literal(std::string_view text, bool negative);
parsed_expression make_vector(std::string_view text);

struct range_aggregation_parts {
  range_op op = range_op::count_over_time;
  std::optional<std::string> parameter;  // as written
  log_range range;
  std::optional<grouping_expr> grouping;
};
parsed_expression make_range_aggregation(range_aggregation_parts parts);

struct vector_aggregation_parts {
  vector_op op = vector_op::sum;
  std::optional<std::string> parameter;  // as written
  std::optional<grouping_expr> grouping;
};
parsed_expression make_vector_aggregation(vector_aggregation_parts parts, parsed_expression inner);

parsed_expression make_label_replace(label_replace_expr replace, parsed_expression inner,
                                     regex_budget& regexes);

struct binary_parts {
  binary_op op = binary_op::add;
  bool return_bool = false;
  std::optional<vector_matching> matching;
};
// Folds two literals.
parsed_expression make_binary(binary_parts parts, parsed_expression left, parsed_expression right);

}  // namespace skald::logql
