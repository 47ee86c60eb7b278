// SPDX-License-Identifier: Apache-2.0
#include "actors/supervision/supervisor_actor.h"

#include <exception>

#include "runtime/base/log.h"

namespace skald {

std::string describe_exit(const caf::error& reason) {
  if (!reason) return "normal";
  std::string text = to_string(caf::atom_constant<caf::atom("exit")>::value);
  if (reason.category() == caf::atom("exit")) {
    text = to_string(static_cast<caf::exit_reason>(reason.code()));
  } else {
    text = to_string(reason.category()) + " " + std::to_string(reason.code());
  }
  const auto& context = reason.context();
  if (context.size() == 1 && context.match_element<std::string>(0)) {
    text += ": " + context.get_as<std::string>(0);
  }
  return text;
}

supervisor_actor::supervisor_actor(caf::actor_config& config, supervision_options options,
                                   const skald::clock& time, metric_registry* metrics)
    : event_based_actor(config),
      options_(options),
      time_(time),
      metrics_(metrics),
      all_(options.all) {
  install_handlers();
}

void supervisor_actor::install_handlers() {
  set_down_handler([this](caf::down_msg& message) { on_down(message); });
  set_exit_handler([this](caf::exit_msg& message) { on_exit_message(message); });
  set_error_handler([this](caf::error& why) {
    log_warn(name(), "error message dropped", {{"reason", describe_exit(why)}});
  });
  set_default_handler(
      [this](caf::scheduled_actor*, caf::message_view& message) -> caf::result<caf::message> {
        log_warn(name(), "unknown message dropped",
                 {{"message", to_string(message.move_content_to_message())}});
        return caf::sec::unexpected_message;
      });
  set_exception_handler([this](std::exception_ptr& thrown) -> caf::error {
    std::string what = "unknown exception";
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {
    }
    log_error(name(), "exception in a handler", {{"what", what}});
    const caf::error code = caf::exit_reason::unhandled_exception;
    return caf::error{code.code(), code.category(), caf::make_message(what)};
  });
}

void supervisor_actor::watch(child_id id, const caf::actor& child, const char* kind) {
  children_.insert_or_assign(child.id(), supervisor_actor::child{id, kind});
  monitor(child);
}

void supervisor_actor::forget(const caf::actor& child) {
  children_.erase(child.id());
}

void supervisor_actor::on_exit_message(const caf::exit_msg& message) {
  quit(message.reason);
}

void supervisor_actor::on_down(const caf::down_msg& message) {
  const auto found = children_.find(message.source.id());
  if (found == children_.end()) return;  // an older life, or forgotten
  const auto ended = found->second;
  children_.erase(found);
  const auto now = time_.now();
  auto& policy = policies_.try_emplace(ended.id, options_.child).first->second;
  auto verdict = restart_verdict::restart;
  if (!policy.allow(now)) {
    verdict = restart_verdict::give_up;
  } else if (!all_.allow(now)) {
    verdict = restart_verdict::escalate;
  }
  const auto reason = describe_exit(message.reason);
  log_error(name(), "child ended unexpectedly",
            {{"child", ended.kind},
             {"number", ended.id},
             {"reason", reason},
             {"recent_restarts", policy.recent()},
             {"verdict", verdict == restart_verdict::restart   ? "restart"
                         : verdict == restart_verdict::give_up ? "give up"
                                                               : "escalate"}});
  if (metrics_ != nullptr) {
    // The text of an exception is no label value: only its code is.
    metrics_
        ->get_counter(metric_names::actor_restarts,
                      {{"actor", ended.kind}, {"reason", reason.substr(0, reason.find(':'))}})
        .add();
  }
  on_child_down(ended.id, message.reason, verdict);
}

}  // namespace skald
