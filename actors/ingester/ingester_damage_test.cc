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

}  // namespace
}  // namespace skald
