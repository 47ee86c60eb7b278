// SPDX-License-Identifier: Apache-2.0
// The front door of reading: admits queries, gives each a root actor, sweeps deadlines and
// cancellations, and answers what the index and the ingester's memory know of streams. Accepts the
// messages of querier_interface.h. Context: event actor.
#pragma once

#include <caf/event_based_actor.hpp>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "actors/querier/interval_actor.h"
#include "actors/querier/querier_interface.h"
#include "actors/querier/waiting_queries.h"
#include "runtime/metrics/metric_registry.h"

namespace skald {

class query_frontend_actor final : public caf::event_based_actor {
 public:
  query_frontend_actor(caf::actor_config& config, querier_parts_ptr parts,
                       metric_registry* metrics);
  const char* name() const override { return "query_frontend"; }
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  struct running_query {
    caf::actor root;
    cancellation_ptr cancel;
    bool told = false;  // has been told to stop
  };

  void admit(query_call& call);
  void start_waiting();
  void start(query_call call);
  void start_series(series_call call);
  void sweep();
  void on_root_down(caf::down_msg& down);

  querier_parts_ptr parts_;
  gauge inflight_;
  counter failures_;
  std::unordered_map<caf::actor_addr, running_query> running_;
  std::unordered_set<caf::actor_addr> series_jobs_;
  waiting_queries waiting_;
  bool sweeping_ = false;
};

}  // namespace skald
