// SPDX-License-Identifier: Apache-2.0
// Checks of stage arguments, with Loki's error texts: those of parser stages are made while the
// query is parsed, the others before it is run. Pure functions.
#pragma once

#include <string_view>

#include "runtime/base/result.h"
#include "runtime/logql/syntax/ast.h"
#include "runtime/logql/syntax/regex_budget.h"

namespace skald::logql {

// The arguments of `| regexp` and `| pattern`.
// Errors: invalid_argument with the text behind "invalid regexp parser: ".
result<void> check_regexp_parser(std::string_view pattern, regex_budget& regexes);
result<void> check_pattern_parser(std::string_view pattern);

// Line filters, templates, label_format names, json and logfmt expressions and ip() arguments, in
// the order in which Loki compiles them.
// Errors: invalid_argument, `stage '...' : ...`.
result<void> check_stages(const log_expr& log, regex_budget& regexes);

// check_stages for all selectors of a query, left to right.
result<void> check_query(const query_expr& query);

}  // namespace skald::logql
