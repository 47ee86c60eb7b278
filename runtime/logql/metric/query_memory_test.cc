// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/query_memory.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "runtime/logql/metric/series_states.h"
#include "runtime/logql/metric/step_grid.h"

namespace skald::logql {
namespace {

constexpr std::uint64_t kib = 1024;

TEST(QueryMemory, SharesGiveBackWhatTheyTook) {
  const auto memory = std::make_shared<query_memory>(100 * kib);
  {
    memory_share one(memory);
    one.hold(60 * kib);
    EXPECT_TRUE(one.check().ok());
    memory_share other(memory);
    other.hold(60 * kib);
    EXPECT_EQ(memory->used(), 120 * kib);
    EXPECT_EQ(one.check().error().code, errc::resource_exhausted);
    other.hold(20 * kib);
    EXPECT_TRUE(one.check().ok());
    memory_share moved(std::move(one));
    EXPECT_EQ(memory->used(), 80 * kib);
    other = std::move(moved);
    EXPECT_EQ(memory->used(), 60 * kib);
  }
  EXPECT_EQ(memory->used(), 0U);
}

TEST(QueryMemory, ZeroIsNoBound) {
  const auto memory = std::make_shared<query_memory>(0);
  memory_share share(memory);
  share.hold(std::uint64_t{1} << 60);
  EXPECT_TRUE(share.check().ok());
  memory_share nowhere;
  nowhere.hold(1);
  EXPECT_FALSE(nowhere.is_exceeded());
}

TEST(QueryMemory, AllTogetherHaveABound) {
  const auto all = std::make_shared<query_memory>(640 * kib);
  const auto large = std::make_shared<query_memory>(400 * kib, all);
  const auto other = std::make_shared<query_memory>(400 * kib, all);
  const auto small = std::make_shared<query_memory>(400 * kib, all);
  memory_share few(small);
  few.hold(8 * kib);
  memory_share many(large);
  many.hold(380 * kib);
  EXPECT_TRUE(many.check().ok());
  {
    memory_share more(other);
    more.hold(380 * kib);
    EXPECT_EQ(more.check().error().code, errc::overloaded);
    EXPECT_EQ(many.check().error().code, errc::overloaded);
    EXPECT_TRUE(few.check().ok());  // is not what takes the memory
    more.hold(500 * kib);
    EXPECT_EQ(more.check().error().code, errc::resource_exhausted);
  }
  EXPECT_TRUE(many.check().ok());
  EXPECT_EQ(all->used(), 388 * kib);
}

TEST(QueryMemory, AllAreToldInSteps) {
  constexpr std::uint64_t step = 256 * kib;
  const auto all = std::make_shared<query_memory>(4096 * 4096 * kib);
  query_memory one(0, all);
  query_memory other(0, all);
  one.take(step - 1);
  EXPECT_EQ(all->used(), 0U);
  one.take(1);
  EXPECT_EQ(all->used(), step);
  other.take(5 * step + 1);
  EXPECT_EQ(all->used(), 6 * step);
  one.give_back(1);
  EXPECT_EQ(all->used(), 5 * step);
  other.give_back(3 * step);
  EXPECT_EQ(all->used(), 2 * step);
  other.give_back(2 * step + 1);
  one.give_back(step - 1);
  EXPECT_EQ(all->used(), 0U);
}

TEST(QueryMemory, NothingIsLeftAfterManyThreads) {
  const auto all = std::make_shared<query_memory>(1024 * kib);
  std::vector<std::thread> threads;
  for (int query = 0; query < 2; ++query) {
    const auto memory = std::make_shared<query_memory>(0, all);
    for (std::uint64_t worker = 1; worker <= 3; ++worker) {
      threads.emplace_back([memory, worker] {
        for (std::uint64_t i = 0; i < 20'000; ++i) memory->take(worker * 700);
        for (std::uint64_t i = 0; i < 20'000; ++i) memory->give_back(worker * 700);
      });
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(all->used(), 0U);
}

// A step back may be told before the step forward that another thread made.
TEST(QueryMemory, LessThanNothingIsNotTooMuch) {
  const auto all = std::make_shared<query_memory>(1024 * kib);
  query_memory one(0, all);
  one.take(100 * kib);
  EXPECT_TRUE(one.check().ok());
  all->give_back(104 * kib);
  EXPECT_TRUE(one.check().ok());
}

// What the table says without looking, against its series and cells one by one.
template <class State>
std::uint64_t counted_again(const state_table<State>& table) {
  std::uint64_t bytes = 0;
  for (const auto& series : table.all()) {
    bytes += sizeof(series) + 48 + memory_bytes(series.labels) + series.cells.memory_bytes();
  }
  return bytes;
}

state_table<count_state> table_of(int first_series, int last_series, std::uint32_t intervals) {
  state_table<count_state> table;
  for (int i = first_series; i <= last_series; ++i) {
    const label_set labels(std::vector<label>{{"n", std::string(100, 'x') + std::to_string(i)}});
    const std::uint32_t series =
        table.series(xxh3_128(labels.canonical()), 1000, [&] { return labels; });
    for (std::uint32_t at = i; at < intervals; at += 70) table.cell(series, at).add_rows(1, 0);
  }
  return table;
}

TEST(QueryMemory, StatesCountWhatTheyHave) {
  state_table<count_state> left = table_of(1, 20, 500);
  state_table<count_state> right = table_of(11, 40, 1000);
  EXPECT_EQ(left.memory_bytes(), counted_again(left));
  EXPECT_GT(left.memory_bytes(), 20U * 100);
  const std::uint64_t both = left.memory_bytes() + right.memory_bytes();
  left.merge(std::move(right));
  EXPECT_EQ(left.memory_bytes(), counted_again(left));
  EXPECT_LT(left.memory_bytes(), both);
  state_table<count_state> empty;
  empty.merge(std::move(left));
  EXPECT_EQ(empty.memory_bytes(), counted_again(empty));
}

}  // namespace
}  // namespace skald::logql
