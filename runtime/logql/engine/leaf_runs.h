// SPDX-License-Identifier: Apache-2.0
// Implementation parts of run_leaf: what log and metric leaves share.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/base/cancellation.h"
#include "runtime/base/result.h"
#include "runtime/logql/engine/answer_bound.h"
#include "runtime/logql/engine/leaf_result.h"
#include "runtime/logql/engine/query_stats.h"
#include "runtime/logql/pipeline/pipeline_runner.h"
#include "runtime/logql/plan/query_plan.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

// Counts what one block cost into the statistics of its source, on destruction, and releases the
// block's columns.
class block_visit {
 public:
  block_visit(log_block& block, query_stats& stats);
  ~block_visit();
  block_visit(const block_visit&) = delete;
  block_visit& operator=(const block_visit&) = delete;

  source_stats& counters() { return counters_; }
  // Adds what a runner did between two readings of its counters.
  void count(const pipeline_stats& before, const pipeline_stats& after);
  // False when the skip filter excludes every row.
  bool may_match(const plan_leaf& leaf);

 private:
  log_block& block_;
  source_stats& counters_;
  block_read_stats before_;
};

// Whether some row of the block lies in the leaf's time range.
bool touches(const plan_leaf& leaf, const log_block& block);

result<leaf_result> run_log_leaf(const query_plan& plan, const plan_leaf& leaf, block_list& blocks,
                                 const cancellation& cancelled, query_stats& stats,
                                 answer_bound* bound);
result<leaf_result> run_metric_leaf(const query_plan& plan, const plan_leaf& leaf,
                                    block_list& blocks, const cancellation& cancelled,
                                    query_stats& stats);

}  // namespace skald::logql
