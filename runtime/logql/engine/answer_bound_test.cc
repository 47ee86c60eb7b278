// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/answer_bound.h"

#include <gtest/gtest.h>

namespace skald::logql {
namespace {

using times = std::vector<std::int64_t>;

query_request request_of(std::size_t limit, bool forward) {
  query_request request;
  request.limit = limit;
  request.forward = forward;
  return request;
}

TEST(AnswerBound, KnowsNothingAtFirst) {
  EXPECT_EQ(answer_bound(request_of(10, false)).get(), INT64_MIN);
  EXPECT_EQ(answer_bound(request_of(10, true)).get(), INT64_MAX);
}

TEST(AnswerBound, OnlyBecomesTighter) {
  answer_bound backward(request_of(10, false));
  backward.tighten(5);
  backward.tighten(3);
  EXPECT_EQ(backward.get(), 5);
  EXPECT_TRUE(backward.accepts_any(1, 5));
  EXPECT_FALSE(backward.accepts_any(1, 4));
  answer_bound forward(request_of(10, true));
  forward.tighten(3);
  forward.tighten(5);
  EXPECT_EQ(forward.get(), 3);
  EXPECT_TRUE(forward.accepts_any(3, 9));
  EXPECT_FALSE(forward.accepts_any(4, 9));
}

TEST(AnswerBound, CountsOverAllWorkers) {
  answer_bound bound(request_of(4, false));
  const std::size_t a = bound.join();
  const std::size_t b = bound.join();
  bound.report(a, times{90, 50, 40});
  EXPECT_EQ(bound.get(), INT64_MIN);
  bound.report(b, times{80, 10});
  EXPECT_EQ(bound.get(), 40);
  bound.report(b, times{80, 70, 60});
  EXPECT_EQ(bound.get(), 60);
}

// Entries that were left out behind the bound are in no later count.
TEST(AnswerBound, StaysRightWhenItTightensAgain) {
  answer_bound bound(request_of(2, false));
  const std::size_t a = bound.join();
  const std::size_t b = bound.join();
  bound.report(a, times{50, 40, 30, 20});
  EXPECT_EQ(bound.get(), 40);
  bound.report(b, times{45, 10});
  EXPECT_EQ(bound.get(), 45);
  bound.report(b, times{60, 55, 45});
  EXPECT_EQ(bound.get(), 55);
}

TEST(AnswerBound, WhatAWorkerToldBeforeCountsOnce) {
  answer_bound bound(request_of(3, true));
  const std::size_t worker = bound.join();
  bound.report(worker, times{1, 2});
  bound.report(worker, times{1, 2});
  EXPECT_EQ(bound.get(), INT64_MAX);
  bound.report(worker, times{1, 2, 7, 9});
  EXPECT_EQ(bound.get(), 7);
}

TEST(AnswerBound, DoesNotCountWhereThatCostsMoreOrMisleads) {
  EXPECT_TRUE(answer_bound(request_of(1000, false)).counts());
  EXPECT_FALSE(answer_bound(request_of(1001, false)).counts());
  EXPECT_FALSE(answer_bound(request_of(0, false)).counts());
  query_request thinned = request_of(10, false);
  thinned.interval_ns = 1;
  EXPECT_FALSE(answer_bound(thinned).counts());
}

}  // namespace
}  // namespace skald::logql
