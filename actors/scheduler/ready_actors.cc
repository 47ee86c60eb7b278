// SPDX-License-Identifier: Apache-2.0
#include "actors/scheduler/ready_actors.h"

#include <caf/actor_system.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

namespace skald {
namespace {

// The thread has work of its own to come back to.
constexpr int jobs_in_run_max = 64;

}  // namespace

ready_actors::ready_actors(caf::actor_system& system)
    : system_(system),
      lane_(&system.scheduler(), lane_jobs_max),
      active_(lane_of_this_thread == nullptr) {
  if (active_) lane_of_this_thread = &lane_;
}

ready_actors::~ready_actors() {
  if (!active_) return;
  lane_of_this_thread = nullptr;
  while (caf::resumable* job = lane_.pop()) system_.scheduler().enqueue(job);
}

void ready_actors::run(caf::execution_unit* unit) {
  for (int i = 0; i < jobs_in_run_max; ++i) {
    caf::resumable* job = lane_.pop();
    if (job == nullptr) return;
    switch (job->resume(unit, system_.scheduler().max_throughput())) {
      case caf::resumable::resume_later:
        system_.scheduler().enqueue(job);
        break;
      case caf::resumable::done:
      case caf::resumable::awaiting_message:
      case caf::resumable::shutdown_execution_unit:
        caf::intrusive_ptr_release(job);
        break;
    }
  }
}

}  // namespace skald
