// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/waiting_queries.h"

#include <gtest/gtest.h>

#include <vector>

namespace skald {
namespace {

struct asked_query {
  cancellation_ptr cancel = std::make_shared<cancellation>();
  std::optional<errc> answered;
};

class WaitingQueries : public testing::Test {
 protected:
  bool push(std::string tenant) {
    asked_.push_back(std::make_unique<asked_query>());
    asked_query* asked = asked_.back().get();
    query_call call;
    call.tenant = std::move(tenant);
    call.cancel = asked->cancel;
    call.reply = one_shot<logql::query_result>([asked](const result<logql::query_result>& answer) {
      asked->answered = answer.error().code;
    });
    if (queue_.push(call)) return true;
    call.reply.answer(error{errc::overloaded, "full"});
    return false;
  }
  // The tenants of all that are left, in turn.
  std::string pop_all() {
    std::string out;
    while (auto call = queue_.pop()) out += call->tenant;
    return out;
  }

  waiting_queries queue_{3};
  std::vector<std::unique_ptr<asked_query>> asked_;
};

TEST_F(WaitingQueries, TenantsTakeTurns) {
  for (const char* tenant : {"a", "a", "a", "b", "c", "b"}) EXPECT_TRUE(push(tenant));
  EXPECT_EQ(queue_.size(), 6U);
  EXPECT_EQ(pop_all(), "abcaba");
  EXPECT_EQ(queue_.size(), 0U);
  EXPECT_TRUE(push("a"));
}

TEST_F(WaitingQueries, ATenantHasABound) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(push("a"));
  EXPECT_FALSE(push("a"));
  EXPECT_EQ(asked_.back()->answered, errc::overloaded);
  EXPECT_TRUE(push("b"));
}

// Those whose clients are gone make room, whether they were swept or not.
TEST_F(WaitingQueries, EndedOnesKeepNobodyOut) {
  for (int round = 0; round < 1000; ++round) {
    EXPECT_TRUE(push("a"));
    asked_.back()->cancel->cancel();
  }
  EXPECT_LE(queue_.size(), 3U);
  EXPECT_TRUE(push("a"));
  EXPECT_EQ(pop_all(), "a");
  for (std::size_t i = 0; i < 1000; ++i) EXPECT_EQ(asked_[i]->answered, errc::cancelled) << i;
}

TEST_F(WaitingQueries, SweepsEndedOnesOfAllTenants) {
  for (const char* tenant : {"a", "b", "a", "c", "b"}) EXPECT_TRUE(push(tenant));
  for (const int i : {0, 1, 4}) asked_[i]->cancel->cancel();
  queue_.drop_ended();
  EXPECT_EQ(queue_.size(), 2U);
  for (const int i : {0, 1, 4}) EXPECT_EQ(asked_[i]->answered, errc::cancelled);
  EXPECT_TRUE(push("b"));
  EXPECT_EQ(pop_all(), "acb");
}

TEST_F(WaitingQueries, TimesThatAreOverCountAsEnded) {
  EXPECT_TRUE(push("a"));
  query_call late;
  late.tenant = "a";
  late.cancel = std::make_shared<cancellation>(std::chrono::steady_clock::time_point::min());
  EXPECT_TRUE(queue_.push(late));
  queue_.drop_ended();
  EXPECT_EQ(queue_.size(), 1U);
}

TEST_F(WaitingQueries, ClearTellsAll) {
  EXPECT_TRUE(push("a"));
  queue_.clear();
  EXPECT_EQ(asked_[0]->answered, errc::unavailable);
  EXPECT_FALSE(queue_.pop().has_value());
}

}  // namespace
}  // namespace skald
