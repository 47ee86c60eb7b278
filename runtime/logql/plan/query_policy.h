// SPDX-License-Identifier: Apache-2.0
// What a tenant's rules say about a query as a whole: labels that selectors must name, queries that
// are refused by their text. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/logql/plan/query_limits.h"
#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

// required_labels and min_matchers, for every selector of a range query. Errors: invalid_argument
// with Loki's text.
result<void> check_selectors(const query_expr& query, const query_limits& limits);

// "metric", "filter" (a log query with a line or label filter) or "limited" (any other log query).
std::string_view query_kind(const query_expr& query);

// max_query_length, which zero does not limit. The ends of time are further apart than a number of
// nanoseconds tells: such a length counts as the longest there is, as in Go. Errors:
// invalid_argument with Loki's text.
std::int64_t query_length_ns(std::int64_t start_ns, std::int64_t end_ns);
result<void> check_query_length(std::int64_t start_ns, std::int64_t end_ns,
                                std::int64_t longest_ns);

// max_query_bytes and max_querier_bytes. Errors: invalid_argument with Loki's text.
result<void> check_query_bytes(std::uint64_t bytes, const query_limits& limits);
result<void> check_querier_bytes(std::uint64_t bytes, const query_limits& limits);

// Whether one of the blocks names this query, by its text as written or as printed.
bool is_blocked(std::string_view text, const query_expr& query, const query_limits& limits);

}  // namespace skald::logql
