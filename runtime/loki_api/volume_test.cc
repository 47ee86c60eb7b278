// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/volume.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

constexpr std::int64_t s = 1'000'000'000;

label_set labels(std::vector<label> list) {
  return label_set(std::move(list));
}

// Two streams: `web` with two chunks of 10 and 20 kB, `api` (without env) with one of 5 kB.
class VolumeTest : public testing::Test {
 protected:
  label_set web_ = labels({{"app", "web"}, {"env", "prod"}});
  label_set api_ = labels({{"app", "api"}});
  std::vector<chunk_summary> web_chunks_ = {{0, 10 * s, 5, 10 * 1024},
                                            {20 * s, 30 * s, 9, 20 * 1024}};
  std::vector<chunk_summary> api_chunks_ = {{0, 30 * s, 3, 5 * 1024}};
  std::vector<stream_volume> streams_ = {{&web_, web_chunks_}, {&api_, api_chunks_}};

  std::string grouped(const volume_grouping& grouping, std::size_t limit = 100) {
    std::string out;
    for (const auto& one : group_volume(streams_, grouping, {0, 40 * s}, limit)) {
      out += one.labels.canonical() + "=" + std::to_string(one.bytes / 1024) + " ";
    }
    return out;
  }
};

TEST(Inside, CountsWholeKibibytes) {
  EXPECT_EQ(inside({0, 10, 3, 511}, {0, 11}).bytes, 0u);
  EXPECT_EQ(inside({0, 10, 3, 512}, {0, 11}).bytes, 1024u);
  EXPECT_EQ(inside({0, 10, 3, 1535}, {0, 11}).bytes, 1024u);
  EXPECT_EQ(inside({0, 10, 3, 511}, {0, 11}).entries, 3u);
}

TEST(Inside, CountsInProportionWhatSticksOut) {
  const chunk_summary half = inside({0, 100 * s, 50, 4096}, {50 * s, 200 * s});
  EXPECT_EQ(half.entries, 25u);
  EXPECT_EQ(half.bytes, 2048u);
  // All rows at one time: nothing to divide.
  EXPECT_EQ(inside({5, 5, 7, 4096}, {6, 10}).entries, 7u);
}

TEST_F(VolumeTest, GroupsByStreamsNamesOrGivenLabels) {
  EXPECT_EQ(grouped({}), "{app=\"web\", env=\"prod\"}=30 {app=\"api\"}=5 ");
  EXPECT_EQ(grouped({{}, {"app"}, false}), "{app=\"web\"}=30 {app=\"api\"}=5 ");
  EXPECT_EQ(grouped({{}, {}, true}), "{app=\"\"}=35 {env=\"\"}=30 ");
  EXPECT_EQ(grouped({{}, {"app"}, false}, 1), "{app=\"web\"}=30 ");
}

TEST_F(VolumeTest, LeavesOutStreamsWithoutARequiredLabel) {
  EXPECT_EQ(grouped({{"env"}, {"env"}, false}), "{env=\"prod\"}=30 ");
  EXPECT_EQ(grouped({{"nosuch"}, {"nosuch"}, false}), "");
}

TEST_F(VolumeTest, PutsPointsBeforeStepBoundariesAndAtTheEnd) {
  const auto series =
      group_volume_range(streams_, {{}, {"app"}, false}, {5 * s, 35 * s}, 15 * s, 100);
  ASSERT_EQ(series.size(), 2u);
  using points = std::vector<std::pair<std::int64_t, std::uint64_t>>;
  // 5 to 15 holds half of the first chunk; 15 to 30 nearly all of the second.
  EXPECT_EQ(series[0].points, (points{{14'999, 5120}, {29'999, 20480}}));
  EXPECT_EQ(series[1].points.size(), 2u);
  EXPECT_EQ(group_volume_range(streams_, {}, {5 * s, 25 * s}, 15 * s, 1)[0].points.back().first,
            25'000);
}

TEST_F(VolumeTest, LeavesOutSeriesWithoutVolume) {
  EXPECT_TRUE(group_volume_range(streams_, {}, {50 * s, 60 * s}, s, 100).empty());
}

}  // namespace
}  // namespace skald
