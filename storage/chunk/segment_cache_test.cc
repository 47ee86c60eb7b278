// SPDX-License-Identifier: Apache-2.0
// What a block finds in the cache reads as if it had been fetched; and what stays in the cache.
#include "storage/chunk/segment_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <random>
#include <thread>
#include <utility>

#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_writer.h"
#include "storage/chunk/shape/generated_lines.h"
#include "storage/object_store/memory_store.h"
#include "testing/kit/test_seed.h"

namespace skald {
namespace {

constexpr time_range all_time = {std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max()};

class hand_clock final : public clock {
 public:
  std::int64_t wall_now_ns() const override { return 0; }
  std::chrono::steady_clock::time_point now() const override {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(now_ns_ += step_ns_));
  }
  void advance(std::chrono::nanoseconds by) { now_ns_ += by.count(); }
  // Each reading is so much later than the one before.
  void step_by(std::chrono::nanoseconds by) { step_ns_ = by.count(); }

 private:
  mutable std::atomic<std::int64_t> now_ns_{0};  // read by many threads
  std::int64_t step_ns_ = 0;
};

block_list all_blocks(const pack_reader& pack) {
  std::vector<chunk_selection> selection;
  for (std::uint32_t i = 0; i < pack.chunk_count(); ++i) selection.push_back({i, nullptr});
  return pack.blocks(selection, all_time).value();
}

// Sections of such are stored raw.
std::string random_bytes(line_generator& random) {
  std::string bytes(20 + random.below(40), ' ');
  for (char& one : bytes) one = static_cast<char>(11 + random.below(245));
  return bytes;
}

// Fails when it becomes rough, and from then on now and then, or gives other bytes.
class rough_store final : public object_store {
 public:
  rough_store(object_store& inner, std::uint64_t seed) : inner_(inner), random_(seed) {}
  using object_store::put;
  result<void> put(const std::string& key, std::span<const std::string_view> parts) override {
    return inner_.put(key, parts);
  }
  result<std::string> get(const std::string& key) override { return inner_.get(key); }
  result<std::string> get_range(const std::string& key, std::uint64_t offset,
                                std::uint64_t length) override {
    if (!is_rough_) return inner_.get_range(key, offset, length);
    if (std::exchange(is_first_, false) || random_() % 12 == 0) {
      return error{errc::unavailable, "not now"};
    }
    auto bytes = inner_.get_range(key, offset, length);
    if (bytes.ok() && !bytes->empty() && random_() % 12 == 0) {
      (*bytes)[random_() % bytes->size()] ^= static_cast<char>(1 + random_() % 255);
    }
    return bytes;
  }
  result<object_info> head(const std::string& key) override { return inner_.head(key); }
  result<std::vector<object_info>> list(const std::string& prefix) override {
    return inner_.list(prefix);
  }
  result<void> remove(const std::string& key) override { return inner_.remove(key); }
  void set_rough(bool rough) { is_rough_ = rough; }

