// SPDX-License-Identifier: Apache-2.0
// What a block finds in the cache reads as if it had been fetched; and what stays in the cache.
#include "storage/chunk/segment_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <thread>

#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_writer.h"
#include "storage/chunk/shape/generated_lines.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

constexpr time_range all_time = {std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max()};

class hand_clock final : public clock {
 public:
  std::int64_t wall_now_ns() const override { return 0; }
  std::chrono::steady_clock::time_point now() const override { return now_; }
  void advance(std::chrono::nanoseconds by) { now_ += by; }

 private:
  std::chrono::steady_clock::time_point now_;
};

block_list all_blocks(const pack_reader& pack) {
  std::vector<chunk_selection> selection;
  for (std::uint32_t i = 0; i < pack.chunk_count(); ++i) selection.push_back({i, nullptr});
  return pack.blocks(selection, all_time).value();
}

class SegmentCache : public testing::Test {
 protected:
  // A pack of several segments, each of one kind of lines.
  void write(line_generator& lines, std::size_t rows, column_use columns) {
    std::vector<stream_rows> streams;
    for (const char* labels : {R"({app="json"})", R"({app="logfmt"})", R"({app="any"})"}) {
      std::int64_t at = 1'795'305'600'000'000'000;
      streams.emplace_back(std::string_view(labels));
      for (std::size_t i = 0; i < rows; ++i) {
        at += static_cast<std::int64_t>(lines.below(2'000'000'000));
        const std::string line = streams.size() == 1   ? lines.json()
                                 : streams.size() == 2 ? lines.logfmt()
                                                       : lines.any();
        stream_rows::pairs pairs;
        if (lines.below(3) == 0) pairs.push_back({"trace_id", std::to_string(lines.below(50))});
        streams.back().add(at, line, pairs);
      }
    }
    pack_writer writer({.segment_bytes_target = 64U << 10, .columns = columns});
    const auto written = writer.write({"t", "o", 1, 1}, inputs_of(streams));
    ASSERT_TRUE(written.ok()) << written.error().message;
    ASSERT_TRUE(store_.put("p", written->views()).ok());
    plain_ = pack_reader::open(store_, "p").value();
  }
  void write_some() {
    line_generator lines(1);
    write(lines, 1500, column_use::always);
  }
  std::shared_ptr<segment_cache> make_cache(std::uint64_t bytes_max) {
    return std::make_shared<segment_cache>(segment_cache_options{bytes_max, std::chrono::hours(1)},
                                           clock_);
  }
  std::shared_ptr<const pack_reader> open_with(std::shared_ptr<segment_cache> cache) {
    return pack_reader::open(store_, "p", std::move(cache)).value();
  }
  // Reads the block's lines and releases it.
  static void visit(log_block& block) {
    ASSERT_TRUE(block.timestamps().ok());
    ASSERT_TRUE(block.lines().ok());
    block.release();
  }
  // What one segment takes, once visited.
  std::uint64_t bytes_of(std::size_t segment, int visits = 3) {
    const auto cache = make_cache(1U << 30);
    const auto blocks = all_blocks(*open_with(cache));
    for (int i = 0; i < visits; ++i) visit(*blocks[segment]);
    return cache->stats().bytes;
  }

  hand_clock clock_;
  memory_store store_;
  std::shared_ptr<const pack_reader> plain_;  // without a cache
};

void expect_equal(const line_column& a, const line_column& b) {
  ASSERT_EQ(a.rows(), b.rows());
  for (std::size_t row = 0; row < a.rows(); ++row) ASSERT_EQ(a.line(row), b.line(row));
}

std::vector<std::uint32_t> some_rows(line_generator& random, std::size_t rows) {
  const std::uint64_t density = 1 + random.below(20);
  std::vector<std::uint32_t> out;
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (random.below(density) == 0) out.push_back(row);
  }
  return out;
}

void compare_field(log_block& cached, log_block& fresh, line_generator& random) {
  static const char* const labels[] = {"level", "status", "msg", "duration", "nested_key", "none"};
  const auto format = random.below(2) == 0 ? line_format_kind::json : line_format_kind::logfmt;
  const char* const label = labels[random.below(6)];
  const auto one = cached.field(format, label);
  const auto other = fresh.field(format, label);
  ASSERT_TRUE(one.ok() && other.ok());
  ASSERT_EQ(*one == nullptr, *other == nullptr);
  if (*one == nullptr) return;
  EXPECT_TRUE(std::equal((*one)->codes.begin(), (*one)->codes.end(), (*other)->codes.begin(),
                         (*other)->codes.end()));
  EXPECT_TRUE(std::equal((*one)->values.begin(), (*one)->values.end(), (*other)->values.begin(),
                         (*other)->values.end()));
}

// Rows that hold a piece of some line; whether few enough to tell may differ.
void compare_text(log_block& cached, log_block& fresh, line_generator& random) {
  const line_column lines = fresh.lines().value();
  const std::string_view line = lines.line(random.below(lines.rows()));
  const std::string text(line.substr(random.below(line.size() + 1), 2 + random.below(12)));
  const auto found = cached.rows_with_text(text, false);
  ASSERT_TRUE(found.ok());
  if (!found->has_value()) return;
  for (std::uint32_t row = 0; row < lines.rows(); ++row) {
    if (lines.line(row).find(text) == std::string_view::npos) continue;
    EXPECT_TRUE(std::binary_search((*found)->begin(), (*found)->end(), row)) << text;
  }
}

// One random read of a block, compared with the same of one that knows nothing yet.
void compare_read(log_block& cached, log_block& fresh, line_generator& random) {
  switch (random.below(7)) {
    case 0: {
      const auto one = cached.timestamps().value();
      const auto other = fresh.timestamps().value();
      ASSERT_TRUE(std::equal(one.begin(), one.end(), other.begin(), other.end()));
      return;
    }
    case 1:
      return expect_equal(cached.lines().value(), fresh.lines().value());
    case 2: {
      const line_column all = fresh.lines().value();
      const auto rows = some_rows(random, all.rows());
      const line_column some = cached.lines_of(rows).value();
      for (const std::uint32_t row : rows) ASSERT_EQ(some.line(row), all.line(row));
      return;
    }
    case 3: {
      const auto one = cached.line_starts().value();
      const auto other = fresh.line_starts().value();
      ASSERT_TRUE(std::equal(one.begin(), one.end(), other.begin(), other.end()));
      return;
    }
    case 4: {
      const metadata_column one = cached.metadata().value();
      const metadata_column other = fresh.metadata().value();
      ASSERT_EQ(one.pairs.size(), other.pairs.size());
      for (std::size_t i = 0; i < one.pairs.size(); ++i) {
        ASSERT_EQ(one.pairs[i].name, other.pairs[i].name);
        ASSERT_EQ(one.pairs[i].value, other.pairs[i].value);
      }
      return;
    }
    case 5:
      return compare_field(cached, fresh, random);
    default:
      return compare_text(cached, fresh, random);
  }
}

TEST_F(SegmentCache, AnyReadsAfterAnyOthersAreAsIfFetched) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  line_generator random(seed);
  for (const column_use columns : {column_use::always, column_use::never}) {
    write(random, 1500, columns);
    const auto cache = make_cache(random.below(2) == 0 ? 1U << 30 : 300U << 10);
    const auto blocks = all_blocks(*open_with(cache));
    ASSERT_GE(blocks.size(), 5);
    for (int i = 0; i < 600 && !HasFatalFailure(); ++i) {
      const std::size_t at = random.below(blocks.size());
      const auto fresh = all_blocks(*plain_);
      compare_read(*blocks[at], *fresh[at], random);
      if (random.below(3) != 0) blocks[at]->release();
    }
    EXPECT_GT(cache->stats().hits, 0);
  }
}

