// SPDX-License-Identifier: Apache-2.0
// One day of one leaf of a query: finds the chunks in the store, opens their packs wave by wave
// (pack_waves.h), adds the blocks of memory, cuts them into sub-ranges and runs a range worker for
// each, a bounded number at a time; merges what they find and tells the query root. A log query's
// waves and sub-ranges are started in the direction asked for, and no more of them than the answer
// needs. Temporary. Context: event actor; ends by itself, or with its root.
#pragma once

#include <caf/event_based_actor.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "actors/querier/block_locator.h"
#include "actors/querier/querier_options.h"
#include "actors/querier/query_messages.h"

namespace skald {

struct interval_search;

// What roots and intervals need of the node. Outlives them.
struct querier_parts {
  querier_options options;
  block_locator* locator = nullptr;
  caf::actor ingester;  // may be null: a node without ingester
  caf::actor pool;
};
using querier_parts_ptr = std::shared_ptr<const querier_parts>;

class interval_actor final : public caf::event_based_actor {
 public:
  // `known_flushes`: sorted names of the flushes that the memory blocks contain.
  interval_actor(caf::actor_config& config, querier_parts_ptr parts, query_context_ptr query,
                 std::shared_ptr<query_interval> work,
                 std::shared_ptr<const std::vector<std::string>> known_flushes, caf::actor root);
  const char* name() const override { return "interval"; }
  caf::behavior make_behavior() override;

  // Blocks of one sub-range and the time that their rows cover.
  struct group {
    std::shared_ptr<block_list> blocks;
    std::int64_t min_timestamp_ns = 0;
    std::int64_t max_timestamp_ns = 0;  // closed
  };

 private:
  void open_wave();
  void on_groups(std::vector<group> groups);
  void start_workers();
  // Whether rows of this time could change the answer, as far as this day and the others know.
  bool can_matter(std::int64_t min_ns, std::int64_t max_ns) const;
  // Passes waves that cannot matter any more; false when none is left.
  bool has_wave();
  void on_subrange(subrange_done& done);
  void finish();

  querier_parts_ptr parts_;
  query_context_ptr query_;
  std::shared_ptr<query_interval> work_;
  std::shared_ptr<const std::vector<std::string>> known_flushes_;
  caf::actor root_;
  std::shared_ptr<interval_search> search_;
  std::deque<group> waiting_;
  std::size_t running_ = 0;
  std::size_t started_ = 0;
  leaf_answer_ptr merged_ = std::make_shared<leaf_answer>();
};

}  // namespace skald
