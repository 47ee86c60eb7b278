// SPDX-License-Identifier: Apache-2.0
// An actor system on one thread with virtual time, as a GoogleTest fixture. Nothing runs by itself:
// run() delivers all messages that wait, advance() moves the virtual clock and then runs.
// Rules: spawn blocking workers undetached; request(...).receive() would block for ever (send,
// run(), look at the result); end every test with all actors ended, which TearDown checks.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <chrono>
#include <memory>

#include <gtest/gtest.h>

#include "runtime/base/clock.h"

namespace skald {

class deterministic_system : public ::testing::Test {
 protected:
  deterministic_system();
  ~deterministic_system() override;
  // Fails the test when an actor is still alive, and then ends the process: the actor system's
  // destructor would wait for ever.
  void TearDown() override;

  // Delivers messages until none is left. Returns how many.
  std::size_t run();
  // Delivers at most one message. False when there was none.
  bool run_once();
  // Moves virtual time on, fires what is due, and runs.
  void advance(std::chrono::nanoseconds duration);
  // Actors alive.
  std::size_t running() const;

  // Virtual monotonic time; the wall clock starts at 2026-01-01 and moves with it.
  const clock& time() const;
  caf::actor_system& system() { return *system_; }
  caf::scheduler::test_coordinator& scheduler() { return *scheduler_; }

 private:
  class virtual_clock;
  struct testing_config;

  std::unique_ptr<testing_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::scheduler::test_coordinator* scheduler_ = nullptr;
  std::unique_ptr<virtual_clock> time_;
};

}  // namespace skald
