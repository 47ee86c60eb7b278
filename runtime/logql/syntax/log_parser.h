// SPDX-License-Identifier: Apache-2.0
// The log half of LogQL: selectors, pipeline stages and label filters, by recursive descent. All
// functions return false when they recorded an error in the cursor.
#pragma once

#include <vector>

#include "runtime/logql/syntax/ast.h"
#include "runtime/logql/syntax/regex_budget.h"
#include "runtime/logql/syntax/token_cursor.h"

namespace skald::logql {

class log_parser {
 public:
  // Both must outlive the parser.
  log_parser(token_cursor& cursor, regex_budget& regexes) : cursor_(cursor), regexes_(regexes) {}

  // `{...}`
  bool parse_selector(std::vector<label_matcher>& matchers);
  // Any number of stages, up to the first token that starts none. With `unwrap` set, one
  // `| unwrap` may end them, and label filters may follow it.
  bool parse_pipeline(std::vector<stage_expr>& stages, std::optional<unwrap_expr>* unwrap);

  // `unwrap label` or `unwrap function(label)`, and the label filters behind it.
  bool parse_unwrap(unwrap_expr& unwrap);

 private:
  bool parse_matcher(std::vector<label_matcher>& matchers);
  bool parse_line_filter(std::vector<stage_expr>& stages);
  bool parse_operand(line_filter_operand& operand);
  bool parse_piped_stage(std::vector<stage_expr>& stages);
  bool parse_json(std::vector<stage_expr>& stages);
  bool parse_logfmt(std::vector<stage_expr>& stages);
  bool parse_extractions(std::vector<label_extraction>& extractions);
  bool parse_regexp(std::vector<stage_expr>& stages);
  bool parse_pattern(std::vector<stage_expr>& stages);
  bool parse_line_format(std::vector<stage_expr>& stages);
  bool parse_label_format(std::vector<stage_expr>& stages);
  bool parse_named_list(std::vector<named_label_matcher>& labels);
  bool parse_unwrap_filters(unwrap_expr& unwrap);

  bool parse_label_filter(label_filter_expr& filter, int precedence_min, std::size_t depth);
  bool parse_filter_operand(label_filter_expr& filter, std::size_t depth);
  bool parse_comparison(label_filter_expr& filter);
  bool parse_string_filter(std::string name, match_op op, label_filter_expr& filter);
  bool parse_value_filter(std::string name, compare_op op, label_filter_expr& filter);
  bool parse_ip_argument(std::string& pattern);
  bool parse_signed_number(double& value);
  bool check_regex(match_op op, std::string_view regex);

  token_cursor& cursor_;
  regex_budget& regexes_;
};

// What follows a token of a selector's or filter's operator; empty when it is none.
std::optional<match_op> match_op_of(token_kind kind);

}  // namespace skald::logql
