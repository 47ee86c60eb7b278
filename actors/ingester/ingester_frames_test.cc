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

// What slow readers keep in memory is known, and bounded for those that want little of it.
TEST_F(ingester_frames, SlowReadersOfFewRowsGetCopiesWhenOthersPinMuch) {
  const auto pinned = [this] {
    advance(1s);
    const auto text = metrics_.render_text();
    constexpr std::string_view name = "\nskald_ingester_reader_held_bytes ";
    const auto at = text.find(name);
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + name.size()));
  };
  options_.unflushed_bytes_max = 100'000;
  options_.shards = 1;
  start();
  const auto narrow = [this] {
    return read("t", {*label_matcher::make("app", match_op::equal, "a3")});
  };
  const auto first = long_lines(0, 80);
  ASSERT_TRUE(push(first).ok());
  std::vector<result<ingester_snapshot>> readers;
  readers.push_back(narrow());
  EXPECT_EQ(pinned(), 0);  // the flush needs them too
  ASSERT_TRUE(flush().ok());
  const auto once_pinned = pinned();
  EXPECT_GT(once_pinned, 80'000);
  const auto second = long_lines(80, 80);
  ASSERT_TRUE(push(second).ok());
  readers.push_back(read());
  ASSERT_TRUE(flush().ok());
  const auto twice_pinned = pinned();
  EXPECT_GT(twice_pinned, once_pinned + 80'000);
  const auto third = long_lines(160, 80);
  ASSERT_TRUE(push(third).ok());
  readers.push_back(narrow());
  ASSERT_TRUE(flush().ok());
  EXPECT_EQ(pinned(), twice_pinned);
  ASSERT_EQ(readers.back()->blocks.size(), 1U);
  EXPECT_EQ(readers.back()->blocks[0]->runs()[0].row_count, 16U);
  EXPECT_EQ(see_with(*readers[1]), once({first, second}));  // what came later is not seen
  auto third_narrow = third;
  std::erase_if(third_narrow, [](const entry& one) { return one.labels != "{app=\"a3\"}"; });
  EXPECT_EQ(see_with(*readers[2]), once({first, second, third_narrow}));
  readers.clear();
  EXPECT_EQ(pinned(), 0);
}

}  // namespace
}  // namespace skald
