// SPDX-License-Identifier: Apache-2.0
// Decides in which order a query's parts run and when enough is known. Pure: no actors, no clock,
// no I/O. Owned by one query root.
//
// A query has one leaf per log selector; a leaf's time is cut into intervals of one day, the unit
// in which data is stored, so that no row and no duplicate spans two of them. A log query runs its
// intervals one after the other in the direction asked for and stops as soon as no older (or newer)
// row can enter the answer; a metric query runs several at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "runtime/logql/engine/engine.h"
#include "runtime/model/log_block.h"
#include "runtime/model/time_range.h"

namespace skald {

// One day of one leaf, ready to run.
struct query_interval {
  std::size_t leaf = 0;
  std::size_t number = 0;  // unique in the query
  time_range range;        // of the day, cut to the leaf's range
  block_list memory_blocks;
};

class query_root_core {
 public:
  query_root_core(logql::query_plan_ptr plan, std::size_t parallel_intervals);

  // Takes what memory holds of a leaf; its blocks are sorted into days.
  void on_memory(std::size_t leaf, block_list blocks);
  // Takes the days of a leaf for which the store may have data. Call once per leaf, after
  // on_memory.
  void on_days(std::size_t leaf, const std::vector<std::int64_t>& days);

  // Intervals to start now; empty while enough are running or nothing is left.
  std::vector<query_interval> next();
  // An interval's rows have been evaluated.
  void on_interval_done(std::size_t leaf, logql::leaf_result result);

  bool finished() const { return running_ == 0 && waiting_.empty(); }
  // The merged results, one a leaf. Precondition: finished().
  std::vector<logql::leaf_result> take_results() { return std::move(results_); }
  const logql::query_plan& plan() const { return *plan_; }

 private:
  struct day_blocks {
    std::int64_t day;
    block_list blocks;
  };
  void drop_hopeless();

  logql::query_plan_ptr plan_;
  const std::size_t parallel_intervals_;
  std::vector<std::vector<day_blocks>> memory_;  // by leaf
  std::vector<logql::leaf_result> results_;
  std::deque<query_interval> waiting_;
  std::size_t running_ = 0;
  std::size_t intervals_made_ = 0;
};

}  // namespace skald
