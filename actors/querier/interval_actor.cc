// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/interval_actor.h"

#include <algorithm>
#include <caf/all.hpp>
#include <limits>

#include "actors/io/worker_pool.h"
#include "actors/querier/pack_waves.h"
#include "actors/querier/range_worker_actor.h"
#include "runtime/logql/plan/query_policy.h"

namespace skald {

// What an interval found, and how far it has opened it. Used by one pool task at a time, and by the
// actor in between.
struct interval_search {
  bool is_located = false;
  located_chunks chunks;
  std::vector<pack_wave> waves;
  std::size_t next = 0;
};

// pool -> interval: the groups of a wave, or why they could not be found.
struct wave_opened {
  struct content {
    result<std::vector<interval_actor::group>> groups = std::vector<interval_actor::group>();
    logql::query_stats stats;
  };
  std::shared_ptr<content> found;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wave_opened)

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

// A query without direction needs all of it: one wave.
wave_request waves_wanted(const logql::query_plan& plan, const query_interval& work,
                          const querier_options& options) {
  wave_request request;
  if (plan.is_log_query()) {
    request.forward = plan.forward();
    request.first_rows = options.rows_per_subrange;
  }
  for (const auto& block : work.memory_blocks) {
    for (const row_run& run : block->runs()) {
      request.memory_rows += run.row_count;
      request.memory_min_ns = std::min(request.memory_min_ns, run.min_timestamp_ns);
      request.memory_max_ns = std::max(request.memory_max_ns, run.max_timestamp_ns);
    }
  }
  return request;
}

// Errors: a sub-range with more bytes of lines than one querier may read.
result<std::vector<interval_actor::group>> groups_of(const logql::query_plan& plan,
                                                     const logql::plan_leaf& leaf,
                                                     block_list&& blocks,
                                                     const querier_options& options) {
  const logql::group_rows target = group_rows_of(plan, leaf, blocks, options);
  std::vector<interval_actor::group> groups;
  for (block_list& part : logql::partition_blocks(plan, std::move(blocks), target)) {
    interval_actor::group g{nullptr, std::numeric_limits<std::int64_t>::max(),
                            std::numeric_limits<std::int64_t>::min()};
    std::uint64_t bytes = 0;
    for (const auto& block : part) {
      for (const row_run& run : block->runs()) {
        bytes += run.line_bytes;
        g.min_timestamp_ns = std::min(g.min_timestamp_ns, run.min_timestamp_ns);
        g.max_timestamp_ns = std::max(g.max_timestamp_ns, run.max_timestamp_ns);
      }
    }
    SKALD_TRY(logql::check_querier_bytes(bytes, plan.limits()));
    g.blocks = std::make_shared<block_list>(std::move(part));
    groups.push_back(std::move(g));
  }
  return groups;
}

// Asks the index and plans the waves. The packs of flushes that the memory contains are left out.
result<void> locate(const querier_parts& parts, const query_context& query,
                    const query_interval& work, const std::vector<std::string>& known_flushes,
                    interval_search& search, logql::query_stats& stats) {
  const logql::plan_leaf& leaf = query.plan->leaves()[work.leaf];
  SKALD_TRY_ASSIGN(search.chunks,
                   parts.locator->locate({query.tenant, leaf.matchers, work.range, known_flushes}));
  search.waves = waves_of(search.chunks.table, waves_wanted(*query.plan, work, parts.options));
  search.is_located = true;
  stats.chunk_refs += search.chunks.chunk_refs;
  stats.chunk_refs_filtered += search.chunks.chunk_refs;
  stats.streams_found += search.chunks.streams_with_chunks;
  stats.chunks_matched_in_memory += work.memory_blocks.size();
  return {};
}

// The groups of the next wave; none when there is no wave.
result<std::vector<interval_actor::group>> open_next(const querier_parts& parts,
                                                     const query_context& query,
                                                     query_interval& work,
                                                     interval_search& search) {
  if (search.next == search.waves.size()) return std::vector<interval_actor::group>();
  const pack_wave& wave = search.waves[search.next++];
  SKALD_TRY_ASSIGN(block_list blocks,
                   parts.locator->open(search.chunks, wave.packs, work.range, *query.cancel));
  if (wave.has_memory) {
    for (auto& block : work.memory_blocks) blocks.push_back(std::move(block));
    work.memory_blocks.clear();
  }
  return groups_of(*query.plan, query.plan->leaves()[work.leaf], std::move(blocks), parts.options);
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
      root_(std::move(root)),
      search_(std::make_shared<interval_search>()) {
  set_down_handler([this](caf::down_msg& down) {
    // A worker that answered has quit normally; anything else lost its sub-range.
    if (!down.reason || down.reason == caf::exit_reason::normal) return;
    merged_->value =
        error{errc::internal, "a sub-range of the query failed: " + caf::to_string(down.reason)};
    finish();
  });
}

caf::behavior interval_actor::make_behavior() {
  open_wave();
  return {[this](wave_opened& opened) {
            merged_->stats.add(opened.found->stats);
            if (!opened.found->groups.ok()) {
              merged_->value = std::move(opened.found->groups).error();
              return finish();
            }
            on_groups(std::move(opened.found->groups).value());
          },
          [this](subrange_done& done) { on_subrange(done); }};
}

void interval_actor::open_wave() {
  const one_shot<wave_opened> done([self = caf::actor(this)](result<wave_opened> answer) {
    if (answer.ok()) {
      caf::anon_send(self, std::move(answer).value());
      return;
    }
    wave_opened failed{std::make_shared<wave_opened::content>()};
    failed.found->groups = std::move(answer).error();
    caf::anon_send(self, std::move(failed));
  });
  send(parts_->pool,
       make_pool_task(query_->tenant, [parts = parts_, query = query_, work = work_,
                                       known = known_flushes_, search = search_, done] {
         wave_opened opened{std::make_shared<wave_opened::content>()};
         wave_opened::content& content = *opened.found;
         result<void> located;
         if (!search->is_located) {
           located = locate(*parts, *query, *work, *known, *search, content.stats);
         }
         if (located.ok()) {
           content.groups = open_next(*parts, *query, *work, *search);
         } else {
           content.groups = std::move(located).error();
         }
         done.answer(std::move(opened));
       }));
}

bool interval_actor::can_matter(std::int64_t min_ns, std::int64_t max_ns) const {
  return query_->bound->accepts_any(min_ns, max_ns) &&
         logql::can_still_contribute(*query_->plan, work_->leaf, *merged_->value, min_ns, max_ns);
}

bool interval_actor::has_wave() {
  for (; search_->next < search_->waves.size(); ++search_->next) {
    const pack_wave& wave = search_->waves[search_->next];
    if (can_matter(wave.min_timestamp_ns, wave.max_timestamp_ns)) return true;
  }
  return false;
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
    if (!can_matter(next.min_timestamp_ns, next.max_timestamp_ns)) continue;
    ++running_;
    ++merged_->stats.subqueries;
    spawn<range_worker_actor, caf::monitored>(
        query_, subrange{work_->leaf, started_++, std::move(next.blocks)}, parts_->pool,
        caf::actor(this));
  }
  if (running_ > 0 || !waiting_.empty()) return;
  if (has_wave()) return open_wave();
  finish();
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
