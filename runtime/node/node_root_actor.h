// SPDX-License-Identifier: Apache-2.0
// The top of the supervision tree: watches the node's parts and keeps the readiness board. A part
// that ends for good makes the node not ready and the process stop with status 3: what it held is
// rebuilt from durable state at the next start. Context: event actor. The parts supervise their own
// children with restarts.
#pragma once

#include <atomic>
#include <caf/atom.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/ingester/ingester_interface.h"
#include "actors/supervision/supervisor_actor.h"
#include "runtime/node/readiness_board.h"

namespace skald {

struct node_root_parts {
  caf::actor ingester;
  std::vector<std::pair<const char*, caf::actor>> children;
  std::shared_ptr<readiness_board> board;
  std::shared_ptr<std::atomic<bool>> failed;
};

// The parts are about to be stopped in order: from here their ends are no failures.
using expect_ends_atom = caf::atom_constant<caf::atom("expectends")>;

class node_root_actor final : public supervisor_actor {
 public:
  node_root_actor(caf::actor_config& config, node_root_parts parts, const skald::clock& time,
                  metric_registry* metrics);
  const char* name() const override { return "node_root"; }
  caf::behavior make_behavior() override;
  void on_exit() override { parts_ = {}; }

 private:
  void on_child_down(child_id id, const caf::error& reason, restart_verdict verdict) override;
  void ask_status();

  node_root_parts parts_;
  bool started_ = false;  // it was ready once
};

}  // namespace skald
