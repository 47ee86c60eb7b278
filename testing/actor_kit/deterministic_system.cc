// SPDX-License-Identifier: Apache-2.0
#include "testing/actor_kit/deterministic_system.h"

#include <caf/actor_registry.hpp>
#include <cstdio>
#include <cstdlib>

namespace skald {

struct deterministic_system::testing_config : caf::actor_system_config {
  testing_config() { set("scheduler.policy", caf::atom("testing")); }
};

class deterministic_system::virtual_clock final : public clock {
 public:
  explicit virtual_clock(caf::scheduler::test_coordinator& scheduler) : scheduler_(scheduler) {}
  std::int64_t wall_now_ns() const override {
    constexpr std::int64_t start_ns = 1'767'225'600'000'000'000;
    return start_ns + since_start().count();
  }
  std::chrono::steady_clock::time_point now() const override {
    // Not at the clock's epoch: a default time point must read as long ago.
    return std::chrono::steady_clock::time_point{} + std::chrono::hours(24) + since_start();
  }

 private:
  std::chrono::nanoseconds since_start() const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
        scheduler_.clock().now().time_since_epoch());
  }
  caf::scheduler::test_coordinator& scheduler_;
};

deterministic_system::deterministic_system()
    : config_(std::make_unique<testing_config>()),
      system_(std::make_unique<caf::actor_system>(*config_)),
      scheduler_(&dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler())),
      time_(std::make_unique<virtual_clock>(*scheduler_)) {}

deterministic_system::~deterministic_system() = default;

void deterministic_system::TearDown() {
  run();
  EXPECT_EQ(running(), 0U) << "actors are still alive";
  if (running() == 0) return;
  std::fprintf(stderr, "giving up: the actor system's destructor would wait for ever\n");
  std::fflush(nullptr);
  std::_Exit(1);
}

const clock& deterministic_system::time() const {
  return *time_;
}

std::size_t deterministic_system::run() {
  return scheduler_->run();
}

bool deterministic_system::run_once() {
  return scheduler_->try_run_once();
}

void deterministic_system::advance(std::chrono::nanoseconds duration) {
  scheduler_->advance_time(duration);
  run();
}

std::size_t deterministic_system::running() const {
  return system_->registry().running();
}

}  // namespace skald
