// SPDX-License-Identifier: Apache-2.0
#include "storage/index/ref_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <tuple>
#include <vector>

namespace skald {
namespace {

auto fields(const pack_ref& r) {
  return std::tuple(r.ordinal, r.directory_entry, r.min_timestamp_ns, r.max_timestamp_ns, r.rows,
                    r.line_bytes);
}

void expect_same(const std::vector<pack_ref>& refs) {
  const std::string bytes = ref_block::encode(refs);
  const auto block = ref_block::parse(bytes);
  ASSERT_TRUE(block);
  ASSERT_EQ(block->size(), refs.size());
  for (std::size_t i = 0; i < refs.size(); ++i) {
    EXPECT_EQ(fields((*block)[i]), fields(refs[i])) << i;
    EXPECT_EQ(block->min_timestamp_ns(i), refs[i].min_timestamp_ns);
    EXPECT_EQ(block->max_timestamp_ns(i), refs[i].max_timestamp_ns);
  }
}

TEST(RefBlock, KeepsBoundaryValues) {
  expect_same({{}});
  expect_same({{UINT32_MAX, UINT32_MAX, INT64_MIN, INT64_MAX, UINT64_MAX, UINT64_MAX}});
  expect_same({{0, 9, INT64_MIN, INT64_MIN, 0, 0},
               {0, 10, -1, INT64_MAX, UINT64_MAX, 1},
               {7, 3, INT64_MAX, INT64_MAX, 1, UINT64_MAX},
               {UINT32_MAX, 0, 0, 0, 5, 5}});
}

TEST(RefBlock, KeepsRandomValuesOfEveryWidth) {
  std::mt19937_64 random(3);
  for (unsigned width = 1; width < 64; ++width) {
    const auto some = [&] { return static_cast<std::int64_t>(random() >> (64 - width)); };
    for (const std::int64_t unit : {1, 1000, 1'000'000, 1'000'000'000}) {
      std::vector<pack_ref> refs(1 + random() % 300);
      for (pack_ref& r : refs) {
        const std::int64_t begin = some() / 2 / unit * unit;
        r = {static_cast<std::uint32_t>(some()),
             static_cast<std::uint32_t>(some()),
             begin,
             begin + some() / 2 / unit * unit,
             static_cast<std::uint64_t>(some()),
             static_cast<std::uint64_t>(some())};
      }
      std::sort(refs.begin(), refs.end(), ref_order);
      expect_same(refs);
    }
  }
}

// The streams of a flush: neighbouring ordinals and entries, one line a second, times in
// nanoseconds.
TEST(RefBlock, TakesTenBytesForAUsualRef) {
  std::mt19937_64 random(5);
  std::vector<pack_ref> refs;
  for (std::uint32_t i = 0; i < ref_block::refs_max; ++i) {
    const std::int64_t begin =
        1'700'000'000'000'000'000 + static_cast<std::int64_t>(random() >> 34);
    refs.push_back({40'000 + i, 8'192 + i, begin,
                    begin + 4'000'000'000 + static_cast<std::int64_t>(random() >> 34),
                    5 + random() % 3, 500 + random() % 400});
  }
  expect_same(refs);
  EXPECT_LE(ref_block::encode(refs).size(), 10 * refs.size());
  for (pack_ref& r : refs) {
    r.min_timestamp_ns = r.min_timestamp_ns / 1'000'000 * 1'000'000;
    r.max_timestamp_ns = r.max_timestamp_ns / 1'000'000 * 1'000'000;
  }
  expect_same(refs);
  EXPECT_LE(ref_block::encode(refs).size(), 5 * refs.size());
}

TEST(RefBlock, FindsOrdinals) {
  std::vector<pack_ref> refs;
  for (std::uint32_t i = 0; i < 100; ++i) refs.push_back({10 + i / 2 * 3, i, 1, 2, 3, 4});
  const std::string bytes = ref_block::encode(refs);
  const auto block = ref_block::parse(bytes).value();
  EXPECT_EQ(block.lower_bound(0, 0), 0u);
  EXPECT_EQ(block.lower_bound(10, 0), 0u);
  EXPECT_EQ(block.lower_bound(11, 0), 2u);
  EXPECT_EQ(block.lower_bound(13, 3), 3u);
  EXPECT_EQ(block.lower_bound(157, 0), 98u);
  EXPECT_EQ(block.lower_bound(158, 0), 100u);
}

TEST(RefBlock, NoticesEveryFlippedBitAndCut) {
  const std::string good =
      ref_block::encode(std::vector<pack_ref>{{1, 2, 3, 4, 5, 6}, {2, 9, 3, 8, 5, 7}});
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(ref_block::parse(bad)) << bit;
  }
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_FALSE(ref_block::parse(good.substr(0, bytes))) << bytes;
  }
}

}  // namespace
}  // namespace skald
