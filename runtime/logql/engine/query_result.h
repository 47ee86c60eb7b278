// SPDX-License-Identifier: Apache-2.0
// The answer to a LogQL query as a plain value: log entries, a matrix, a vector or a scalar, in the
// order in which clients see it. Rendering (JSON, flat or categorised labels) is the API layer's.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "runtime/logql/engine/query_stats.h"
#include "runtime/model/labels.h"

namespace skald::logql {

// The final labels of log entries by where they come from. Shared by all entries that have the same
// ones.
struct entry_labels {
  label_set stream;               // stream labels that the pipeline left untouched
  label_set structured_metadata;  // likewise
  label_set parsed;  // made or changed by the pipeline, with __error__ and __error_details__
  stream_fingerprint
      origin;  // the stream that the entries are stored in, whatever became of its labels

  // All three as one set; a name occurs in one of them only.
  label_set flat() const;
};
using entry_labels_ptr = std::shared_ptr<const entry_labels>;

struct log_entry {
  std::int64_t timestamp_ns = 0;
  std::string line;
  entry_labels_ptr labels;  // never null
};

// Entries of all streams in the direction asked for, cut to the limit.
struct streams_result {
  bool forward = false;
  std::vector<log_entry> entries;
};

// The labels of one or more sets that have no name in common, by name. Points into the sets.
class label_list {
 public:
  label_list() = default;
  explicit label_list(std::initializer_list<const label_set*> sets);

  // Of pointers to labels.
  auto begin() const { return labels_.begin(); }
  auto end() const { return labels_.end(); }
  std::string canonical() const;  // as that of a label_set

 private:
  std::vector<const label*> labels_;
};

// One `stream` object of an answer. Labels and entries point into the streams_result; entries keep
// its order.
struct log_stream {
  label_list labels;
  std::vector<const log_entry*> entries;
};

// One stream per distinct complete label set, sorted by the label text ({a="b", c="d"}) as Loki's
// answers are.
std::vector<log_stream> group_flat(const streams_result& result);
// One stream per distinct set of untouched stream labels (X-Loki-Response-Encoding-Flags:
// categorize-labels); the other labels are in each entry's `labels`. Sorted likewise.
std::vector<log_stream> group_categorized(const streams_result& result);

struct sample_point {
  std::int64_t timestamp_ms = 0;
  double value = 0;
  friend bool operator==(const sample_point&, const sample_point&) = default;
};

struct matrix_series {
  label_set labels;
  std::vector<sample_point> points;  // by time
};
// Sorted by labels.
struct matrix_result {
  std::vector<matrix_series> series;
};

struct vector_sample {
  label_set labels;
  sample_point point;
};
// Sorted by labels, or as evaluated when the query sorts (sort, sort_desc).
struct vector_result {
  std::vector<vector_sample> samples;
};

// Loki prints the time of a scalar in whole milliseconds (a matrix or vector: in seconds).
struct scalar_result {
  sample_point point;
};

struct query_result {
  std::variant<streams_result, matrix_result, vector_result, scalar_result> value;
  query_stats stats;
  // For the `warnings` key of the answer; mostly empty.
  std::vector<std::string> warnings;
};

}  // namespace skald::logql
