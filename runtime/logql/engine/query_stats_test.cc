// SPDX-License-Identifier: Apache-2.0
// Statistics of a query's parts add up, field by field.
#include "runtime/logql/engine/query_stats.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>

namespace skald::logql {
namespace {

constexpr std::size_t counters = sizeof(source_stats) / sizeof(std::uint64_t);
using counter_array = std::array<std::uint64_t, counters>;

// Each counter another number.
source_stats numbered(std::uint64_t factor) {
  counter_array values;
  for (std::size_t i = 0; i < counters; ++i) values[i] = factor * (i + 1);
  return std::bit_cast<source_stats>(values);
}

TEST(QueryStats, EveryCounterOfASourceAdds) {
  source_stats sum = numbered(1);
  sum.add(numbered(1000));
  EXPECT_EQ(std::bit_cast<counter_array>(sum), std::bit_cast<counter_array>(numbered(1001)));
}

TEST(QueryStats, SourcesStayApart) {
  query_stats sum;
  for (int worker = 0; worker < 3; ++worker) {
    query_stats part;
    part.store = numbered(1);
    part.memory = numbered(10);
    part.subqueries = 1;
    part.structured_metadata_used = worker == 1;
    sum.add(part);
  }
  EXPECT_EQ(std::bit_cast<counter_array>(sum.store), std::bit_cast<counter_array>(numbered(3)));
  EXPECT_EQ(std::bit_cast<counter_array>(sum.memory), std::bit_cast<counter_array>(numbered(30)));
  EXPECT_EQ(sum.subqueries, 3);
  EXPECT_TRUE(sum.structured_metadata_used);
}

TEST(CacheUse, SinceIsWhatCameOnTop) {
  constexpr std::size_t cache_counters = sizeof(cache_use) / sizeof(std::uint64_t);
  using values = std::array<std::uint64_t, cache_counters>;
  const cache_use before = numbered(1).cache;
  cache_use after = before;
  after.add(numbered(7).cache);
  EXPECT_EQ(std::bit_cast<values>(after.since(before)), std::bit_cast<values>(numbered(7).cache));
}

}  // namespace
}  // namespace skald::logql
