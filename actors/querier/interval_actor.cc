// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/interval_actor.h"

#include <algorithm>
#include <caf/all.hpp>
#include <limits>

#include "actors/io/worker_pool.h"
#include "actors/querier/range_worker_actor.h"
#include "runtime/logql/plan/query_policy.h"

namespace skald {

// pool -> interval: the groups to evaluate, or why they could not be found.
struct interval_located {
  struct content {
    result<std::vector<interval_actor::group>> groups = std::vector<interval_actor::group>();
    logql::query_stats stats;
  };
  std::shared_ptr<content> found;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::interval_located)

namespace skald {
namespace {

// Each group of blocks costs some messages, so groups of cheap rows are larger, as long as there is
// one for each worker several times. The first groups of a log query stay small: mostly they have
// the whole answer, and then several workers look for it.
logql::group_rows group_rows_of(const logql::query_plan& plan, const logql::plan_leaf& leaf,
                                const block_list& blocks, const querier_options& options) {
  constexpr std::size_t cheaper = 8;
  constexpr std::size_t groups_per_worker = 4;
  logql::group_rows out{options.rows_per_subrange, options.rows_per_subrange, 0};
  if (!logql::is_cheap(leaf)) return out;
  const std::size_t groups = groups_per_worker * options.parallel_subranges;
  std::size_t rows = 0;
  for (const auto& block : blocks) {
    for (const row_run& run : block->runs()) rows += run.row_count;
  }
  out.later = std::clamp(rows / groups, out.first, cheaper * out.first);
  if (plan.is_log_query()) out.first_groups = groups;
  return out;
}

}  // namespace

interval_actor::interval_actor(caf::actor_config& config, querier_parts_ptr parts,
                               query_context_ptr query, std::shared_ptr<query_interval> work,
                               std::shared_ptr<const std::vector<std::string>> known_flushes,
                               caf::actor root)
    : caf::event_based_actor(config),
      parts_(std::move(parts)),
      query_(std::move(query)),
      work_(std::move(work)),
      known_flushes_(std::move(known_flushes)),
      root_(std::move(root)) {
  set_down_handler([this](caf::down_msg& down) {
    // A worker that answered has quit normally; anything else lost its sub-range.
    if (!down.reason || down.reason == caf::exit_reason::normal) return;
    merged_->value =
        error{errc::internal, "a sub-range of the query failed: " + caf::to_string(down.reason)};
    finish();
  });
}

caf::behavior interval_actor::make_behavior() {
  locate();
  return {[this](interval_located& located) {
            merged_->stats.add(located.found->stats);
            if (!located.found->groups.ok()) {
              merged_->value = std::move(located.found->groups).error();
              return finish();
            }
            on_groups(std::move(located.found->groups).value());
          },
          [this](subrange_done& done) { on_subrange(done); }};
}

void interval_actor::locate() {
  const one_shot<interval_located> done([self = caf::actor(this)](result<interval_located> answer) {
    auto value = answer.ok() ? std::move(answer).value()
                             : interval_located{std::make_shared<interval_located::content>()};
    if (!answer.ok()) value.found->groups = std::move(answer).error();
    caf::anon_send(self, std::move(value));
  });
  send(parts_->pool, make_pool_task(query_->tenant, [parts = parts_, query = query_, work = work_,
                                                     known = known_flushes_, done] {
         interval_located found{std::make_shared<interval_located::content>()};
         const logql::plan_leaf& leaf = query->plan->leaves()[work->leaf];
         auto located = parts->locator->locate({query->tenant, leaf.matchers, work->range, *known});
         if (!located.ok()) {
           found.found->groups = std::move(located).error();
           return done.answer(std::move(found));
         }
         logql::query_stats& stats = found.found->stats;
         stats.chunk_refs += located->chunk_refs;
         stats.chunk_refs_filtered += located->chunk_refs;
         stats.streams_found += located->streams;
         stats.chunks_matched_in_memory += work->memory_blocks.size();
         for (auto& block : work->memory_blocks) located->blocks.push_back(std::move(block));
         work->memory_blocks.clear();
         std::vector<group> groups;
         const logql::group_rows target =
             group_rows_of(*query->plan, leaf, located->blocks, parts->options);
         for (block_list& blocks :
              logql::partition_blocks(*query->plan, std::move(located->blocks), target)) {
           group g{nullptr, std::numeric_limits<std::int64_t>::max(),
                   std::numeric_limits<std::int64_t>::min()};
           std::uint64_t bytes = 0;
           for (const auto& block : blocks) {
             for (const row_run& run : block->runs()) {
               bytes += run.line_bytes;
               g.min_timestamp_ns = std::min(g.min_timestamp_ns, run.min_timestamp_ns);
               g.max_timestamp_ns = std::max(g.max_timestamp_ns, run.max_timestamp_ns);
             }
           }
           if (auto small = logql::check_querier_bytes(bytes, query->plan->limits()); !small.ok()) {
             found.found->groups = std::move(small).error();
             return done.answer(std::move(found));
           }
           g.blocks = std::make_shared<block_list>(std::move(blocks));
           groups.push_back(std::move(g));
         }
         found.found->groups = std::move(groups);
         done.answer(std::move(found));
       }));
}

void interval_actor::on_groups(std::vector<group> groups) {
  for (group& g : groups) waiting_.push_back(std::move(g));
  start_workers();
}

void interval_actor::start_workers() {
  if (!merged_->value.ok()) return finish();
  while (running_ < parts_->options.parallel_subranges && !waiting_.empty()) {
    group next = std::move(waiting_.front());
    waiting_.pop_front();
    if (!logql::can_still_contribute(*query_->plan, work_->leaf, *merged_->value,
                                     next.min_timestamp_ns, next.max_timestamp_ns)) {
      continue;
    }
    ++running_;
    ++merged_->stats.subqueries;
    spawn<range_worker_actor, caf::monitored>(
        query_, subrange{work_->leaf, started_++, std::move(next.blocks)}, parts_->pool,
        caf::actor(this));
  }
  if (running_ == 0 && waiting_.empty()) finish();
}

void interval_actor::on_subrange(subrange_done& done) {
  --running_;
  merged_->stats.add(done.answer->stats);
  if (!merged_->value.ok()) return;
  if (!done.answer->value.ok()) {
    merged_->value = std::move(done.answer->value).error();
    return finish();
  }
  logql::merge(*query_->plan, work_->leaf, *merged_->value, std::move(*done.answer->value));
  start_workers();
}

void interval_actor::finish() {
  waiting_.clear();
  if (root_) send(root_, interval_done{work_->leaf, work_->number, merged_});
  root_ = nullptr;
  quit();
}

}  // namespace skald
