// SPDX-License-Identifier: Apache-2.0
#include "actors/supervision/supervisor_actor.h"

#include <caf/send.hpp>
#include <stdexcept>

#include "testing/actor_kit/deterministic_system.h"

namespace skald {
namespace {

using namespace std::chrono_literals;

class fragile : public caf::event_based_actor {
 public:
  explicit fragile(caf::actor_config& config) : event_based_actor(config) {
    set_exception_handler(
        [](std::exception_ptr&) -> caf::error { return caf::exit_reason::unhandled_exception; });
  }
  caf::behavior make_behavior() override {
    return {[](int) { throw std::runtime_error("broken"); }};
  }
};

struct observed {
  std::vector<restart_verdict> verdicts;
  std::vector<caf::actor> children;
};

class parent : public supervisor_actor {
 public:
  parent(caf::actor_config& config, supervision_options options, const skald::clock& time,
         metric_registry* metrics, observed* seen)
      : supervisor_actor(config, options, time, metrics), seen_(seen) {}
  const char* name() const override { return "parent"; }
  caf::behavior make_behavior() override {
    for (std::uint64_t id = 0; id < 3; ++id) start(id);
    return {[this](int id) { forget(seen_->children[static_cast<std::size_t>(id)]); },
            [](const std::string&) { throw std::runtime_error("parent broken"); }};
  }
  void on_exit() override {
    for (const auto& child : seen_->children) {
      caf::anon_send_exit(child, caf::exit_reason::user_shutdown);
    }
    seen_->children.clear();
  }

 protected:
  void on_child_down(child_id id, const caf::error&, restart_verdict verdict) override {
    seen_->verdicts.push_back(verdict);
    if (verdict == restart_verdict::restart) start(id);
    if (verdict == restart_verdict::escalate) quit(caf::exit_reason::unhandled_exception);
  }

 private:
  void start(child_id id) {
    const auto child = spawn<fragile>();
    seen_->children.resize(3);
    seen_->children[id] = child;
    watch(id, child, "fragile");
  }
  observed* seen_;
};

class supervisor : public deterministic_system {
 protected:
  void start(supervision_options options = {}) {
    parent_ = system().spawn<parent>(options, time(), &metrics_, &seen_);
    run();
  }
  void TearDown() override {
    caf::anon_send_exit(parent_, caf::exit_reason::user_shutdown);
    parent_ = nullptr;
    run();
    deterministic_system::TearDown();
  }
  void break_child(std::size_t id) {
    caf::anon_send(seen_.children[id], 1);
    run();
  }

  metric_registry metrics_;
  observed seen_;
  caf::actor parent_;
};

TEST_F(supervisor, RestartsThenGivesAChildUp) {
  start({{2, 60s}, {20, 60s}});
  for (int i = 0; i < 3; ++i) break_child(1);
  EXPECT_EQ(seen_.verdicts,
            (std::vector<restart_verdict>{restart_verdict::restart, restart_verdict::restart,
                                          restart_verdict::give_up}));
  break_child(0);  // another child has its own count
  EXPECT_EQ(seen_.verdicts.back(), restart_verdict::restart);
  EXPECT_EQ(metrics_
                .get_counter(metric_names::actor_restarts,
                             {{"actor", "fragile"}, {"reason", "unhandled_exception"}})
                .value(),
            4);
}

TEST_F(supervisor, ForgetsOldFailures) {
  start({{1, 60s}, {20, 60s}});
  break_child(0);
  advance(61s);
  break_child(0);
  EXPECT_EQ(seen_.verdicts.back(), restart_verdict::restart);
}

TEST_F(supervisor, EscalatesWhenTooManyChildrenFail) {
  start({{3, 60s}, {2, 60s}});
  for (std::size_t id = 0; id < 3; ++id) break_child(id);
  EXPECT_EQ(seen_.verdicts.back(), restart_verdict::escalate);
  EXPECT_EQ(running(), 0U);
}

TEST_F(supervisor, ExpectedEndsAreNoFailures) {
  start();
  caf::anon_send(parent_, 2);
  run();
  break_child(2);
  EXPECT_TRUE(seen_.verdicts.empty());
}

TEST_F(supervisor, UnknownMessagesAndErrorsDoNotEndIt) {
  start();
  caf::anon_send(parent_, 1.5);
  caf::anon_send(parent_, caf::make_error(caf::sec::runtime_error));
  run();
  break_child(0);
  EXPECT_EQ(seen_.verdicts.size(), 1U);
}

TEST_F(supervisor, ExceptionEndsItWithItsChildren) {
  start();
  caf::anon_send(parent_, std::string("x"));
  run();
  EXPECT_EQ(running(), 0U);
}

TEST(DescribeExit, NamesReasonAndText) {
  EXPECT_EQ(describe_exit({}), "normal");
  EXPECT_EQ(describe_exit(caf::exit_reason::kill), "kill");
  const caf::error code = caf::exit_reason::unhandled_exception;
  EXPECT_EQ(describe_exit(caf::error{code.code(), code.category(),
                                     caf::make_message(std::string("bad input"))}),
            "unhandled_exception: bad input");
}

}  // namespace
}  // namespace skald
