// SPDX-License-Identifier: Apache-2.0
// Frames that are kept until their rows are flushed, through a whole ingester.
#include <chrono>

#include "actors/ingester/ingester_fixture.h"

namespace skald {
namespace {

using namespace std::chrono_literals;

class ingester_frames : public ingester_fixture {
 protected:
  ingester_frames() {
    options_.held_frame_factor = 1.75;
    options_.flush_age = 1h;
  }
  // Of five streams, long enough for the frame to be kept.
  std::vector<entry> long_lines(int first, int count) const {
    auto entries = numbered(first, count);
    for (auto& one : entries) one.line += std::string(1000, '.');
    return entries;
  }
};

// What a flush of kept frames writes is what a flush of copies writes.
TEST_F(ingester_frames, PacksAreThoseOfCopies) {
  std::map<std::string, std::string> packs[2];
  for (const bool held : {false, true}) {
    options_.held_frame_factor = held ? 1e9 : 0;
    start();
    for (int i = 0; i < 10; ++i) {
      auto entries = long_lines(i * 40, 40);
      for (auto& one : entries) one.metadata = {{"trace", std::to_string(i)}};
      entries.push_back(entries.back());  // one stream of five has a duplicate
      ASSERT_TRUE(push(entries).ok());
    }
    ASSERT_TRUE(flush().ok());
    const auto stored = store_.list("packs/");
    ASSERT_TRUE(stored.ok());
    for (const auto& object : *stored) packs[held][object.key] = *store_.get(object.key);
    crash();
    for (const auto& object : *stored) ASSERT_TRUE(store_.remove(object.key).ok());
    std::filesystem::remove_all(directory_);
  }
  ASSERT_EQ(packs[0].size(), 2U);
  ASSERT_EQ(packs[1].size(), 2U);
  for (auto a = packs[0].begin(), b = packs[1].begin(); a != packs[0].end(); ++a, ++b) {
    EXPECT_EQ(a->second.size(), b->second.size());
  }
}

TEST_F(ingester_frames, AreReadableLiveSealedAndFlushed) {
  start();
  const auto first = long_lines(0, 100);
  ASSERT_TRUE(push(first).ok());
  EXPECT_EQ(see_memory(), once({first}));
  store_.failing = true;
  std::optional<result<bool>> flushed;
  flush_async(flushed);
  run();
  const auto second = long_lines(100, 100);
  ASSERT_TRUE(push(second).ok());
  EXPECT_EQ(see_memory(), once({first, second}));  // sealed and live
  store_.failing = false;
  for (int i = 0; i < 10; ++i) advance(1s);
  EXPECT_EQ(see_all(), once({first, second}));
  ASSERT_TRUE(flush().ok());
  EXPECT_TRUE(see_memory().empty());
  EXPECT_EQ(see_all(), once({first, second}));
}

TEST_F(ingester_frames, LateAndRepeatedEntriesMakeCopies) {
  start();
  const auto first = long_lines(0, 100);
  const auto second = long_lines(200, 100);
  const auto between = long_lines(50, 200);
  for (const auto* entries : {&first, &second, &between, &first}) {
    ASSERT_TRUE(push(*entries).ok());
  }
  const auto all = long_lines(0, 300);
  EXPECT_EQ(see_memory(), once({all}));
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all(), once({all}));
}

TEST_F(ingester_frames, PushesWaitForTheFlushWhenFramesTakeTooMuch) {
  options_.unflushed_bytes_max = 100'000;
  options_.flush_bytes_per_stream = 0;
  start();
  store_.failing = true;
  std::vector<std::vector<entry>> sent;
  std::optional<result<push_outcome>> answer;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(long_lines(i * 40, 40));
    answer.reset();
    push_async(sent.back(), answer);
    run();
    if (!answer) break;
  }
  ASSERT_FALSE(answer.has_value());
  store_.failing = false;
  for (int i = 0; i < 15; ++i) advance(100ms);
  EXPECT_TRUE(answer.has_value());
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(see_all(), once(sent));
}

}  // namespace
}  // namespace skald
