// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/pack_cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "storage/chunk/generated_streams.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

class PackCache : public testing::Test {
 protected:
  void SetUp() override {
    pack_writer writer;
    for (int i = 0; i < 4; ++i) {
      const auto streams = generate_streams({.seed = 1, .streams = 5, .rows = 100});
      const auto written = writer.write({"t", "o", 1, 1}, inputs_of(streams));
      ASSERT_TRUE(written.ok());
      ASSERT_TRUE(store_.put("p" + std::to_string(i), written->views()).ok());
    }
    reader_bytes_ = pack_reader::open(store_, "p0").value()->memory_bytes_max();
  }
  memory_store store_;
  std::uint64_t reader_bytes_ = 0;
};

TEST_F(PackCache, GivesTheSameReaderUntilItIsEvicted) {
  pack_cache cache(store_, {.bytes_max = 2 * reader_bytes_});
  const auto p0 = cache.get("p0").value();
  EXPECT_EQ(cache.get("p0").value(), p0);
  cache.get("p1").value();
  EXPECT_EQ(cache.get("p0").value(), p0);  // now p1 is the oldest
  cache.get("p2").value();
  EXPECT_EQ(cache.get("p0").value(), p0);
  const cache_stats stats = cache.stats();
  EXPECT_EQ(stats.hits, 3);
  EXPECT_EQ(stats.misses, 3);
  EXPECT_EQ(stats.evictions, 1);
  EXPECT_EQ(stats.entries, 2);
  EXPECT_EQ(stats.bytes, 2 * reader_bytes_);
  cache.get("p1").value();
  EXPECT_EQ(cache.stats().misses, 4);
}

TEST_F(PackCache, ReadersOutliveTheirPlaceInTheCache) {
  pack_cache cache(store_, {.bytes_max = reader_bytes_});
  const auto p0 = cache.get("p0").value();
  cache.get("p1").value();
  EXPECT_TRUE(p0->stream(0).ok());
  cache.drop("p1");
  EXPECT_EQ(cache.stats().entries, 0);
  EXPECT_EQ(cache.stats().bytes, 0);
  cache.drop("unknown");
}

TEST_F(PackCache, KeepsNothingThatDoesNotFit) {
  pack_cache cache(store_, {.bytes_max = 0});
  EXPECT_TRUE(cache.get("p0").ok());
  EXPECT_EQ(cache.stats().entries, 0);
}

TEST_F(PackCache, ErrorsAreNotKept) {
  pack_cache cache(store_);
  EXPECT_EQ(cache.get("later").error().code, errc::not_found);
  ASSERT_TRUE(store_.put("later", store_.get("p0").value()).ok());
  EXPECT_TRUE(cache.get("later").ok());
}

TEST_F(PackCache, ManyThreads) {
  pack_cache cache(store_, {.bytes_max = 2 * reader_bytes_});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const auto got = cache.get("p" + std::to_string((i * 7 + t) % 4));
        ASSERT_TRUE(got.ok());
        ASSERT_EQ((*got)->info().rows, 100);
      }
    });
  }
  for (auto& one : threads) one.join();
  EXPECT_LE(cache.stats().bytes, 2 * reader_bytes_);
}

}  // namespace
}  // namespace skald
