// SPDX-License-Identifier: Apache-2.0
#include "testing/actor_kit/deterministic_system.h"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

namespace skald {
namespace {

using namespace std::chrono_literals;

class sleeper : public caf::event_based_actor {
 public:
  sleeper(caf::actor_config& config, int* woken) : event_based_actor(config), woken_(woken) {}
  caf::behavior make_behavior() override {
    delayed_send(this, 30min, 1);
    return {[this](int value) { *woken_ += value; }};
  }

 private:
  int* woken_;
};

TEST_F(deterministic_system, TimersFollowVirtualTimeExactly) {
  int woken = 0;
  const auto actor = system().spawn<sleeper>(&woken);
  run();
  const auto begin = time().now();
  const auto wall = time().wall_now_ns();
  advance(1799s);
  EXPECT_EQ(woken, 0);
  advance(1s);
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(time().now() - begin, 30min);
  EXPECT_EQ(time().wall_now_ns() - wall, std::chrono::nanoseconds(30min).count());
  EXPECT_EQ(running(), 1U);
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  run();
}

TEST_F(deterministic_system, NothingRunsByItself) {
  int woken = 0;
  const auto actor = system().spawn<sleeper>(&woken);
  caf::anon_send(actor, 5);
  EXPECT_EQ(woken, 0);
  while (run_once()) {
  }
  EXPECT_EQ(woken, 5);
  EXPECT_FALSE(run_once());
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

}  // namespace
}  // namespace skald
