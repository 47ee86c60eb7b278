// SPDX-License-Identifier: Apache-2.0
// The distributor's actor: gives each push a push_job, which sends its frames to the ingester and
// joins the answers. Validation and rate limits happen before, on the io threads
// (distributor_core). Context: event actor; supervises its jobs, which are temporary and never
// restarted: a job that dies answers its push with unavailable.
#pragma once

#include <caf/event_based_actor.hpp>

#include "actors/distributor/distributor_interface.h"
#include "runtime/metrics/metric_registry.h"

namespace skald {

class distributor_actor final : public caf::event_based_actor {
 public:
  distributor_actor(caf::actor_config& config, caf::actor ingester);
  const char* name() const override { return "distributor"; }
  caf::behavior make_behavior() override;
  void on_exit() override { ingester_ = nullptr; }

 private:
  caf::actor ingester_;
};

}  // namespace skald
