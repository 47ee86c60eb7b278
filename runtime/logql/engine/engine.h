// SPDX-License-Identifier: Apache-2.0
// Runs a query_plan over log_blocks: leaves read rows and give mergeable partial results, finish()
// evaluates the rest of the expression. All functions are pure with respect to the plan and may run
// on many threads at once; a leaf_result belongs to one thread at a time.
//
//   partition_blocks -> run_leaf per group, anywhere, in any order -> merge -> finish
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "runtime/base/cancellation.h"
#include "runtime/base/result.h"
#include "runtime/logql/engine/answer_bound.h"
#include "runtime/logql/engine/leaf_result.h"
#include "runtime/logql/engine/query_result.h"
#include "runtime/logql/engine/query_stats.h"
#include "runtime/logql/plan/query_plan.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

// How many rows a group of blocks aims at.
struct group_rows {
  std::size_t first = 64 * 1024;
  std::size_t later = first;  // behind the first groups
  std::size_t first_groups = 0;
  std::size_t of_group(std::size_t number) const { return number < first_groups ? first : later; }
};

// Whether the rows of a leaf mostly cost little, so that its groups may be larger: counters answer
// it, or a skip filter leaves out most blocks.
bool is_cheap(const plan_leaf& leaf);

// Splits blocks into groups for run_leaf. Blocks in which runs of one stream
// overlap in time share rows that must be counted once, so they always land in one group, which may
// then be larger than the target. Groups are in the order in which a log query wants them: newest
// first, or oldest first for a forward query. Reads no columns.
std::vector<block_list> partition_blocks(const query_plan& plan, block_list&& blocks,
                                         const group_rows& target);

// Evaluates a leaf over one group of blocks. Releases each block's columns when done with it.
// Errors: those of the blocks' columns, of `cancelled`, and resource_exhausted beyond
// limits().max_leaf_bytes. A log query's row errors are labels; those of a metric query surface in
// finish(). `bound` is shared by the workers of a log query; null: this one works alone.
result<leaf_result> run_leaf(const query_plan& plan, std::size_t leaf, block_list& blocks,
                             const cancellation& cancelled, query_stats& stats,
                             answer_bound* bound = nullptr);

// Adds `from` to `into`. Both come from the same leaf of the same plan; a default-made leaf_result
// is empty and fits all. Commutative and associative, but for the last digits of float sums.
void merge(const query_plan& plan, std::size_t leaf, leaf_result& into, leaf_result&& from);

// Whether rows with timestamps in [min_ns, max_ns] could still change the answer, given what is
// known so far. False lets the caller of a log query stop handing out further blocks. True for
// metric queries, except outside the leaf's range.
bool can_still_contribute(const query_plan& plan, std::size_t leaf, const leaf_result& so_far,
                          std::int64_t min_ns, std::int64_t max_ns);

// Evaluates the whole expression from one merged result per leaf, in the order of plan.leaves().
// Errors: invalid_argument with Loki's text (too many series, a pipeline error in a metric query:
// HTTP 400); internal with Loki's text for many-to-many matches, which Loki answers with 500.
// Also those of `cancelled`, and resource_exhausted when the points of all series take too much.
result<query_result> finish(const query_plan& plan, std::vector<leaf_result>&& leaves,
                            const query_stats& stats,
                            const cancellation& cancelled = cancellation());

}  // namespace skald::logql
