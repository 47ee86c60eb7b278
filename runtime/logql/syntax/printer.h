// SPDX-License-Identifier: Apache-2.0
// Syntax tree to text: the canonical one-line form that Loki uses in error texts and cache keys,
// and the pretty form of the format_query endpoint. Both parse back to an equal tree. Pure
// functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

// Canonical print, one line: `sum by (a)(rate({x="y"} | json[5m]))`.
std::string to_string(const query_expr& query);
std::string to_string(const log_expr& log);
std::string to_string(const metric_expr& metric);
std::string to_string(const log_range& range);
std::string to_string(const stage_expr& stage);
std::string to_string(const label_filter_expr& filter);
std::string to_string(const unwrap_expr& unwrap);
std::string to_string(const grouping_expr& grouping);
// `{a="b", c=~"d"}`
std::string to_string(const std::vector<label_matcher>& matchers);

// The operator with `bool` and matching clauses: `* on (x) group_left (y)`.
std::string operator_text(const binary_operation& operation);

// Whether the aggregation has a number in front of its expression.
bool takes_parameter(vector_op op);

// As %f prints it.
std::string format_six_decimals(double value);

// Operator and function names as written in queries: "|=", "rate", "topk", ">=", "group_left".
std::string_view to_string(line_filter_op op);
std::string_view to_string(compare_op op);
std::string_view to_string(range_op op);
std::string_view to_string(vector_op op);
std::string_view to_string(binary_op op);

// The pretty form: one line when it fits 100 bytes, else one part per line, two spaces per level.
std::string pretty_print(const query_expr& query);

}  // namespace skald::logql
