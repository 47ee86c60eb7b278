// SPDX-License-Identifier: Apache-2.0
// What workers hand back for one leaf: candidates of a log query, or the series states of a range
// aggregation. Results of one leaf merge in any order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/logql/engine/query_result.h"
#include "runtime/logql/metric/query_memory.h"
#include "runtime/logql/metric/series_states.h"
#include "runtime/model/labels.h"

namespace skald::logql {

// An entry that may reach the answer, with what decides its place.
struct log_candidate {
  std::int64_t timestamp_ns = 0;
  stream_ptr stream;          // the stored one; never null
  std::uint64_t arrival = 0;  // order among equal timestamps of one stream
  entry_labels_ptr labels;
  std::string line;
};

// A row that ends a metric query with an error: the one with the smallest label text is reported.
struct failed_sample {
  std::string error;        // the word in __error__
  std::string labels_text;  // all labels, canonical
};

struct leaf_result {
  // Log queries: in the order asked for, no duplicates, few more than the limit (with interval:
  // than can matter).
  std::vector<log_candidate> candidates;

  // Metric queries; absent as long as no row was seen.
  std::optional<series_states> states;
  std::optional<failed_sample> failure;
  // The limit of series was exceeded; states are incomplete then.
  bool too_many_series = false;

  // What the above takes of the query's memory, but for labels of entries, which count themselves.
  memory_share memory;
};

// Estimates, without the labels of entries.
std::uint64_t memory_bytes(const log_candidate& candidate);
std::uint64_t memory_bytes(const leaf_result& result);

}  // namespace skald::logql
