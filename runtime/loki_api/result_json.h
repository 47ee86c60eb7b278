// SPDX-License-Identifier: Apache-2.0
// JSON answers of the query endpoints, byte for byte in Loki's order of keys: clients read them
// with streaming parsers. Each function returns a whole body with its final newline. Pure
// functions; log lines are copied once, escaped on the way. Invalid UTF-8 becomes U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/http/http_message.h"
#include "runtime/logql/engine/query_result.h"
#include "runtime/loki_api/query_params.h"
#include "runtime/model/labels.h"

namespace skald {

// 200 with Loki's query-side headers (application/json; charset=UTF-8, Vary), compressible.
http_response query_json_response(std::string body);

// /query and /query_range: streams (flat or categorised), matrix, vector, scalar, with the stats
// block. Errors: resource_exhausted when the text is longer than `bytes_max` (0: no bound): escapes
// may take six bytes for one, and categorised answers repeat labels with each entry.
result<std::string> render_query_result(const logql::query_result& answer,
                                        const encoding_flags& flags, std::uint64_t bytes_max = 0);

// /labels and /label/{name}/values; the `data` key is absent when there is nothing. `values` are
// given sorted.
std::string render_label_values(const std::vector<std::string_view>& values);

// /series; an empty list gives "data":[].
std::string render_series(const std::vector<const label_set*>& series);

struct index_stats {
  std::uint64_t streams = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
};
std::string render_index_stats(const index_stats& stats);

// /index/volume: one sample per group at `end_ns`, largest first, ties by labels; the caller cuts
// to its limit with sort_volumes first when it has more.
struct volume_sample {
  label_set labels;
  std::uint64_t bytes = 0;
};
void sort_volumes(std::vector<volume_sample>& samples);
std::string render_volume(const std::vector<volume_sample>& samples, std::int64_t end_ns,
                          const logql::query_stats& stats);

// /index/volume_range: series in the order given (largest sum first), none without points. A
// vector, as Loki answers, when no series has a second point.
struct volume_series {
  label_set labels;
  std::vector<std::pair<std::int64_t, std::uint64_t>> points;  // milliseconds, bytes
};
std::string render_volume_range(const std::vector<volume_series>& series,
                                const logql::query_stats& stats);

// /detected_labels; nothing found gives {}.
struct detected_label {
  std::string name;
  std::uint64_t cardinality = 0;
};
std::string render_detected_labels(const std::vector<detected_label>& found);

// /detected_fields; nothing found gives {}.
struct detected_field {
  std::string name;
  std::string type;  // string, int, float, boolean, duration, bytes
  std::uint64_t cardinality = 0;
  std::vector<std::string> parsers;    // empty: structured metadata ("parsers":null)
  std::vector<std::string> json_path;  // empty: key left out
};
std::string render_detected_fields(const std::vector<detected_field>& fields, std::uint32_t limit);
std::string render_detected_field_values(const std::vector<std::string>& values,
                                         std::uint32_t limit);

// /patterns.
struct pattern_series {
  std::string pattern;
  std::string level;
  std::vector<std::pair<std::int64_t, std::uint64_t>> samples;  // seconds, count
};
std::string render_patterns(const std::vector<pattern_series>& patterns);

// /format_query.
std::string render_format_query(std::string_view formatted);

struct build_info {
  std::string version = "3.8.0";  // the Loki API level that is emulated; clients compare it
  std::string revision;
  std::string branch;
  std::string build_user;
  std::string build_date;
  std::string go_version;  // the compiler, in our case
};
std::string render_build_info(const build_info& info);

}  // namespace skald
