// SPDX-License-Identifier: Apache-2.0
// A pipeline run on one line after another, each stage by its definition. Templates are those of
// runtime/logql/template: writing the template language twice would only test the writer.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/logql/syntax/ast.h"
#include "runtime/model/labels.h"
#include "testing/reference/line_labels.h"

namespace skald::logql::reference {

// An entry of the data set; the set is in order of arrival.
struct stored_entry {
  stream_ptr stream;
  std::int64_t timestamp_ns = 0;
  std::vector<label> metadata;
  std::string line;
};

// What a pipeline makes of a line.
struct processed_line {
  std::string line;
  entry_labels labels;
  double value = 1;  // unwrapped
  std::string error;
  bool preserves_error = false;
};

struct pipeline_rules {
  bool is_metric = false;
  bool reads_bytes = false;  // bytes_over_time, bytes_rate
  bool early_rejection = true;
  // The labels by which a metric query's lines are grouped right away, if it does so by `by` or
  // (empty) by nothing at all.
  std::optional<std::vector<std::string>> shown_labels;
};

class plain_pipeline {
 public:
  plain_pipeline(const std::vector<stage_expr>& stages, const unwrap_expr* unwrap,
                 const pipeline_rules& rules);

  // Nothing when the line is dropped, or gives no sample.
  std::optional<processed_line> run(const stored_entry& entry) const;

 private:
  void arrange(const std::vector<stage_expr>& stages, const pipeline_rules& rules);
  void collect_needs(const pipeline_rules& rules);

  std::vector<stage_expr> stages_;  // in the order in which they run
  const unwrap_expr* unwrap_;
  extraction_hints hints_;
  // The first simple filter of a label, wherever it stands: parsers test it early.
  std::map<std::string, label_filter_expr> early_;
};

}  // namespace skald::logql::reference
