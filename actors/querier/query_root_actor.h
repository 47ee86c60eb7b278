// SPDX-License-Identifier: Apache-2.0
// One running query: asks the ingester for what is in memory, then runs one interval actor per day
// and leaf, merges, and answers. Owns the whole subtree: its end ends intervals and workers and
// frees their blocks. Temporary, never restarted; supervised by the query frontend. Context: event
// actor.
#pragma once

#include <caf/event_based_actor.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "actors/querier/interval_actor.h"
#include "actors/querier/query_messages.h"
#include "actors/querier/query_root_core.h"

namespace skald {

// Accepts cancel_atom: stop now, with the reason that the call's cancellation gives.
class query_root_actor final : public caf::event_based_actor {
 public:
  query_root_actor(caf::actor_config& config, querier_parts_ptr parts, query_call call);
  const char* name() const override { return "query_root"; }
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  void ask_memory();
  void count_memory(std::size_t leaf, const block_list& blocks);
  void on_memory_complete();
  void start_intervals();
  void on_interval(interval_done& done);
  void finish();
  void fail(error why);

  querier_parts_ptr parts_;
  query_call call_;
  query_context_ptr query_;
  query_root_core core_;
  std::size_t memory_answers_missing_ = 0;
  std::uint64_t memory_bytes_ = 0;  // that the query would read; counted when there is a limit
  std::vector<std::shared_ptr<const std::vector<std::string>>> known_flushes_;  // by leaf
  std::vector<caf::actor> intervals_;
  logql::query_stats stats_;
  std::set<std::string> warnings_;  // of the ingester: entries that are left out
};

}  // namespace skald
