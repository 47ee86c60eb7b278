// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/flush_records.h"

#include <cstring>

#include <gtest/gtest.h>

namespace skald {
namespace {

TEST(EntriesRecord, KeepsDropsAndFrame) {
  for (std::uint32_t count = 0; count < 5; ++count) {
    std::vector<row_drop> drops;
    for (std::uint32_t i = 0; i < count; ++i) drops.push_back({i, i * 2, i + 1});
    const auto prefix = encode_drops(drops);
    EXPECT_EQ(prefix.size() % 8, 0U);
    const auto body = prefix + "framefra";
    const auto decoded = decode_entries(body);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->drops, drops);
    EXPECT_EQ(decoded->frame_bytes, "framefra");
  }
}

TEST(EntriesRecord, RefusesWhatCannotBe) {
  EXPECT_EQ(decode_entries("").error().code, errc::corrupt);
  EXPECT_EQ(decode_entries("1234567").error().code, errc::corrupt);
  auto body = encode_drops({});
  body[4] = 1;
  EXPECT_EQ(decode_entries(body).error().code, errc::corrupt);
  const std::vector<row_drop> one = {{1, 2, 3}};
  body = encode_drops(one);
  EXPECT_EQ(decode_entries(std::string_view(body).substr(0, body.size() - 8)).error().code,
            errc::corrupt);
  const std::uint32_t many = UINT32_MAX;
  std::memcpy(body.data(), &many, 4);
  EXPECT_EQ(decode_entries(body).error().code, errc::corrupt);
}

TEST(FlushedRecord, KeepsEverything) {
  flushed_record record{3,
                        4,
                        1234567890123,
                        17,
                        {{"t1", 20000, "packs/t1/20000/x.skp"}, {"t2", -1, "packs/t2/-1/y.skp"}}};
  const auto decoded = decode_flushed(encode_flushed(record));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, record);
}

TEST(FlushedRecord, RefusesGarbage) {
  const auto whole = encode_flushed({1, 2, 3, 4, {{"t", 5, "key"}}});
  EXPECT_EQ(decode_flushed("").error().code, errc::corrupt);
  EXPECT_EQ(decode_flushed(std::string(64, '\xFF')).error().code, errc::corrupt);
  for (std::size_t cut = 0; cut + 8 < whole.size(); cut += 8) {
    EXPECT_FALSE(decode_flushed(std::string_view(whole).substr(0, cut)).ok()) << cut;
  }
}

TEST(CheckpointRecord, KeepsEverything) {
  checkpoint_record record;
  record.progress.set(2, 0, 100);
  record.progress.set(2, 1, 90);
  record.progress.set(3, 2, 120);
  record.unshipped_packs = {"a", "b"};
  const auto decoded = decode_checkpoint(encode_checkpoint(record));
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, record);
  EXPECT_EQ(decode_checkpoint("nonsense").error().code, errc::corrupt);
}

TEST(FlushProgress, KnowsEachShardOfEachCount) {
  flush_progress progress;
  const hash128 even{0, 10};
  const hash128 odd{0, 11};
  EXPECT_FALSE(progress.is_flushed(even, 1));
  EXPECT_EQ(progress.flushed_by_all(), 0U);
  progress.set(2, 0, 50);
  EXPECT_TRUE(progress.is_flushed(even, 50));
  EXPECT_FALSE(progress.is_flushed(even, 51));
  EXPECT_FALSE(progress.is_flushed(odd, 1));
  EXPECT_EQ(progress.flushed_by_all(), 0U);
  progress.set(2, 1, 40);
  EXPECT_EQ(progress.flushed_by_all(), 40U);
  // Another number of shards: 10 and 11 are shards 1 and 2 of three.
  progress.set(3, 2, 60);
  EXPECT_TRUE(progress.is_flushed(odd, 60));
  EXPECT_FALSE(progress.is_flushed(even, 60));
  EXPECT_EQ(progress.flushed_by_all(), 40U);
  progress.set(2, 1, 30);  // never backwards
  EXPECT_EQ(progress.get(2, 1), 40U);
}

TEST(FlushProgress, PruneKeepsWhatSaysMore) {
  flush_progress progress;
  progress.set(2, 0, 50);
  progress.set(2, 1, 40);
  progress.set(3, 0, 45);
  progress.prune();
  EXPECT_EQ(progress.all().size(), 3U);  // each knows something that the other does not
  for (std::uint32_t shard = 0; shard < 3; ++shard) progress.set(3, shard, 60);
  progress.prune();
  EXPECT_EQ(progress.all().size(), 3U);
  EXPECT_EQ(progress.get(2, 0), 0U);
  EXPECT_EQ(progress.flushed_by_all(), 60U);
  progress.prune();
  EXPECT_EQ(progress.flushed_by_all(), 60U);
}

}  // namespace
}  // namespace skald
