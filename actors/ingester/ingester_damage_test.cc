// SPDX-License-Identifier: Apache-2.0
// An ingester that starts on damaged files: it must start, say so, and show nothing twice.
#include <fstream>

#include "actors/ingester/ingester_fixture.h"

namespace skald {
namespace {

class damaged_ingester : public ingester_fixture {
 protected:
  std::string checkpoint() const { return options_.wal_directory + "/checkpoint"; }
};

TEST_F(damaged_ingester, StartsWithoutAnyCheckpoint) {
  start();
  const auto first = numbered(0, 50);
  ASSERT_TRUE(push(first).ok());
  ASSERT_TRUE(flush().ok());
  const auto second = numbered(50, 50);
  ASSERT_TRUE(push(second).ok());
  crash();
  ASSERT_TRUE(std::filesystem::exists(checkpoint()));
  flip_byte(checkpoint(), 20);
  std::filesystem::remove(checkpoint() + ".former");
  start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_NE(status().note.find("checkpoint is damaged"), std::string::npos) << status().note;
  EXPECT_EQ(see_all(), once({first, second}));
  // The next flush makes it whole.
  ASSERT_TRUE(flush().ok());
  crash();
  start();
  EXPECT_EQ(status().note, "");
  EXPECT_EQ(see_all(), once({first, second}));
}

TEST_F(damaged_ingester, StartsWhenAFlushedPackIsDamaged) {
  start();
  ASSERT_TRUE(push(numbered(0, 50)).ok());
  ASSERT_TRUE(flush().ok());
  const auto second = numbered(50, 50);
  ASSERT_TRUE(push(second).ok());
  crash();
  const auto packs = store_.list("packs/");
  ASSERT_TRUE(packs.ok());
  ASSERT_FALSE(packs->empty());
  for (const auto& pack : *packs) {
    auto bytes = store_.get(pack.key);
    ASSERT_TRUE(bytes.ok());
    bytes->back() ^= 4;
    ASSERT_TRUE(store_.put(pack.key, *bytes).ok());
  }
  start();
  EXPECT_EQ(status().now, ingester_status::phase::ready);
  EXPECT_NE(status().note.find("packs are damaged"), std::string::npos) << status().note;
  EXPECT_EQ(see_memory(), once({second}));
}

// A log of an earlier version may hold such an entry. It made every flush fail, and its neighbours
// stayed in the log for ever.
TEST_F(damaged_ingester, SetsApartWhatNoPackTakes) {
  options_.wal.segment_bytes = 4 << 20;
  start();
  auto first = numbered(0, 50);
  entry poison = first[7];
  poison.line = "too much";
  for (int i = 0; i < 70'000; ++i) poison.metadata.emplace_back("k" + std::to_string(i), "v");
  auto sent = first;
  sent.insert(sent.begin() + 20, poison);
  ASSERT_TRUE(push(sent).ok());
  crash();
  start();
  EXPECT_EQ(see_all(), once({sent}));
  const auto flushed = flush();
  ASSERT_TRUE(flushed.ok()) << flushed.error().message;
  EXPECT_EQ(see_all(), once({first}));
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(metrics_.get_counter(metric_names::ingester_quarantined_entries).value(), 1);
  std::size_t kept = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(options_.wal_directory + "/quarantine")) {
    const auto bytes = read_file(files_, file.path());
    ASSERT_TRUE(bytes.ok());
    const auto frame = push_frame::parse(*bytes);
    ASSERT_TRUE(frame.ok()) << file.path();
    EXPECT_EQ((*frame)->tenant(), "t");
    ASSERT_EQ((*frame)->rows(), 1U);
    EXPECT_EQ((*frame)->slices()[0].lines.line(0), "too much");
    EXPECT_EQ((*frame)->slices()[0].metadata.row(0).size(), 70'000U);
    ++kept;
  }
  EXPECT_EQ(kept, 1U);
  crash();
  start();
  EXPECT_EQ(see_all(), once({first}));
}

// What cannot be kept stays in the log until it can.
TEST_F(damaged_ingester, DropsNothingThatItCannotKeep) {
  options_.wal.segment_bytes = 4 << 20;
  start();
  auto sent = numbered(0, 10);
  for (int i = 0; i < 70'000; ++i) sent[3].metadata.emplace_back("k" + std::to_string(i), "v");
  ASSERT_TRUE(push(sent).ok());
  std::ofstream(options_.wal_directory + "/quarantine") << "x";
  EXPECT_FALSE(flush().ok());
  EXPECT_EQ(see_all(), once({sent}));
  crash();
  std::filesystem::remove(options_.wal_directory + "/quarantine");
  start();
  EXPECT_EQ(see_all(), once({sent}));
  ASSERT_TRUE(flush().ok());
  sent.erase(sent.begin() + 3);
  EXPECT_EQ(see_all(), once({sent}));
}

}  // namespace
}  // namespace skald
