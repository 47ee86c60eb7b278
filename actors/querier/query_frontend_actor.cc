// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/query_frontend_actor.h"

#include <algorithm>
#include <caf/all.hpp>
#include <optional>

#include "actors/querier/query_root_actor.h"
#include "actors/querier/series_job_actor.h"
#include "runtime/base/log.h"

namespace skald {

query_frontend_actor::query_frontend_actor(caf::actor_config& config, querier_parts_ptr parts,
                                           metric_registry* metrics)
    : caf::event_based_actor(config),
      parts_(std::move(parts)),
      waiting_(parts_->options.waiting_queries_per_tenant_max) {
  if (metrics != nullptr) {
    inflight_ = metrics->get_gauge(metric_names::queries_inflight);
    failures_ = metrics->get_counter(metric_names::actor_restarts,
                                     {{"actor", "query_root"}, {"reason", "error"}});
  }
  set_down_handler([this](caf::down_msg& down) { on_root_down(down); });
}

caf::behavior query_frontend_actor::make_behavior() {
  return {[this](query_call& call) { admit(call); },
          [this](series_call& call) { start_series(std::move(call)); },
          [this](sweep_atom) { sweep(); },
          [this](frontend_status_call& call) {
            call.reply.answer(frontend_status{running_.size(), waiting_.size()});
          }};
}

void query_frontend_actor::admit(query_call& call) {
  if (running_.size() < parts_->options.running_queries_max) return start(std::move(call));
  if (!waiting_.push(call)) {
    call.reply.answer(error{errc::overloaded, "too many outstanding requests"});
  }
}

void query_frontend_actor::start_series(series_call call) {
  if (series_jobs_.size() >= parts_->options.running_series_max) {
    call.reply.answer(error{errc::overloaded, "too many outstanding requests"});
    return;
  }
  series_jobs_.insert(spawn<series_job_actor, caf::monitored>(parts_, std::move(call)).address());
}

void query_frontend_actor::start_waiting() {
  while (running_.size() < parts_->options.running_queries_max) {
    std::optional<query_call> call = waiting_.pop();
    if (!call) return;
    start(std::move(*call));
  }
}

void query_frontend_actor::start(query_call call) {
  cancellation_ptr cancel = call.cancel;
  auto root = spawn<query_root_actor, caf::monitored>(parts_, std::move(call));
  running_.emplace(root.address(), running_query{root, std::move(cancel)});
  inflight_.set(static_cast<double>(running_.size()));
  if (!sweeping_) {
    sweeping_ = true;
    delayed_send(this, parts_->options.sweep_interval, sweep_atom::value);
  }
}

void query_frontend_actor::sweep() {
  sweeping_ = false;
  waiting_.drop_ended();
  for (auto& [address, query] : running_) {
    if (query.told || query.cancel->check().ok()) continue;
    query.told = true;
    send<caf::message_priority::high>(query.root, cancel_atom::value);
  }
  if (!running_.empty()) {
    sweeping_ = true;
    delayed_send(this, parts_->options.sweep_interval, sweep_atom::value);
  }
}

void query_frontend_actor::on_root_down(caf::down_msg& down) {
  const auto source = caf::actor_cast<caf::actor_addr>(down.source);
  if (series_jobs_.erase(source) > 0) return;
  running_.erase(source);
  inflight_.set(static_cast<double>(running_.size()));
  if (down.reason && down.reason != caf::exit_reason::normal) {
    failures_.add();
    log_error("querier", "query ended unexpectedly", {{"reason", caf::to_string(down.reason)}});
  }
  start_waiting();
}

void query_frontend_actor::on_exit() {
  for (auto& [address, query] : running_) {
    query.cancel->cancel();
    caf::anon_send_exit(query.root, caf::exit_reason::user_shutdown);
  }
  running_.clear();
  waiting_.clear();
}

}  // namespace skald