TEST_F(SegmentCache, WhatWasReadIsNotFetchedAgain) {
  write_some();
  const auto cache = make_cache(1U << 30);
  const auto reader = open_with(cache);
  for (const auto& block : all_blocks(*reader)) visit(*block);
  const auto again = all_blocks(*reader);
  for (const auto& block : again) {
    visit(*block);
    EXPECT_EQ(block->read_stats().fetch_count, 0);
  }
  EXPECT_EQ(cache->stats().hits, again.size());
  EXPECT_EQ(cache->stats().misses, again.size());
  EXPECT_EQ(cache->stats().entries, again.size());
}

TEST_F(SegmentCache, AReaderOpenedAgainFindsTheSame) {
  write_some();
  const auto cache = make_cache(1U << 30);
  visit(*all_blocks(*open_with(cache)).front());
  const auto blocks = all_blocks(*open_with(cache));
  visit(*blocks.front());
  EXPECT_EQ(cache->stats().hits, 1);
}

TEST_F(SegmentCache, ASecondBlockReadsForItselfWhileTheFirstIsOut) {
  write_some();
  const auto cache = make_cache(1U << 30);
  const auto reader = open_with(cache);
  visit(*all_blocks(*reader).front());
  const auto first = all_blocks(*reader);
  const auto second = all_blocks(*reader);
  const line_column lines = first[0]->lines().value();
  const line_column others = second[0]->lines().value();
  EXPECT_NE(lines.bytes.data(), others.bytes.data());
  expect_equal(lines, others);
  first[0]->release();
  second[0]->release();
  EXPECT_EQ(cache->stats().entries, 1);
}

