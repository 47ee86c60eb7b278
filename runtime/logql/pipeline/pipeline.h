// SPDX-License-Identifier: Apache-2.0
// A compiled log pipeline: the stages of a selector's pipeline (and unwrap) with Loki's rewrites
// applied, ready to be run by any number of runners. Immutable, safe to share between threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/pipeline/column_plan.h"
#include "runtime/logql/pipeline/line_filter.h"
#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

class stage;
class sample_extractor;
class label_builder;

enum class pipeline_use {
  log,           // lines are the answer
  metric,        // samples that do not depend on the line's text
  metric_bytes,  // bytes_over_time, bytes_rate: the (rewritten) line's length is the sample
};

// Which labels the result of a metric query shows; Loki parses no others, which decides what parse
// errors are seen (the rules: docs/logql-compatibility.md). Log queries always use everything.
struct label_demand {
  enum class kind {
    everything,  // no grouping, or `without`
    only,        // `by (names)`, not empty
    nothing,     // `sum` around a range aggregation that may push down, without labels;
                 // absent_over_time
  };
  kind what = kind::everything;
  std::vector<std::string> names;  // for `only`
};

struct pipeline_options {
  pipeline_use use = pipeline_use::log;
  label_demand demand;
  // Loki lets parsers drop a line by label filters that stand elsewhere in the pipeline; answers
  // differ where labels are set several times. True imitates that.
  bool early_rejection = true;
  // The sink looks at row lines (answers, sample bytes, or the check for duplicates). When false
  // and no stage reads lines, the line column is not read.
  bool want_lines = true;
  // The sink looks at labels. When false and no stage reads labels, metadata is not read.
  bool want_labels = true;
  // Metric queries: the only labels that the sink looks at, besides errors. Where they are given
  // the sink has to take rows by on_known_rows(), too.
  std::optional<std::vector<std::string>> series_labels;
};

// What a pipeline reads of a block, beyond timestamps.
struct pipeline_needs {
  bool lines = false;
  bool lines_behind_filters = false;  // by others than the leading line filters
  bool metadata = false;
};

class compiled_pipeline {
 public:
  // Compiles stages that the parser has checked. `unwrap` may be null.
  // Errors: invalid_argument with Loki's text (stage '...' : ... where the parser left it to us).
  static result<std::shared_ptr<const compiled_pipeline>> compile(
      std::span<const stage_expr> stages, const unwrap_expr* unwrap,
      const pipeline_options& options);

  compiled_pipeline(const compiled_pipeline&) = delete;
  compiled_pipeline& operator=(const compiled_pipeline&) = delete;

  const pipeline_options& options() const { return options_; }
  const pipeline_needs& needs() const { return needs_; }
  // Nothing but the stream selector: every row passes unchanged.
  bool is_empty() const;
  bool has_unwrap() const { return static_cast<bool>(make_extractor_); }
  // Filters that see stored lines, before anything else: for skip filters and the block scan.
  std::span<const line_filter> leading_line_filters() const { return leading_; }
  // Some stage may change a line.
  bool rewrites_lines() const { return rewrites_lines_; }
  // No stage drops a row.
  bool passes_all_rows() const { return passes_all_rows_; }
  // What columns can tell; null when nothing.
  const column_plan* columns() const { return columns_ ? &*columns_ : nullptr; }

 private:
  friend class pipeline_compiler;
  friend class pipeline_runner;
  compiled_pipeline() = default;

  using stage_maker = std::function<std::unique_ptr<stage>(label_builder&)>;

  std::optional<column_plan> columns_;
  pipeline_options options_;
  pipeline_needs needs_;
  std::vector<line_filter> leading_;
  std::vector<stage_maker> stages_;
  // Label filters that parsers test early, by label name (Loki's early rejection).
  struct early_filter {
    std::string name;
    stage_maker make;
  };
  std::vector<early_filter> early_filters_;
  std::vector<std::string> required_labels_;  // empty: all
  bool no_labels_ = false;
  bool preserve_error_ = false;
  bool rewrites_lines_ = false;
  bool passes_all_rows_ = true;
  std::function<std::unique_ptr<sample_extractor>(label_builder&)> make_extractor_;
};
using compiled_pipeline_ptr = std::shared_ptr<const compiled_pipeline>;

}  // namespace skald::logql
