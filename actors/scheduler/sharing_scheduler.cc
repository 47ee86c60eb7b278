// SPDX-License-Identifier: Apache-2.0
#include "actors/scheduler/sharing_scheduler.h"

#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>
#include <caf/policy/work_sharing.hpp>

// The one line of worker::run() that must go. Only here, and only for the policy below: no other
// instance of CAF's templates is made in this file.
#undef CAF_PUSH_AID_FROM_PTR
#define CAF_PUSH_AID_FROM_PTR(some_ptr)

#include <caf/scheduler/coordinator.hpp>

namespace skald {
namespace {

struct sharing_policy : caf::policy::work_sharing {};

}  // namespace

void use_sharing_scheduler(caf::actor_system_config& config) {
  config.module_factories.emplace_back([](caf::actor_system& system) -> caf::actor_system::module* {
    return new caf::scheduler::coordinator<sharing_policy>(system);
  });
}

}  // namespace skald
