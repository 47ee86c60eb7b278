// SPDX-License-Identifier: Apache-2.0
// Hands a request to the query frontend. The thread of the listener takes the first steps by
// itself: up to the worker pool they are a few short messages, and waking a thread for them costs
// more than they do. Context: any thread outside the actor scheduler.
#pragma once

#include <caf/scoped_execution_unit.hpp>
#include <caf/send.hpp>
#include <utility>

#include "actors/gateway/gateway_context.h"
#include "actors/scheduler/ready_actors.h"

namespace skald {

template <class Call>
void tell_frontend(const gateway_context& context, Call call) {
  auto& system = caf::actor_cast<caf::abstract_actor*>(context.frontend)->home_system();
  caf::scoped_execution_unit unit(&system);
  ready_actors ready(system);
  caf::anon_send(context.frontend, std::move(call));
  ready.run(&unit);
}

}  // namespace skald
