// SPDX-License-Identifier: Apache-2.0
#include "actors/leaf/leaf_actor.h"

#include <atomic>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "actors/supervision/join.h"
#include "testing/actor_kit/deterministic_system.h"

namespace skald {

struct add_number {
  int value = 0;
};
struct fail_now {};
struct ask_sum {};
struct end_now {};
struct link_now {
  caf::actor other;
};
struct do_part {
  gather<int>::ticket ticket;
  int value = 0;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::add_number)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::fail_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::ask_sum)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::do_part)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::end_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::link_now)

namespace skald {
namespace {

class leaf_sum final : public leaf_actor {
 public:
  explicit leaf_sum(caf::actor_config& config) : leaf_actor(config) {}

 protected:
  void on_message(caf::mailbox_element& message, caf::execution_unit* unit) override {
    if (const auto* add = content_as<add_number>(message)) {
      sum_ += add->value;
    } else if (content_as<ask_sum>(message)) {
      respond(message, unit, sum_);
    } else if (content_as<fail_now>(message)) {
      throw std::runtime_error("told to fail");
    } else if (const auto* part = content_as<do_part>(message)) {
      part->ticket.settle(part->value);
    }
  }

 private:
  int sum_ = 0;
};

class linking_leaf final : public leaf_actor {
 public:
  explicit linking_leaf(caf::actor_config& config) : leaf_actor(config) {}

