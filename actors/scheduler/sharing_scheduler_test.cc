// SPDX-License-Identifier: Apache-2.0
#include "actors/scheduler/sharing_scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <caf/all.hpp>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "actors/scheduler/ready_actors.h"

namespace skald {
namespace {

// The functions below take what they work on as arguments, not by capture: CAF 0.17 dereferences
// the null arguments of a function actor that has none, which the sanitizers stop at.

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
        system.spawn(
            [](caf::event_based_actor* self, std::atomic<int>* handled) -> caf::behavior {
              self->send(self, 0);
              return {[handled, self](int n) {
                ++*handled;
                if (n == 200) return self->quit();
                if (n % 100 == 50) {
                  self->delayed_send(self, std::chrono::milliseconds(1), n + 1);
                } else {
                  self->send(self, n + 1);
                }
              }};
            },
            &handled);
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
      auto one = system.spawn(
          [](caf::event_based_actor*, std::atomic<int>* count) -> caf::behavior {
            return {[count](int) { ++*count; }};
          },
          &handled);
      for (int m = 0; m < 10; ++m) caf::anon_send(one, m);
    }
  }
  EXPECT_LE(handled.load(), 1000);
}

// A set of threads that can be waited for.
class seen_threads {
 public:
  void add() {
    const std::lock_guard lock(mutex_);
    threads_.insert(std::this_thread::get_id());
    ++count_;
    changed_.notify_all();
  }
  std::set<std::thread::id> after(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
    return threads_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::thread::id> threads_;
  int count_ = 0;
};

struct three_workers : caf::actor_system_config {
  three_workers() {
    use_sharing_scheduler(*this);
    set("scheduler.max-threads", std::size_t{3});
  }
};

// Each actor makes the next one and sends to it; `n` of them follow.
caf::behavior relay(caf::event_based_actor* self, seen_threads* seen) {
  return {[self, seen](int n) {
    seen->add();
    if (n > 0) self->send(self->spawn(relay, seen), n - 1);
  }};
}

TEST(SharingScheduler, AChainOfActorsStaysOnOneThread) {
  three_workers config;
  caf::actor_system system(config);
  seen_threads seen;
  caf::anon_send(system.spawn(relay, &seen), 11);
  EXPECT_EQ(seen.after(12).size(), 1u);
}

// Two actors that never stop sending to each other do not hold up a third on the only thread.
TEST(SharingScheduler, AnEndlessExchangeLeavesTurnsToOthers) {
  caf::actor_system_config config;
  use_sharing_scheduler(config);
  config.set("scheduler.max-threads", std::size_t{1});
  std::atomic<bool> stop{false};
  caf::actor_system system(config);
  const auto player = [](caf::event_based_actor* self, std::atomic<bool>* ended) -> caf::behavior {
    return {[self, ended](const caf::actor& other) {
      if (!*ended) self->send(other, caf::actor(self));
    }};
  };
  const caf::actor one = system.spawn(player, &stop);
  const caf::actor other = system.spawn(player, &stop);
  caf::anon_send(one, other);
  seen_threads seen;
  caf::anon_send(system.spawn(relay, &seen), 2);
  EXPECT_EQ(seen.after(3).size(), 1u);
  stop = true;
}

TEST(SharingScheduler, ReceiveTimeoutsAndRequestsStillEnd) {
  three_workers config;
  caf::actor_system system(config);
  std::atomic<int> timeouts{0};
  const caf::actor silent = system.spawn(
      [](caf::event_based_actor* self, int) -> caf::behavior {
        return {[self](int) { return self->make_response_promise<int>(); }};
      },
      0);
  system.spawn(
      [](caf::event_based_actor* self, std::atomic<int>* count) -> caf::behavior {
        return {[](int) {}, caf::after(std::chrono::milliseconds(1)) >>
                                [count, self] {
                                  ++*count;
                                  self->quit();
                                }};
      },
      &timeouts);
  system.spawn(
      [](caf::event_based_actor* self, std::atomic<int>* count, const caf::actor& asked) {
        self->request(asked, std::chrono::milliseconds(1), 1)
            .then([](int) {}, [count](const caf::error&) { ++*count; });
      },
      &timeouts, silent);
  // One that ends before its timeout.
  system.spawn(
      [](caf::event_based_actor* self, int seconds) -> caf::behavior {
        self->quit();
        return {[](int) {}, caf::after(std::chrono::seconds(seconds)) >> [] {}};
      },
      3600);
  caf::anon_send_exit(silent, caf::exit_reason::user_shutdown);
  system.await_all_actors_done();
  EXPECT_EQ(timeouts.load(), 2);
}

TEST(ReadyActors, RunOnTheThreadThatMadeThemReady) {
  three_workers config;
  caf::actor_system system(config);
  caf::scoped_execution_unit unit(&system);
  seen_threads seen;
  {
    ready_actors ready(system);
    caf::anon_send(system.spawn(relay, &seen), 11);
    ready.run(&unit);
  }
  EXPECT_EQ(seen.after(12), std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(ReadyActors, WhatIsLeftGoesToTheScheduler) {
  three_workers config;
  caf::actor_system system(config);
  seen_threads seen;
  const int actors = 3 * static_cast<int>(lane_jobs_max);
  {
    ready_actors ready(system);
    for (int i = 0; i < actors; ++i) caf::anon_send(system.spawn(relay, &seen), 0);
  }
  EXPECT_EQ(seen.after(actors).count(std::this_thread::get_id()), 0u);
}

TEST(ReadyActors, AnotherSystemsActorsDoNotWait) {
  three_workers config;
  caf::actor_system system(config);
  three_workers other_config;
  caf::actor_system other(other_config);
  seen_threads seen;
  const ready_actors ready(system);
  caf::anon_send(other.spawn(relay, &seen), 0);
  EXPECT_EQ(seen.after(1).size(), 1u);
}

}  // namespace
}  // namespace skald
