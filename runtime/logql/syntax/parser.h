// SPDX-License-Identifier: Apache-2.0
// LogQL text to syntax tree, with every check that Loki makes before it runs a query, and with
// Loki's error texts. Pure functions, safe from any thread. Time and memory are linear in the text,
// whose length and nesting are bounded.
#pragma once

#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

// Parses and validates a query, ready to be run.
// Errors: invalid_argument with the text that clients see, "parse error at line 1, col 4: syntax
// error: unexpected ..." or "parse error : ..." for what is wrong with the meaning.
result<query_expr> parse_query(std::string_view text);

// Like parse_query without the checks that Loki only makes when it runs a query (line filter
// expressions, templates, json and logfmt expressions, ip() arguments): what format_query accepts.
result<query_expr> parse_for_printing(std::string_view text);

// Parses `{...}` and validates that one matcher excludes the empty value. (Where `{}` stands for
// all streams, as in the series endpoint, the caller looks for it first.) Errors: invalid_argument;
// "only label matchers are supported" when a pipeline follows the selector.
result<std::vector<label_matcher>> parse_selector(std::string_view text);

// Parses a query that must be a log query (tail, delete, patterns).
// Errors: invalid_argument, "only log selector is supported" for metric queries.
result<log_expr> parse_log_query(std::string_view text);

}  // namespace skald::logql
