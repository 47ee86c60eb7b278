// SPDX-License-Identifier: Apache-2.0
#include "runtime/node/node_root_actor.h"

#include <caf/all.hpp>

#include "runtime/base/log.h"

namespace skald {

// ingester -> root.
struct ingester_state_known {
  std::shared_ptr<result<ingester_status>> status;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::ingester_state_known)

namespace skald {
namespace {

using poll_atom = caf::atom_constant<caf::atom("poll")>;
constexpr auto poll_while_starting = std::chrono::milliseconds(5);
constexpr auto poll_later = std::chrono::milliseconds(500);

readiness readiness_of(const ingester_status& status) {
  using phase = ingester_status::phase;
  switch (status.now) {
    case phase::ready:
      if (status.pushes_refused.empty()) return {true, "ready"};
      return {false, "Ingester not ready: " + status.pushes_refused};
    case phase::shutting_down:
      return {false, "Application is stopping"};
    case phase::failed:
      return {false, "Ingester not ready: " + status.note};
    case phase::replaying:
      break;
  }
  std::string text = "Ingester not ready: replaying the write-ahead log";
  if (status.replay_bytes > 0) {
    text += ", " + std::to_string(100 * status.replayed_bytes / status.replay_bytes) + " % of " +
            std::to_string(status.replay_bytes >> 20) + " MiB";
  }
  if (!status.note.empty()) text += "; " + status.note;
  return {false, std::move(text)};
}

}  // namespace

node_root_actor::node_root_actor(caf::actor_config& config, node_root_parts parts,
                                 const skald::clock& time, metric_registry* metrics)
    : supervisor_actor(config, {}, time, metrics), parts_(std::move(parts)) {}

caf::behavior node_root_actor::make_behavior() {
  for (std::size_t i = 0; i < parts_.children.size(); ++i) {
    watch(i, parts_.children[i].second, parts_.children[i].first);
  }
  ask_status();
  return {
      [this](poll_atom) { ask_status(); },
      [this](expect_ends_atom) {
        for (const auto& part : parts_.children) forget(part.second);
      },
      [this](ingester_state_known& known) {
        const bool ok = known.status->ok();
        const readiness state =
            ok ? readiness_of(**known.status)
               : readiness{false, "Ingester not ready: " + known.status->error().message};
        if (state.ready && !parts_.board->is_ready()) log_info("node", "ready");
        if (!state.ready && parts_.board->is_ready()) {
          log_error("node", "not ready", {{"why", state.text}});
        }
        started_ = started_ || state.ready;
        parts_.board->set(state);
        if (ok && (*known.status)->now == ingester_status::phase::failed) {
          log_error("node", "the ingester has failed for good", {{"note", (*known.status)->note}});
          parts_.failed->store(true);
        }
        delayed_send(this, started_ ? poll_later : poll_while_starting, poll_atom::value);
      }};
}

void node_root_actor::ask_status() {
  send(parts_.ingester, status_request{one_shot<ingester_status>([self = caf::actor(this)](
                                                                     result<ingester_status> s) {
         caf::anon_send(
             self, ingester_state_known{std::make_shared<result<ingester_status>>(std::move(s))});
       })});
}

void node_root_actor::on_child_down(child_id id, const caf::error& reason, restart_verdict) {
  parts_.board->set(
      {false, std::string(parts_.children[id].first) + " has failed: " + describe_exit(reason)});
  parts_.failed->store(true);
}

}  // namespace skald
