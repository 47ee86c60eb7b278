// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "actors/supervision/join.h"
#include "actors/supervision/one_shot.h"
#include "actors/supervision/restart_policy.h"

namespace skald {
namespace {

using namespace std::chrono_literals;

TEST(OneShot, GivesTheFirstAnswerOnce) {
  std::vector<std::string> answers;
  {
    const one_shot<std::string> shot([&](result<std::string> value) { answers.push_back(*value); });
    const auto copy = shot;
    copy.answer(std::string("first"));
    shot.answer(std::string("second"));
  }
  EXPECT_EQ(answers, std::vector<std::string>{"first"});
}

TEST(OneShot, DestructionOfTheLastCopyAnswersUnavailable) {
  std::optional<errc> code;
  std::optional<one_shot<int>> shot;
  shot.emplace([&](result<int> value) { code = value.error().code; });
  auto copy = std::make_unique<one_shot<int>>(*shot);
  shot.reset();
  EXPECT_FALSE(code.has_value());
  copy.reset();
  EXPECT_EQ(code, errc::unavailable);
}

TEST(OneShot, DefaultAnswersNowhere) {
  const one_shot<std::string> shot;
  EXPECT_FALSE(static_cast<bool>(shot));
  shot.answer(std::string("x"));
}

TEST(Gather, RunsOnceAllTicketsAndThePointerAreGone) {
  std::optional<gather<int>::outcome> done;
  auto all = gather<int>::make([&](gather<int>::outcome outcome) { done = std::move(outcome); });
  auto first = std::make_unique<gather<int>::ticket>(all);
  auto second = std::make_unique<gather<int>::ticket>(all);
  auto third = std::make_unique<gather<int>::ticket>(all);
  first->settle(5);
  first->settle(6);
  first.reset();
  third->settle_empty();
  third.reset();
  all = nullptr;
  EXPECT_FALSE(done.has_value());
  const auto copy = *second;
  second.reset();
  EXPECT_FALSE(done.has_value());
  const_cast<gather<int>::ticket&>(copy) = gather<int>::ticket();
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->parts, std::vector<int>{5});
  EXPECT_EQ(done->failed, 1U);
}

TEST(Gather, WithoutTicketsRunsAtOnce) {
  bool done = false;
  gather<int>::make([&](gather<int>::outcome outcome) { done = outcome.parts.empty(); });
  EXPECT_TRUE(done);
}

TEST(RestartPolicy, AllowsSoManyInAWindow) {
  restart_policy policy({3, 60s});
  const auto start = restart_policy::time_point{} + 1h;
  EXPECT_TRUE(policy.allow(start));
  EXPECT_TRUE(policy.allow(start + 1s));
  EXPECT_TRUE(policy.allow(start + 2s));
  EXPECT_FALSE(policy.allow(start + 3s));
  EXPECT_FALSE(policy.allow(start + 60s));  // the first still counts
  EXPECT_TRUE(policy.allow(start + 60s + 1ns));
  EXPECT_EQ(policy.recent(), 3U);
}

TEST(RestartPolicy, ZeroAllowsNone) {
  restart_policy policy({0, 60s});
  EXPECT_FALSE(policy.allow({}));
}

}  // namespace
}  // namespace skald
