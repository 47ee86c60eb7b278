// SPDX-License-Identifier: Apache-2.0
// Base of event actors that own children. It monitors them, counts and logs every unexpected end
// with name and reason, and decides by restart_policy whether the child may be restarted, must be
// given up, or the supervisor itself has to end so that its own supervisor acts. It also replaces
// all of CAF's default handlers, which print to the console.
// Context: members are called from the actor's own handlers only.
#pragma once

#include <caf/actor_addr.hpp>
#include <caf/event_based_actor.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "actors/supervision/restart_policy.h"
#include "runtime/base/clock.h"
#include "runtime/metrics/metric_registry.h"

namespace skald {

// What the policies say about a child that ended.
enum class restart_verdict : std::uint8_t { restart, give_up, escalate };

// Text of an exit reason or error for logs and metrics, e.g. "exit(unhandled_exception): bad".
std::string describe_exit(const caf::error& reason);

class supervisor_actor : public caf::event_based_actor {
 public:
  // `time` and `metrics` must outlive the actor; `metrics` may be null.
  supervisor_actor(caf::actor_config& config, supervision_options options, const skald::clock& time,
                   metric_registry* metrics);

 protected:
  // A child's number among its siblings: the owner's own (row, shard index).
  using child_id = std::uint64_t;

  // Monitors `child`. `kind` names it in logs and metrics and must be a literal.
  void watch(child_id id, const caf::actor& child, const char* kind);
  // The child's end, should it come, is expected.
  void forget(const caf::actor& child);
  bool watches(const caf::actor& child) const { return children_.contains(child.id()); }
  // Forgets former failures of a child.
  void pardon(child_id id) { policies_.erase(id); }

  // A watched child ended. Called after logging and counting; it is no longer watched.
  virtual void on_child_down(child_id id, const caf::error& reason, restart_verdict verdict) = 0;
  // An exit message arrived (from the parent or by a link). The default quits with the reason.
  virtual void on_exit_message(const caf::exit_msg& message);

  const skald::clock& time() const { return time_; }

 private:
  struct child {
    child_id id;
    const char* kind;
  };

  void install_handlers();
  void on_down(const caf::down_msg& message);

  supervision_options options_;
  const skald::clock& time_;
  metric_registry* metrics_;
  std::unordered_map<caf::actor_id, child> children_;
  std::unordered_map<child_id, restart_policy> policies_;  // of children that failed
  restart_policy all_;
};

}  // namespace skald