TEST_F(SegmentCache, ScansOfMoreThanFitsDisplaceNothing) {
  write_some();
  const auto cache = make_cache(2 * bytes_of(0) + bytes_of(0) / 2);
  const auto reader = open_with(cache);
  for (int scan = 0; scan < 5; ++scan) {
    for (const auto& block : all_blocks(*reader)) visit(*block);
  }
  const segment_cache_stats stats = cache->stats();
  EXPECT_GE(stats.entries, 1);
  EXPECT_LE(stats.evictions, 2);  // those that grew beyond their room
  EXPECT_GE(stats.hits, 4);
}

TEST_F(SegmentCache, NewDemandTakesThePlaceOfOld) {
  write_some();
  const auto cache = make_cache(bytes_of(0) + bytes_of(0) / 8);
  const auto reader = open_with(cache);
  const auto blocks = all_blocks(*reader);
  for (int i = 0; i < 3; ++i) visit(*blocks[0]);
  visit(*blocks[1]);
  visit(*blocks[0]);  // used since: the other is turned away again
  visit(*blocks[1]);
  EXPECT_EQ(cache->stats().evictions, 0);
  visit(*blocks[1]);
  EXPECT_EQ(cache->stats().evictions, 1);
  const std::uint64_t hits = cache->stats().hits;
  visit(*blocks[1]);
  EXPECT_EQ(cache->stats().hits, hits + 1);
}

TEST_F(SegmentCache, NeverHoldsMoreThanItMay) {
  write_some();
  for (const std::uint64_t most : {0U, 10'000U, 200'000U, 400'000U}) {
    const auto cache = make_cache(most);
    const auto reader = open_with(cache);
    std::mt19937 random(1);
    const auto blocks = all_blocks(*reader);
    for (int i = 0; i < 200; ++i) {
      visit(*blocks[random() % blocks.size()]);
      ASSERT_LE(cache->stats().bytes, most);
    }
  }
}

TEST_F(SegmentCache, FreesWhatNobodyUses) {
  write_some();
  const auto cache = make_cache(1U << 30);
  const auto blocks = all_blocks(*open_with(cache));
  visit(*blocks[0]);
  clock_.advance(std::chrono::minutes(50));
  visit(*blocks[1]);
  EXPECT_EQ(cache->stats().entries, 2);
  clock_.advance(std::chrono::minutes(50));
  visit(*blocks[2]);
  EXPECT_EQ(cache->stats().entries, 2);
  EXPECT_EQ(cache->stats().evictions, 1);
}

TEST_F(SegmentCache, AFailedReadIsNotKept) {
  write_some();
  const std::string bytes = store_.get("p").value();
  const auto cache = make_cache(1U << 30);
  const auto blocks = all_blocks(*open_with(cache));
  ASSERT_TRUE(blocks[0]->timestamps().ok());
  blocks[0]->release();
  ASSERT_TRUE(store_.remove("p").ok());
  EXPECT_EQ(blocks[0]->lines().error().code, errc::not_found);
  blocks[0]->release();
  EXPECT_EQ(cache->stats().entries, 0);
  EXPECT_EQ(cache->stats().bytes, 0);
  ASSERT_TRUE(store_.put("p", bytes).ok());
  visit(*blocks[0]);
  EXPECT_EQ(cache->stats().entries, 1);
}

TEST_F(SegmentCache, ManyThreads) {
  write_some();
  const auto cache = make_cache(400'000);
  const auto reader = open_with(cache);
  const auto fresh = all_blocks(*plain_);
  std::vector<line_column> lines;
  for (const auto& block : fresh) lines.push_back(block->lines().value());
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      const auto blocks = all_blocks(*reader);
      for (int i = 0; i < 100; ++i) {
        const std::size_t at = random() % blocks.size();
        expect_equal(blocks[at]->lines().value(), lines[at]);
        blocks[at]->release();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(cache->stats().bytes, 400'000);
}

}  // namespace
}  // namespace skald
