// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/query_root_core.h"

#include <algorithm>
#include <map>

namespace skald {

query_root_core::query_root_core(logql::query_plan_ptr plan, std::size_t parallel_intervals)
    : plan_(std::move(plan)),
      parallel_intervals_(plan_->is_log_query() ? 1 : parallel_intervals),
      memory_(plan_->leaves().size()),
      results_(plan_->leaves().size()) {}

void query_root_core::on_memory(std::size_t leaf, block_list blocks) {
  std::map<std::int64_t, block_list> by_day;
  for (auto& block : blocks) {
    // A buffer holds one day's rows only.
    const auto runs = block->runs();
    if (runs.empty()) continue;
    by_day[day_number(runs.front().min_timestamp_ns)].push_back(std::move(block));
  }
  for (auto& [day, day_list] : by_day) memory_[leaf].push_back({day, std::move(day_list)});
}

void query_root_core::on_days(std::size_t leaf, const std::vector<std::int64_t>& days) {
  std::map<std::int64_t, block_list> by_day;
  for (const std::int64_t day : days) by_day[day];
  for (day_blocks& memory : memory_[leaf]) by_day[memory.day] = std::move(memory.blocks);
  memory_[leaf].clear();
  const time_range wanted = plan_->leaves()[leaf].range;
  std::vector<query_interval> intervals;
  for (auto& [day, blocks] : by_day) {
    query_interval interval;
    interval.leaf = leaf;
    interval.number = intervals_made_++;
    interval.range = {std::max(wanted.start_ns, day * nanoseconds_per_day),
                      std::min(wanted.end_ns, (day + 1) * nanoseconds_per_day)};
    interval.memory_blocks = std::move(blocks);
    if (!interval.range.empty()) intervals.push_back(std::move(interval));
  }
  if (plan_->is_log_query() && !plan_->forward()) std::reverse(intervals.begin(), intervals.end());
  for (auto& interval : intervals) waiting_.push_back(std::move(interval));
}

std::vector<query_interval> query_root_core::next() {
  drop_hopeless();
  std::vector<query_interval> out;
  while (running_ < parallel_intervals_ && !waiting_.empty()) {
    out.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    ++running_;
  }
  return out;
}

void query_root_core::on_interval_done(std::size_t leaf, logql::leaf_result result) {
  SKALD_ASSERT(running_ > 0);
  --running_;
  logql::merge(*plan_, leaf, results_[leaf], std::move(result));
}

void query_root_core::drop_hopeless() {
  std::erase_if(waiting_, [&](const query_interval& interval) {
    return !logql::can_still_contribute(*plan_, interval.leaf, results_[interval.leaf],
                                        interval.range.start_ns, interval.range.end_ns - 1);
  });
}

}  // namespace skald
