// SPDX-License-Identifier: Apache-2.0
#include "actors/scheduler/sharing_scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <caf/all.hpp>
#include <chrono>

namespace skald {
namespace {

// Each actor passes a number on to the next one until it is used up; many of them at once, on
// several threads, with messages to come later among them.
TEST(SharingScheduler, RunsActorsToTheirEnd) {
  for (const std::size_t threads : {1u, 3u}) {
    caf::actor_system_config config;
    use_sharing_scheduler(config);
    config.set("scheduler.max-threads", threads);
    config.set("scheduler.max-throughput", 2u);
    std::atomic<int> handled{0};
    {
      caf::actor_system system(config);
      EXPECT_EQ(system.scheduler().num_workers(), threads);
      for (int chain = 0; chain < 50; ++chain) {
        system.spawn([&handled](caf::event_based_actor* self) -> caf::behavior {
          self->send(self, 0);
          return {[&handled, self](int n) {
            ++handled;
            if (n == 200) return self->quit();
            if (n % 100 == 50) {
              self->delayed_send(self, std::chrono::milliseconds(1), n + 1);
            } else {
              self->send(self, n + 1);
            }
          }};
        });
      }
      system.await_all_actors_done();
    }
    EXPECT_EQ(handled.load(), 50 * 201);
  }
}

TEST(SharingScheduler, EndsWithMessagesOnTheirWay) {
  std::atomic<int> handled{0};
  {
    caf::actor_system_config config;
    use_sharing_scheduler(config);
    config.set("scheduler.max-threads", 2u);
    caf::actor_system system(config);
    for (int i = 0; i < 100; ++i) {
      auto one =
          system.spawn([&handled]() -> caf::behavior { return {[&handled](int) { ++handled; }}; });
      for (int m = 0; m < 10; ++m) caf::anon_send(one, m);
    }
  }
  EXPECT_LE(handled.load(), 1000);
}

}  // namespace
}  // namespace skald
