// SPDX-License-Identifier: Apache-2.0
// For threads outside the scheduler that hand over results and then look for more work: while it
// lives, actors that get ready by this thread's messages wait here instead of waking a thread of
// the scheduler, and run() runs them. Messages that should be handled while the thread goes on
// working must be sent before or after its life. Context: one thread, on the stack.
#pragma once

#include <caf/fwd.hpp>

#include "actors/scheduler/job_lane.h"

namespace skald {

class ready_actors {
 public:
  // Does nothing on a thread of the scheduler, or when the system has another scheduler than
  // use_sharing_scheduler().
  explicit ready_actors(caf::actor_system& system);
  // What is left goes to the scheduler.
  ~ready_actors();
  ready_actors(const ready_actors&) = delete;
  ready_actors& operator=(const ready_actors&) = delete;

  // Runs them, and those that they make ready; a bounded number. `unit` is the caller's.
  void run(caf::execution_unit* unit);

 private:
  caf::actor_system& system_;
  job_lane lane_;
  bool active_;
};

}  // namespace skald
