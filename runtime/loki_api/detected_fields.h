// SPDX-License-Identifier: Apache-2.0
// What fields log lines have: the structured metadata of entries and what the JSON or logfmt parser
// finds in their lines, with types and numbers of different values; and which labels of streams are
// worth showing. Pure functions. Bounded by the entries given, and by `limit`.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/logql/engine/query_result.h"
#include "runtime/loki_api/result_json.h"
#include "runtime/model/labels.h"

namespace skald {

// int, float, boolean, duration, bytes or string, whatever reads the value first.
std::string_view detected_type(std::string_view value);

// At most `limit` fields, sorted by name. The type is that of the field's last value, with streams
// in the order of an answer. Fields that both the query's own parsers and the line have are those
// of the line.
std::vector<detected_field> detect_fields(const logql::streams_result& streams, std::size_t limit);

// Values of one field, sorted; at most `limit`.
std::vector<std::string> detect_field_values(const logql::streams_result& streams,
                                             std::string_view field, std::size_t limit);

// Labels with their numbers of values. Left out: labels whose values are all numbers or UUIDs, but
// for those that place a stream (cluster, namespace, instance, pod), and for flags (0 and 1).
std::vector<detected_label> detect_labels(std::span<const label_set* const> streams);

}  // namespace skald
