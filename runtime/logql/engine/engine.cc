// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/engine.h"

#include <algorithm>
#include <utility>

#include "runtime/base/assert.h"
#include "runtime/logql/engine/leaf_runs.h"
#include "runtime/logql/engine/log_collector.h"

namespace skald::logql {
namespace {

void merge_candidates(const query_request& request, std::vector<log_candidate>& into,
                      std::vector<log_candidate>&& from) {
  if (into.empty()) {
    into = std::move(from);
    return;
  }
  log_collector collector(request);
  for (log_candidate& candidate : into) collector.add(std::move(candidate));
  for (log_candidate& candidate : from) collector.add(std::move(candidate));
  into = collector.take();
}

}  // namespace

block_visit::block_visit(log_block& block, query_stats& stats)
    : block_(block),
      counters_(block.in_memory() ? stats.memory : stats.store),
      before_(block.read_stats()) {
  ++counters_.blocks_referenced;
}

block_visit::~block_visit() {
  block_.release();  // what is kept then counts, too
  const block_read_stats after = block_.read_stats();
  counters_.stored_bytes_read += after.stored_bytes_read - before_.stored_bytes_read;
  counters_.inflated_bytes += after.inflated_bytes - before_.inflated_bytes;
  counters_.fetches += after.fetch_count - before_.fetch_count;
  const cache_use cache = after.cache.since(before_.cache);
  counters_.cache.add(cache);
  const bool fetched = after.fetch_count != before_.fetch_count;
  if (fetched || cache.bytes_found > 0 || block_.in_memory()) ++counters_.blocks_read;
}

bool block_visit::may_match(const plan_leaf& leaf) {
  const skip_probe probe = leaf.probe_for(block_.runs());
  if (probe.what == skip_probe::kind::always || block_.may_match(probe)) return true;
  ++counters_.blocks_filtered;
  return false;
}

void block_visit::count(const pipeline_stats& before, const pipeline_stats& after) {
  counters_.lines += after.rows_seen - before.rows_seen;
  counters_.line_bytes += after.bytes_seen - before.bytes_seen;
  counters_.lines_after_filter += after.rows_passed - before.rows_passed;
}

bool touches(const plan_leaf& leaf, const log_block& block) {
  const std::span<const row_run> runs = block.runs();
  return std::any_of(runs.begin(), runs.end(), [&](const row_run& run) {
    return leaf.range.overlaps(run.min_timestamp_ns, run.max_timestamp_ns);
  });
}

result<leaf_result> run_leaf(const query_plan& plan, std::size_t leaf, block_list& blocks,
                             const cancellation& cancelled, query_stats& stats,
                             answer_bound* bound) {
  SKALD_ASSERT(leaf < plan.leaves().size());
  const plan_leaf& what = plan.leaves()[leaf];
  if (what.range.empty()) return leaf_result();
  return plan.is_log_query() ? run_log_leaf(plan, what, blocks, cancelled, stats, bound)
                             : run_metric_leaf(plan, what, blocks, cancelled, stats);
}

void merge(const query_plan& plan, std::size_t leaf, leaf_result& into, leaf_result&& from) {
  SKALD_ASSERT(leaf < plan.leaves().size());
  if (plan.is_log_query()) {
    merge_candidates(plan.request(), into.candidates, std::move(from.candidates));
  } else if (from.states) {
    if (into.states) {
      merge(*into.states, std::move(*from.states));
    } else {
      into.states = std::move(from.states);
    }
  }
  // Never more than both had before.
  from.memory = {};
  into.memory = {};
  into.memory = memory_share(plan.memory());
  into.memory.hold(memory_bytes(into));
  if (from.failure && (!into.failure || from.failure->labels_text < into.failure->labels_text)) {
    into.failure = std::move(from.failure);
  }
  into.too_many_series |= from.too_many_series;
}

bool can_still_contribute(const query_plan& plan, std::size_t leaf, const leaf_result& so_far,
                          std::int64_t min_ns, std::int64_t max_ns) {
  SKALD_ASSERT(leaf < plan.leaves().size());
  if (!plan.leaves()[leaf].range.overlaps(min_ns, max_ns)) return false;
  if (!plan.is_log_query()) return !so_far.failure && !so_far.too_many_series;
  const std::optional<std::int64_t> bound = bound_of(plan.request(), so_far.candidates);
  if (!bound) return true;
  return plan.forward() ? min_ns <= *bound : max_ns >= *bound;
}

std::uint64_t memory_bytes(const log_candidate& candidate) {
  return sizeof(candidate) + candidate.line.size();
}

std::uint64_t memory_bytes(const leaf_result& result) {
  std::uint64_t bytes = 0;
  for (const log_candidate& candidate : result.candidates) bytes += memory_bytes(candidate);
  if (result.states) bytes += memory_bytes(*result.states);
  return bytes;
}

}  // namespace skald::logql