 protected:
  void on_message(caf::mailbox_element& message, caf::execution_unit* unit) override {
    if (const auto* link = content_as<link_now>(message)) {
      link_to(link->other);
    } else if (content_as<end_now>(message)) {
      quit(caf::exit_reason::normal, unit);
    }
  }
};

class event_sum final : public caf::event_based_actor {
 public:
  explicit event_sum(caf::actor_config& config) : event_based_actor(config) {
    set_exception_handler(
        [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
  }
  caf::behavior make_behavior() override {
    return {
        [this](const add_number& add) { sum_ += add.value; },
        [this](const ask_sum&) { return sum_; },
        [](const fail_now&) { throw std::runtime_error("told to fail"); },
        [](const do_part& part) { part.ticket.settle(part.value); },
    };
  }

 private:
  int sum_ = 0;
};

struct kind {
  const char* name;
  caf::actor (*spawn)(caf::actor_system&);
};

class actor_script : public deterministic_system {
 protected:
  static constexpr kind kinds[] = {
      {"leaf", [](caf::actor_system& system) { return spawn_leaf<leaf_sum>(system); }},
      {"event", [](caf::actor_system& system) { return system.spawn<event_sum>(); }}};

  // Asks and returns the sum, or -1 on an error.
  int ask(caf::scoped_actor& self, const caf::actor& target) {
    int sum = -2;
    auto handle = self->request(target, caf::infinite, ask_sum{});
    run();
    handle.receive([&](int value) { sum = value; }, [&](const caf::error&) { sum = -1; });
    return sum;
  }
};

TEST_F(actor_script, HandlesMessagesInOrderAndAnswers) {
  for (const auto& kind : kinds) {
    SCOPED_TRACE(kind.name);
    caf::scoped_actor self(system());
    auto target = kind.spawn(system());
    run();
    for (int i = 1; i <= 100; ++i) caf::anon_send(target, add_number{i});
    EXPECT_EQ(ask(self, target), 5050);
    caf::anon_send_exit(target, caf::exit_reason::user_shutdown);
    run();
    EXPECT_EQ(ask(self, target), -1);
  }
}

TEST_F(actor_script, ALinkedLeafThatEndedLeavesNoMemoryBehind) {
  auto parent = spawn_leaf<linking_leaf>(system());
  auto child = spawn_leaf<linking_leaf>(system());
  const auto memory = caf::actor_cast<caf::weak_actor_ptr>(child);
  caf::anon_send(parent, link_now{child});
  run();
  EXPECT_GT(memory.get()->weak_refs.load(), 1U);  // the link, and the actor itself
  caf::anon_send(child, end_now{});
  child = nullptr;
  run();
  EXPECT_EQ(memory.get()->weak_refs.load(), 1U);
  caf::anon_send_exit(parent, caf::exit_reason::user_shutdown);
  run();
}

TEST_F(actor_script, ExceptionEndsItAndTellsMonitorsAndRequesters) {
  for (const auto& kind : kinds) {
    SCOPED_TRACE(kind.name);
    caf::scoped_actor self(system());
    auto target = kind.spawn(system());
    run();
    self->monitor(target);
    caf::anon_send(target, fail_now{});
    EXPECT_EQ(ask(self, target), -1);  // it waited behind the failing message
    bool down = false;
    self->receive([&](const caf::down_msg& message) {
      down = message.reason == caf::exit_reason::unhandled_exception;
    });
    EXPECT_TRUE(down);
  }
}

TEST_F(actor_script, DeathFailsTicketsInItsMailbox) {
  for (const auto& kind : kinds) {
    SCOPED_TRACE(kind.name);
    auto target = kind.spawn(system());
    run();
    std::size_t failed = 99;
    std::vector<int> parts;
    auto all = gather<int>::make([&](gather<int>::outcome outcome) {
      failed = outcome.failed;
      parts = outcome.parts;
    });
    caf::anon_send(target, do_part{issue_ticket(all), 1});
    caf::anon_send(target, fail_now{});
    caf::anon_send(target, do_part{issue_ticket(all), 2});
    run();
    caf::anon_send(target, do_part{issue_ticket(all), 3});  // to a dead actor
    run();
    EXPECT_EQ(failed, 99U);  // the gather itself is still held
    all = nullptr;
    EXPECT_EQ(failed, 2U);
    EXPECT_EQ(parts, std::vector<int>{1});
  }
}

TEST_F(actor_script, LinksDieTogetherInBothDirections) {
  for (const auto& first : kinds) {
    for (const auto& second : kinds) {
      SCOPED_TRACE(std::string(first.name) + " " + second.name);
      auto a = first.spawn(system());
      auto b = second.spawn(system());
      run();
      caf::actor_cast<caf::abstract_actor*>(a)->add_link(caf::actor_cast<caf::abstract_actor*>(b));
      caf::anon_send(b, fail_now{});
      run();
      caf::scoped_actor self(system());
      EXPECT_EQ(ask(self, a), -1);
      EXPECT_EQ(ask(self, b), -1);
    }
  }
}

TEST_F(actor_script, NormalEndLeavesALinkedLeafAlive) {
  auto a = spawn_leaf<leaf_sum>(system());
  auto b = spawn_leaf<leaf_sum>(system());
  caf::actor_cast<caf::abstract_actor*>(a)->add_link(caf::actor_cast<caf::abstract_actor*>(b));
  caf::anon_send_exit(b, caf::exit_reason::normal);
  run();
  caf::scoped_actor self(system());
  EXPECT_EQ(ask(self, a), 0);
  a = nullptr;
  b = nullptr;
}

TEST_F(actor_script, LeafWithoutHandleEndsByItself) {
  auto target = spawn_leaf<leaf_sum>(system());
  EXPECT_EQ(running(), 1U);
  caf::anon_send(target, add_number{1});
  target = nullptr;
  run();
  EXPECT_EQ(running(), 0U);
}

TEST_F(actor_script, LongMailboxYieldsToOthers) {
  auto busy = spawn_leaf<leaf_sum>(system());
  for (int i = 0; i < 1000; ++i) caf::anon_send(busy, add_number{1});
  caf::scoped_actor self(system());
  EXPECT_EQ(ask(self, busy), 1000);
  busy = nullptr;
}

// Real threads: each message is handled or destroyed, whatever dies meanwhile.
TEST(LeafActor, EveryTicketIsSettledUnderKillsFromManyThreads) {
  constexpr int threads = 4;
  constexpr int rounds = 50;
  constexpr int parts = 200;
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-threads", 2);
  caf::actor_system system(config);
  std::atomic<int> settled{0};
  std::vector<std::thread> pushers;
  for (int t = 0; t < threads; ++t) {
    pushers.emplace_back([&, t] {
      for (int round = 0; round < rounds; ++round) {
        auto target = spawn_leaf<leaf_sum>(system);
        auto all = gather<int>::make([&](gather<int>::outcome outcome) {
          settled += static_cast<int>(outcome.parts.size() + outcome.failed);
        });
        for (int i = 0; i < parts; ++i) {
          caf::anon_send(target, do_part{issue_ticket(all), i});
          if (i == (round * 7 + t) % parts) caf::anon_send(target, fail_now{});
          if (i == (round * 13) % parts) caf::anon_send_exit(target, caf::exit_reason::kill);
        }
      }
    });
  }
  for (auto& pusher : pushers) pusher.join();
  system.await_all_actors_done();
  EXPECT_EQ(settled.load(), threads * rounds * parts);
}

}  // namespace
}  // namespace skald
