// SPDX-License-Identifier: Apache-2.0
#include "actors/io/worker_pool.h"

#include <gtest/gtest.h>

#include <caf/all.hpp>
#include <memory>

#include "actors/supervision/one_shot.h"
#include "testing/actor_kit/deterministic_system.h"

namespace skald {
namespace {

TEST(FairQueue, TenantsTakeTurns) {
  fair_queue queue(10);
  std::string order;
  const auto push = [&](const char* tenant, char mark) {
    EXPECT_TRUE(queue.push(make_pool_task(tenant, [&order, mark] { order += mark; })));
  };
  push("a", '1');
  push("a", '2');
  push("a", '3');
  push("b", 'x');
  push("b", 'y');
  EXPECT_EQ(queue.size(), 5u);
  while (!queue.empty()) (*queue.pop().run)();
  EXPECT_EQ(order, "1x2y3");
}

TEST(FairQueue, OneTenantsBoundDoesNotTouchTheOthers) {
  fair_queue queue(2);
  const auto nothing = [] {};
  EXPECT_TRUE(queue.push(make_pool_task("a", nothing)));
  EXPECT_TRUE(queue.push(make_pool_task("a", nothing)));
  EXPECT_FALSE(queue.push(make_pool_task("a", nothing)));
  EXPECT_TRUE(queue.push(make_pool_task("b", nothing)));
}

class worker_pool_test : public deterministic_system {
 protected:
  caf::actor make_pool(std::size_t waiting_max = 100) {
    worker_pool_options options;
    options.workers = 2;
    options.waiting_per_tenant_max = waiting_max;
    options.detached = false;
    auto pool = system().spawn<worker_pool_actor>(options);
    run();
    return pool;
  }
  void end(caf::actor& pool) {
    caf::anon_send_exit(pool, caf::exit_reason::user_shutdown);
    pool = nullptr;
    run();
  }
};

TEST_F(worker_pool_test, RunsEveryTask) {
  auto pool = make_pool();
  int ran = 0;
  for (int i = 0; i < 20; ++i) caf::anon_send(pool, make_pool_task("t", [&ran] { ++ran; }));
  run();
  EXPECT_EQ(ran, 20);
  end(pool);
}

TEST_F(worker_pool_test, ATaskThatThrowsHarmsNobodyElse) {
  auto pool = make_pool();
  int ran = 0;
  caf::anon_send(pool, make_pool_task("t", [] { throw std::runtime_error("bad task"); }));
  for (int i = 0; i < 5; ++i) caf::anon_send(pool, make_pool_task("t", [&ran] { ++ran; }));
  run();
  EXPECT_EQ(ran, 5);
  end(pool);
}

TEST_F(worker_pool_test, ADroppedTaskAnswersByItsDestruction) {
  auto pool = make_pool(1);
  int answered = 0;
  int failed = 0;
  for (int i = 0; i < 10; ++i) {
    const one_shot<int> reply([&](result<int> value) { ++(value.ok() ? answered : failed); });
    caf::anon_send(pool, make_pool_task("t", [reply] { reply.answer(1); }));
  }
  run();
  EXPECT_EQ(answered + failed, 10);
  EXPECT_GT(failed, 0);
  EXPECT_GE(answered, 3);  // two workers and one place to wait
  end(pool);
}

}  // namespace
}  // namespace skald
