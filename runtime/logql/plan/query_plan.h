// SPDX-License-Identifier: Apache-2.0
// A checked query with everything that its workers need to know, made once and then shared
// read-only. A plan has one leaf per log selector: a log query has exactly one, a metric expression
// one per range aggregation (none for `vector(1)`). Leaves read rows; what stands above them in the
// expression is evaluated once, by finish() (engine/engine.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/metric/leaf_aggregation.h"
#include "runtime/logql/metric/query_memory.h"
#include "runtime/logql/metric/step_grid.h"
#include "runtime/logql/pipeline/pipeline.h"
#include "runtime/logql/plan/query_limits.h"
#include "runtime/logql/syntax/ast.h"
#include "runtime/model/label_matcher.h"
#include "runtime/model/log_block.h"
#include "runtime/model/time_range.h"

namespace skald::logql {

// A claim about lines that only holds for streams without certain labels: a label filter on `pod`
// reads the stream's own `pod` where there is one, and says nothing about lines then.
struct label_probe {
  std::vector<std::string> names;
  skip_probe probe;
};

// What to read for one leaf.
struct plan_leaf {
  std::vector<label_matcher> matchers;  // of the stream selector
  time_range range;                     // rows outside are not used; empty when no row can be
  skip_probe probe;                     // holds for every line of every stream
  std::vector<label_probe> label_probes;
  // Counters of row runs mostly suffice: no lines and often no columns at all are read.
  bool counts_only = false;

  // For the engine.
  compiled_pipeline_ptr pipeline;
  const range_aggregation* aggregation = nullptr;  // null for a log query
  leaf_aggregation metric;                         // set when `aggregation` is

  // What to ask a block with these runs before reading it. run_leaf does so itself; callers may
  // ask earlier to save fetches.
  skip_probe probe_for(std::span<const row_run> runs) const;
};

class query_plan {
 public:
  // Parses, validates and plans. Errors: invalid_argument with Loki's text (HTTP 400);
  // unimplemented for what is valid LogQL and not supported (HTTP 400).
  static result<std::shared_ptr<const query_plan>> make(const query_request& request,
                                                        const query_limits& limits);

  query_plan(const query_plan&) = delete;
  query_plan& operator=(const query_plan&) = delete;

  bool is_log_query() const { return expression_.is_log(); }
  bool forward() const { return request_.forward; }
  const query_request& request() const { return request_; }
  const query_limits& limits() const { return limits_; }
  const query_expr& expression() const { return expression_; }
  std::span<const plan_leaf> leaves() const { return leaves_; }
  // What the evaluation of this query takes counts here, for all its workers.
  const query_memory_ptr& memory() const { return memory_; }

  // The evaluation times of a metric query.
  const step_grid& steps() const { return steps_; }
  // The leaf that answers this aggregation of the expression.
  std::size_t leaf_of(const range_aggregation& node) const;

 private:
  friend class planner;
  query_plan() = default;

  query_request request_;
  query_limits limits_;
  query_memory_ptr memory_;
  query_expr expression_;
  step_grid steps_;
  std::vector<plan_leaf> leaves_;
  std::unordered_map<const range_aggregation*, std::size_t> leaf_by_node_;
};
using query_plan_ptr = std::shared_ptr<const query_plan>;

}  // namespace skald::logql