 private:
  object_store& inner_;
  std::mt19937_64 random_;
  bool is_rough_ = false;
  bool is_first_ = true;
};

class SegmentCache : public testing::Test {
 protected:
  // A pack of several segments, each of one kind of lines.
  void write(line_generator& lines, std::size_t rows, column_use columns) {
    std::vector<stream_rows> streams;
    for (const char* labels :
         {R"({app="json"})", R"({app="logfmt"})", R"({app="any"})", R"({app="random"})"}) {
      std::int64_t at = 1'795'305'600'000'000'000;
      streams.emplace_back(std::string_view(labels));
      for (std::size_t i = 0; i < rows; ++i) {
        at += static_cast<std::int64_t>(lines.below(2'000'000'000));
        const std::string line = streams.size() == 1   ? lines.json()
                                 : streams.size() == 2 ? lines.logfmt()
                                 : streams.size() == 3 ? lines.any()
                                                       : random_bytes(lines);
        stream_rows::pairs pairs;
        if (lines.below(3) == 0) pairs.push_back({"trace_id", std::to_string(lines.below(50))});
        if (streams.size() == 4) pairs.push_back({"id", random_bytes(lines)});
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

void expect_use(const block_read_stats& stats, const cache_use& use) {
  EXPECT_EQ(stats.cache.lookups, use.lookups);
  EXPECT_EQ(stats.cache.hits, use.hits);
  EXPECT_EQ(stats.cache.stores, use.stores);
  EXPECT_EQ(stats.cache.bytes_found, use.bytes_found);
  EXPECT_EQ(stats.cache.bytes_stored, use.bytes_stored);
  EXPECT_EQ(stats.cache.lookup_ns, use.lookup_ns);
}

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

template <class A, class B>
void expect_same(const A& a, const B& b) {
  ASSERT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end()));
}

void expect_equal(const metadata_column& a, const metadata_column& b) {
  expect_same(a.starts, b.starts);
  ASSERT_EQ(a.pairs.size(), b.pairs.size());
  for (std::size_t i = 0; i < a.pairs.size(); ++i) {
    ASSERT_EQ(a.pairs[i].name, b.pairs[i].name);
    ASSERT_EQ(a.pairs[i].value, b.pairs[i].value);
  }
}

// The reads below compare a cached block with one that knows nothing yet. False when the cached
// one's store failed.
bool compare_field(log_block& cached, log_block& fresh, line_generator& random) {
  static const char* const labels[] = {"level", "status", "msg", "duration", "nested_key", "none"};
  const auto format = random.below(2) == 0 ? line_format_kind::json : line_format_kind::logfmt;
  const char* const label = labels[random.below(6)];
  const auto one = cached.field(format, label);
  const auto other = fresh.field(format, label);
  if (!one.ok()) return false;
  EXPECT_EQ(*one == nullptr, *other == nullptr);
  if (*one == nullptr || *other == nullptr) return true;
  expect_same((*one)->codes, (*other)->codes);
  expect_same((*one)->values, (*other)->values);
  return true;
}

std::string piece_of_some_line(log_block& fresh, line_generator& random) {
  const line_column lines = fresh.lines().value();
  const std::string_view line = lines.line(random.below(lines.rows()));
  return std::string(line.substr(random.below(line.size() + 1), 2 + random.below(12)));
}

// Whether few enough rows hold the text to tell may differ.
bool compare_text(log_block& cached, log_block& fresh, line_generator& random) {
  const std::string text = piece_of_some_line(fresh, random);
  const auto found = cached.rows_with_text(text, random.below(2) == 0);
  if (!found.ok()) return false;
  const line_column lines = fresh.lines().value();
  for (std::uint32_t row = 0; found->has_value() && row < lines.rows(); ++row) {
    if (lines.line(row).find(text) == std::string_view::npos) continue;
    EXPECT_TRUE(std::binary_search((*found)->begin(), (*found)->end(), row)) << text;
  }
  return true;
}

bool compare_some_lines(log_block& cached, log_block& fresh, line_generator& random) {
  const line_column all = fresh.lines().value();
  const auto rows = some_rows(random, all.rows());
  const auto some = cached.lines_of(rows);
  for (std::size_t i = 0; some.ok() && i < rows.size(); ++i) {
    EXPECT_EQ(some->line(rows[i]), all.line(rows[i]));
  }
  return some.ok();
}

void expect_minutes(const minute_counts& counts, const row_run& run,
                    std::span<const std::int64_t> timestamps) {
  const auto times = timestamps.subspan(run.first_row, run.row_count);
  for (const minute_mark& mark : counts.marks) {
    const auto behind = std::upper_bound(times.begin(), times.end(), counts.end_ns(mark));
    ASSERT_EQ(behind - times.begin(), mark.rows_until);
  }
  if (counts.marks.empty()) return;
  ASSERT_EQ(counts.marks.back().rows_until, run.row_count);
}

bool compare_minutes(log_block& cached, log_block& fresh, line_generator& random) {
  const auto times = fresh.timestamps().value();
  for (const row_run& run : cached.runs()) {
    const minute_counts counts = cached.minutes_of(run);
    expect_minutes(counts, run, times);
    if (counts.marks.empty() && random.below(2) == 0 && !cached.timestamps().ok()) return false;
  }
  return true;
}

bool compare_filter(log_block& cached, log_block& fresh, line_generator& random) {
  skip_probe probe;
  probe.what = skip_probe::kind::text;
  probe.text = piece_of_some_line(fresh, random);
  EXPECT_TRUE(cached.may_match(probe));
  return true;
}

template <class Column>
bool compare_column(const result<Column>& cached, const result<Column>& fresh) {
  if (!cached.ok()) return false;
  if constexpr (requires { fresh->size(); }) {
    expect_same(*cached, *fresh);
  } else {
    expect_equal(*cached, *fresh);
  }
  return true;
}

bool compare_read(log_block& cached, log_block& fresh, line_generator& random);

// What was read stays as it is until release(), whatever is read then.
bool compare_kept(log_block& cached, log_block& fresh, line_generator& random) {
  const auto times = cached.timestamps();
  const auto metadata = cached.metadata();
  const auto field = cached.field(line_format_kind::json, "level");
  if (!times.ok() || !metadata.ok() || !field.ok()) return false;
  const auto field_codes = *field == nullptr ? std::span<const std::uint32_t>() : (*field)->codes;
  const std::vector<std::uint32_t> codes(field_codes.begin(), field_codes.end());
  bool ok = true;
  for (int i = 0; ok && i < 4; ++i) ok = compare_read(cached, fresh, random);
  compare_column(times, fresh.timestamps());
  compare_column(metadata, fresh.metadata());
  expect_same(field_codes, codes);
  return ok;
}

bool compare_read(log_block& cached, log_block& fresh, line_generator& random) {
  switch (random.below(11)) {
    case 0:
      return compare_column(cached.timestamps(), fresh.timestamps());
    case 1:
      return compare_column(cached.lines(), fresh.lines());
    case 2:
      return compare_column(cached.line_starts(), fresh.line_starts());
    case 3:
      return compare_column(cached.metadata(), fresh.metadata());
    case 4:
    case 5:
      return compare_some_lines(cached, fresh, random);
    case 6:
      return compare_field(cached, fresh, random);
    case 7:
      return compare_text(cached, fresh, random);
    case 8:
      return compare_minutes(cached, fresh, random);
    case 9:
      return compare_filter(cached, fresh, random);
    default:
      return compare_kept(cached, fresh, random);
  }
}

// Two blocks of each segment, of readers that are opened again now and then.
TEST_F(SegmentCache, AnyReadsAfterAnyOthersAreAsIfFetched) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  line_generator random(seed);
  for (const column_use columns : {column_use::always, column_use::never}) {
    write(random, 700, columns);
    const auto cache = make_cache(random.below(2) == 0 ? 1U << 30 : 300U << 10);
    std::array<block_list, 2> sets;
    for (int i = 0; i < 800 && !HasFailure(); ++i) {
      block_list& blocks = sets[random.below(2)];
      if (blocks.empty() || random.below(60) == 0) blocks = all_blocks(*open_with(cache));
      const std::size_t at = random.below(blocks.size());
      const auto fresh = all_blocks(*plain_);
      EXPECT_TRUE(compare_read(*blocks[at], *fresh[at], random));
      if (random.below(3) != 0) blocks[at]->release();
    }
    EXPECT_GE(sets[0].size(), 4);
    EXPECT_GT(cache->stats().hits, 0);
  }
}

// Reads that fail leave nothing behind that a later read would take for good.
TEST_F(SegmentCache, AnyReadsFromAStoreThatFails) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  line_generator random(seed);
  for (const column_use columns : {column_use::always, column_use::never}) {
    write(random, 700, columns);
    rough_store rough(store_, seed);
    const auto cache = make_cache(random.below(2) == 0 ? 1U << 30 : 300U << 10);
    const auto blocks = all_blocks(*pack_reader::open(rough, "p", cache).value());
    rough.set_rough(true);
    EXPECT_FALSE(blocks.front()->timestamps().ok());
    for (int i = 0; i < 800 && !HasFailure(); ++i) {
      const std::size_t at = random.below(blocks.size());
      const auto fresh = all_blocks(*plain_);
      compare_read(*blocks[at], *fresh[at], random);
      if (random.below(3) != 0) blocks[at]->release();
    }
    EXPECT_GT(cache->stats().hits, 0);
  }
}

TEST_F(SegmentCache, AFirstCountOfAKeptSegmentMakesItsMinutes) {
  write_some();
  const auto cache = make_cache(1U << 30);
  const auto reader = open_with(cache);
  visit(*all_blocks(*reader).front());
  for (const bool made : {false, true}) {
    const auto blocks = all_blocks(*reader);
    const row_run& run = blocks.front()->runs().front();
    EXPECT_EQ(blocks.front()->minutes_of(run).marks.empty(), !made);
    ASSERT_TRUE(blocks.front()->timestamps().ok());
    EXPECT_EQ(blocks.front()->minutes_of(run).marks.empty(), false);
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

TEST_F(SegmentCache, BlocksTellWhatTheCacheHad) {
  write_some();
  const auto cache = make_cache(1U << 30);
  const auto reader = open_with(cache);
  const auto used = [&](auto read) {
    const auto blocks = all_blocks(*reader);
    read(*blocks.front());
    blocks.front()->release();
    return blocks.front()->read_stats();
  };
  const auto times = [](log_block& block) { EXPECT_TRUE(block.timestamps().ok()); };
  const block_read_stats first = used(times);
  EXPECT_GT(first.stored_bytes_read, 0);
  expect_use(first, {1, 0, 1, 0, first.stored_bytes_read, 0});
  const block_read_stats more = used(visit);
  EXPECT_GT(more.stored_bytes_read, 0);
  expect_use(more, {1, 1, 1, first.stored_bytes_read, more.stored_bytes_read, 0});
  const std::uint64_t bytes = first.stored_bytes_read + more.stored_bytes_read;
  for (int i = 0; i < 2; ++i) {
    const block_read_stats again = used(visit);
    EXPECT_EQ(again.stored_bytes_read, 0);
    expect_use(again, {1, 1, 0, bytes, 0, 0});
  }
  // Fetched once more for the minutes, and no more to keep.
  const block_read_stats minutes = used([&](log_block& block) {
    block.minutes_of(block.runs().front());
    times(block);
  });
  EXPECT_GT(minutes.stored_bytes_read, 0);
  expect_use(minutes, {1, 1, 0, bytes, 0, 0});
  expect_use(used(times), {1, 1, 0, bytes, 0, 0});
}

TEST_F(SegmentCache, WhatItDoesNotTakeUpIsNotStored) {
  write_some();
  const auto reader = open_with(make_cache(1));
  const auto blocks = all_blocks(*reader);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    visit(*blocks.front());
    expect_use(blocks.front()->read_stats(), {i, 0, 0, 0, 0, 0});
  }
}

TEST_F(SegmentCache, ASegmentThatOutgrowsItDisplacesNoOther) {
  write_some();
  const auto cache = make_cache(bytes_of(0) - 1);
  const auto reader = open_with(cache);
  const auto blocks = all_blocks(*reader);
  for (const std::size_t segment : {1, 0}) {
    ASSERT_TRUE(blocks[segment]->timestamps().ok());
    blocks[segment]->release();
  }
  ASSERT_EQ(cache->stats().entries, 2);
  const std::uint64_t bytes = blocks[0]->read_stats().stored_bytes_read;
  visit(*blocks[0]);
  EXPECT_EQ(cache->stats().entries, 1);
  EXPECT_EQ(cache->stats().evictions, 1);
  expect_use(blocks[0]->read_stats(), {2, 1, 1, bytes, bytes, 0});
  visit(*blocks[1]);
  EXPECT_EQ(cache->stats().hits, 2);
}

TEST_F(SegmentCache, LookUpsAreTimed) {
  write_some();
  const auto reader = open_with(make_cache(1U << 30));
  clock_.step_by(std::chrono::nanoseconds(5));
  const auto blocks = all_blocks(*reader);
  visit(*blocks.front());
  EXPECT_EQ(blocks.front()->read_stats().cache.lookup_ns, 5);
  visit(*blocks.front());  // found: its use is noted in between
  EXPECT_EQ(blocks.front()->read_stats().cache.lookup_ns, 5 + 10);
}

TEST_F(SegmentCache, AColumnThatIsNotThereNeedsNoLookUp) {
  std::vector<stream_rows> streams;
  streams.emplace_back(std::string_view(R"({app="plain"})"));
  streams.back().add(1'795'305'600'000'000'000, "line", {});
  const auto written = pack_writer().write({"t", "o", 1, 1}, inputs_of(streams));
  ASSERT_TRUE(store_.put("p", written->views()).ok());
  const auto blocks = all_blocks(*open_with(make_cache(1U << 30)));
  EXPECT_TRUE(blocks.front()->metadata().value().empty());
  expect_use(blocks.front()->read_stats(), {});
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
  const cache_stats stats = cache->stats();
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

// As of Loki's caches.
TEST_F(SegmentCache, KeepsAllWithoutATimeToLive) {
  write_some();
  const auto cache = std::make_shared<segment_cache>(
      segment_cache_options{1U << 30, std::chrono::nanoseconds::zero()}, clock_);
  const auto blocks = all_blocks(*open_with(cache));
  for (const auto& block : blocks) {
    visit(*block);
    clock_.advance(std::chrono::hours(1000));
  }
  EXPECT_EQ(cache->stats().entries, blocks.size());
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
