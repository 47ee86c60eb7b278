// SPDX-License-Identifier: Apache-2.0
// A query as its caller asks it, and the tenant's bounds on queries.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/logql/metric/query_memory.h"

namespace re2 {
class RE2;
}

namespace skald::logql {

struct query_request {
  std::string query;
  // Log queries give entries with start <= timestamp < end. Range metric queries have steps at the
  // multiples of step from start rounded down to end rounded up. Instant queries look at end only.
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t step_ns = 0;  // range metric queries; the API layer puts in the default
  std::int64_t interval_ns =
      0;  // log queries: least distance of two entries of the answer; 0 = all entries
  std::uint32_t limit = 100;  // log queries: most entries of the answer
  bool forward = false;       // log queries: oldest first; else newest first
  bool instant = false;
  // From the node's settings: parsers drop lines by label filters elsewhere, as Loki's do
  // (pipeline_options::early_rejection).
  bool early_rejection = true;
};

// A query that a tenant may not run.
struct query_block {
  std::string pattern;                      // the whole text; empty: any query
  std::shared_ptr<const re2::RE2> regex;    // or what the text holds
  std::vector<std::string> types;           // see query_kind; empty: all
  std::uint32_t hash = 0;                   // of the text, instead of a pattern; 0: none
  std::map<std::string, std::string> tags;  // that the query has, in lower case
};

// Zero means no limit. Exceeding one gives invalid_argument with Loki's text.
struct query_limits {
  std::uint32_t max_entries = 5000;      // max_entries_limit_per_query
  std::uint32_t max_series = 500;        // max_query_series
  std::int64_t max_query_length_ns = 0;  // end - start of a range query; max_query_length
  std::int64_t max_range_ns = 0;         // the [5m] of a range aggregation; max_query_range
  // Loki cuts instant queries with longer ranges into parts of this length where it can, before it
  // looks at max_range_ns. split_instant_metric_queries_by_interval
  std::int64_t instant_split_ns = 0;
  std::uint32_t max_points = 11000;        // (end - start) / step, for log queries too
  std::uint32_t max_streams_matchers = 0;  // matchers of one selector
  // Line bytes that selectors and times let a query read, or one of its sub-ranges: of metric
  // queries and of log queries with a filter. max_query_bytes_read, max_querier_bytes_read
  std::uint64_t max_query_bytes = 0;
  std::uint64_t max_querier_bytes = 0;
  // Of the evaluation (query_memory); as much again for the text of the answer. Exceeding it gives
  // resource_exhausted. skald.query_memory_limit
  std::uint64_t max_memory_bytes = 1'000'000'000;
  // Of all queries of the node; may be null. Exceeding its bound gives overloaded.
  query_memory_ptr all_queries_memory;
  // With partial_series the answer is cut to max_series with a warning (Logs Drilldown) instead of
  // failing.
  bool partial_series = false;
  // What selectors of range queries name, and how many matchers they have at least.
  std::vector<std::string> required_labels;
  std::uint32_t min_matchers = 0;
  std::vector<query_block> blocks;
  std::string query_tags;  // of the query, as its header has them: "Source=x,Feature=y"
};

}  // namespace skald::logql
