// SPDX-License-Identifier: Apache-2.0
// Whole queries: metric expressions by precedence climbing around the log parser. All functions
// return false when they recorded an error in the cursor.
#pragma once

#include "runtime/logql/syntax/log_parser.h"
#include "runtime/logql/syntax/parsed_expression.h"
#include "runtime/logql/syntax/token_cursor.h"

namespace skald::logql {

class metric_parser {
 public:
  explicit metric_parser(token_cursor& cursor) : cursor_(cursor), log_(cursor, regexes_) {}
  metric_parser(const metric_parser&) = delete;
  metric_parser& operator=(const metric_parser&) = delete;

  // One expression, log or metric, up to the first token that cannot continue it.
  bool parse_expression(parsed_expression& out) { return parse_binary(out, 0); }

 private:
  bool parse_binary(parsed_expression& out, int precedence_min);
  bool parse_modifiers(binary_parts& parts);
  bool parse_operand(parsed_expression& out);
  bool parse_parenthesised(parsed_expression& out);
  bool parse_log(parsed_expression& out);
  bool parse_literal(parsed_expression& out);
  bool parse_vector(parsed_expression& out);
  bool parse_label_replace(parsed_expression& out);
  bool parse_vector_aggregation(parsed_expression& out, vector_op op);
  bool parse_aggregation_arguments(vector_aggregation_parts& parts, parsed_expression& inner);
  bool parse_range_aggregation(parsed_expression& out, range_op op);
  bool parse_range(log_range& range);
  bool parse_parenthesised_range(log_range& range);
  bool parse_range_behind_selector(log_range& range);
  bool parse_range_token(log_range& range);
  bool parse_offset(log_range& range);
  bool parse_grouping(std::optional<grouping_expr>& grouping);
  bool parse_label_list(std::vector<std::string>& labels);
  // An expression that must be a metric, as the argument of a function is.
  bool parse_metric(parsed_expression& out);
  bool enter();

  token_cursor& cursor_;
  regex_budget regexes_;
  log_parser log_;
  std::size_t nesting_ = 0;
};

}  // namespace skald::logql
