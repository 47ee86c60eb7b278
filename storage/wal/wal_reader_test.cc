// SPDX-License-Identifier: Apache-2.0
// A segment that is read piece by piece shows what it shows as a whole, and bodies stay where their
// owner keeps them.
#include "storage/wal/wal_reader.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "storage/wal/wal_fixture.h"

namespace skald {
namespace {

using namespace wal_testing;

// Gives no byte more than is asked for, each time in new memory.
class stingy_source final : public wal_segment_source {
 public:
  explicit stingy_source(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  result<std::string_view> at(std::uint64_t offset, std::uint64_t wanted) override {
    EXPECT_LE(offset + wanted, bytes_.size());
    auto words = std::make_shared<std::vector<std::uint64_t>>((wanted + 7) / 8 + 1);
    std::memcpy(words->data(), bytes_.data() + offset, wanted);
    owner_ = words;
    return std::string_view(reinterpret_cast<const char*>(words->data()), wanted);
  }
  std::shared_ptr<const void> owner() const override { return owner_; }

 private:
  const std::string_view bytes_;
  std::shared_ptr<const void> owner_;
};

struct shown {
  std::vector<seen_record> records;
  std::vector<std::uint64_t> counts;
  friend bool operator==(const shown&, const shown&) = default;
};

template <class Source>
shown scan(Source&& source, const wal_scan_context& context) {
  shown out;
  const auto visit = [&](const wal_record& r) -> result<void> {
    out.records.push_back({r.sequence, r.type, r.shard, std::string(r.body)});
    return {};
  };
  const auto scan = scan_wal_segment(source, context, visit);
  EXPECT_TRUE(scan.ok());
  out.counts = {scan->records,      scan->bytes,      scan->lost_bytes,
                scan->lost_records, scan->torn_bytes, scan->next_sequence};
  return out;
}

TEST(WalReader, ShowsTheSameInPiecesWhateverTheDamage) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 100; ++round) {
    test_lane lane;
    {
      auto writer = lane.open();
      for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(put(*writer, std::string(random() % 7000, 'b')).ok());
        if (random() % 2 != 0) continue;
        ASSERT_TRUE(writer->sync().ok());
      }
      ASSERT_TRUE(writer->sync().ok());
    }
    std::string bytes = slurp(lane.segment_path(1));
    wal_scan_context context;
    ASSERT_TRUE(decode_segment_header(bytes, context.header));
    context.last_of_life = random() % 2 == 0;
    if (random() % 4 == 0) context.sequence_limit = random() % 12;
    for (std::uint64_t n = random() % 4; n > 0; --n) {
      const std::size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] ^= 1;
          break;
        case 1:  // as a recycled file, or one that is cut
          for (std::size_t i = at; i < bytes.size(); ++i) bytes[i] = static_cast<char>(random());
          bytes.resize(bytes.size() - random() % 64);
          break;
        case 2:
          std::fill_n(bytes.begin() + at, std::min<std::size_t>(6000, bytes.size() - at), '\0');
          break;
      }
    }
    std::vector<std::uint64_t> aligned(bytes.size() / 8 + 1);
    std::memcpy(aligned.data(), bytes.data(), bytes.size());
    const std::string_view whole(reinterpret_cast<const char*>(aligned.data()), bytes.size());
    ASSERT_EQ(scan(wal_segment_in_memory(whole), context), scan(stingy_source(whole), context))
        << round;
  }
}

TEST(WalReader, CountsTheTornTailToItsLastByte) {
  test_lane lane;
  {
    auto writer = lane.open();
    ASSERT_TRUE(put(*writer, "good").ok());
    ASSERT_TRUE(writer->sync().ok());
  }
  std::vector<std::uint64_t> aligned((64 << 10) / 8);
  const std::string bytes = slurp(lane.segment_path(1));
  wal_scan_context context;
  ASSERT_TRUE(decode_segment_header(bytes, context.header));
  const std::uint64_t bad = wal_block_bytes + wal_stored_bytes(4);
  // Where the last byte of the tail stands, from the first byte to the end of the file.
  for (const std::uint64_t last : {std::uint64_t{1}, std::uint64_t{20}, std::uint64_t{24},
                                   std::uint64_t{31}, std::uint64_t{5001}, (64 << 10) - 1 - bad}) {
    std::string torn = bytes;
    torn.resize(64 << 10);
    torn[bad] = 'x';
    torn[bad + last] = 'x';
    std::memcpy(aligned.data(), torn.data(), torn.size());
    const std::string_view whole(reinterpret_cast<const char*>(aligned.data()), torn.size());
    const auto got = scan(stingy_source(whole), context);
    EXPECT_EQ(got.counts[4], last + 1) << last;
    EXPECT_EQ(got, scan(wal_segment_in_memory(whole), context)) << last;
  }
}

// Records of more than what is read in one piece, and many small ones on both sides of its end.
TEST(WalReader, BodiesStayAsLongAsTheirOwnerIsHeld) {
  test_lane lane(32 << 20);
  std::vector<std::string> bodies;
  std::mt19937_64 random(3);
  {
    auto writer = lane.open();
    for (int i = 0; i < 24; ++i) {
      const std::uint64_t bytes = i % 6 == 5 ? 5 << 20 : random() % (2 << 20);
      bodies.push_back(std::string(bytes, static_cast<char>('a' + i)) + std::to_string(i));
      ASSERT_TRUE(put(*writer, bodies.back()).ok());
      ASSERT_TRUE(writer->sync().ok());
    }
  }
  std::vector<wal_record> kept;
  const auto visit = [&](const wal_record& r) -> result<void> {
    EXPECT_NE(r.owner, nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(r.body.data()) % 8, 0u);
    kept.push_back(r);
    return {};
  };
  const auto summary = wal_replay(lane.path(), lane.files, visit);
  ASSERT_TRUE(summary.ok());
  EXPECT_EQ(summary->lost_bytes + summary->lost_records, 0u);
  ASSERT_EQ(kept.size(), bodies.size());
  for (std::size_t i = 0; i < kept.size(); ++i) ASSERT_TRUE(kept[i].body == bodies[i]) << i;
}

TEST(WalReader, CountsWhatCannotBeReadOnce) {
  test_lane lane(16 << 20);
  {
    auto writer = lane.open();
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(put(*writer, std::string(1500 << 10, 'a')).ok());
      ASSERT_TRUE(writer->sync().ok());
    }
  }
  // One piece of 1 MiB, also read again for the copy.
  lane.files.on_read = [](const std::string&, std::uint64_t offset) -> result<void> {
    if (offset >= (6 << 20) && offset < (7 << 20)) return error{errc::unavailable, "injected"};
    return {};
  };
  replay_options how;
  how.unreadable_is_damage = true;
  std::vector<std::uint64_t> seen;
  const auto summary = wal_replay(
      lane.path(), lane.files,
      [&](const wal_record& r) -> result<void> {
        seen.push_back(r.sequence);
        return {};
      },
      how);
  ASSERT_TRUE(summary.ok());
  EXPECT_LT(seen.size(), 10u);
  EXPECT_GE(seen.size(), 7u);
  EXPECT_EQ(summary->lost_records, 10u - seen.size());
  EXPECT_GE(summary->lost_bytes, 2u << 20);
  EXPECT_LE(summary->lost_bytes, 6u << 20);
  EXPECT_EQ(summary->quarantined_segments, numbers(1, 1));
}

}  // namespace
}  // namespace skald
