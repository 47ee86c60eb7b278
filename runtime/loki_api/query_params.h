// SPDX-License-Identifier: Apache-2.0
// Parameters of the query endpoints with Loki's defaults, rules and error texts. Pure functions;
// the clock is an argument. Units: nanoseconds unless said. Every error is invalid_argument with
// the text that clients see.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/http/form_values.h"
#include "runtime/http/http_message.h"

namespace skald {

enum class query_direction : std::uint8_t { backward, forward };

// A time as clients write it: RFC3339 (with up to nine decimals), an integer (10 digits or fewer:
// seconds, more: nanoseconds), or float seconds (rounded to milliseconds).
result<std::int64_t> parse_api_time(std::string_view text);

// Float seconds or a Prometheus duration ("15000ms", "1h30m").
result<std::int64_t> parse_api_duration(std::string_view text);

// [start, end) of log queries, labels, series and index requests.
struct time_bounds {
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
};
// start, end, since: end defaults to now, start to min(end, now) - since, since to one hour.
result<time_bounds> parse_time_bounds(const form_values& form, std::int64_t now_ns);

struct range_query_params {
  std::string query;  // not parsed; empty when missing
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t step_ns = 0;      // > 0
  std::int64_t interval_ns = 0;  // >= 0
  std::uint32_t limit = 100;     // > 0
  query_direction direction = query_direction::backward;
};
// /query_range. Checks the 11,000 points rule; the tenant's limits are checked elsewhere.
result<range_query_params> parse_range_query(const form_values& form, std::int64_t now_ns);

struct instant_query_params {
  std::string query;
  std::int64_t time_ns = 0;
  std::uint32_t limit = 100;
  query_direction direction = query_direction::backward;
};
result<instant_query_params> parse_instant_query(const form_values& form, std::int64_t now_ns);

// /labels and /label/{name}/values.
struct label_query_params {
  std::string query;  // optional selector
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
};
result<label_query_params> parse_label_query(const form_values& form, std::int64_t now_ns);

// /detected_labels.
result<label_query_params> parse_detected_labels(const form_values& form, std::int64_t now_ns);

// /patterns. Its step is checked and not kept.
result<label_query_params> parse_patterns_query(const form_values& form, std::int64_t now_ns);

// /series: `match` and `match[]`, in order. Empty: all streams (also for the single matcher "{}").
struct series_query_params {
  std::vector<std::string> matches;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
};
result<series_query_params> parse_series_query(const form_values& form, std::int64_t now_ns);

// /index/volume and /index/volume_range.
struct volume_query_params {
  std::string query;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t step_ns = 0;  // volume_range only; 0 for volume
  std::uint32_t limit = 100;
  std::vector<std::string> target_labels;
  bool aggregate_by_labels = false;  // aggregateBy=labels, otherwise series
};
result<volume_query_params> parse_volume_query(const form_values& form, std::int64_t now_ns,
                                               bool with_step);

// /detected_fields and /detected_field/{name}/values.
struct detected_fields_params {
  std::string query;
  std::int64_t start_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t step_ns = 0;
  std::uint32_t line_limit = 100;
  std::uint32_t limit = 1000;
};
result<detected_fields_params> parse_detected_fields(const form_values& form, std::int64_t now_ns);

// X-Loki-Response-Encoding-Flags.
struct encoding_flags {
  bool categorize_labels = false;
  std::vector<std::string> names;  // as sent, echoed in the answer; empty: no header
  // Categorised answers keep all labels in `stream`, too: what Loki does without sharded queries
  // (query_range.parallelise_shardable_queries: false), where its frontend only joins answers.
  bool all_labels_in_stream = false;
};
encoding_flags parse_encoding_flags(const http_request& request);

}  // namespace skald
