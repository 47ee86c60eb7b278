// SPDX-License-Identifier: Apache-2.0
#include "actors/common/frame_memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>
#include <random>
#include <thread>

namespace skald {
namespace {

constexpr std::size_t page = page_memory::large_page_bytes;
constexpr std::size_t least = frame_memory::piece_bytes_min;
constexpr std::size_t most = frame_memory::piece_bytes_max;

TEST(FrameMemory, RefusesWhatIsOutOfBounds) {
  const auto memory = frame_memory::make();
  for (const std::size_t bytes : {std::size_t{0}, least - 1, most + 1}) {
    EXPECT_EQ(memory->take(bytes).data, nullptr) << bytes;
  }
  EXPECT_EQ(memory->resident_pages(), 0u);
  for (const std::size_t bytes : {least, most}) {
    EXPECT_NE(memory->take(bytes).data, nullptr) << bytes;
  }
}

TEST(FrameMemory, PiecesStandOneBehindTheOther) {
  const auto memory = frame_memory::make();
  const auto first = memory->take(least + 1);
  const auto second = memory->take(page);
  const auto third = memory->take(least);
  EXPECT_EQ(second.data, first.data + least + frame_memory::alignment);
  EXPECT_EQ(third.data, second.data + page);
  EXPECT_EQ(memory->used_pages(), 2u);
}

TEST(FrameMemory, PagesAreFreeWhenTheirLastPieceEnds) {
  const auto memory = frame_memory::make();
  auto first = memory->take(page / 2);
  auto second = memory->take(page);  // in both pages
  auto third = memory->take(page / 4);
  first = {};
  EXPECT_EQ(memory->used_pages(), 2u);
  second = {};
  EXPECT_EQ(memory->used_pages(), 1u);
  third = {};
  EXPECT_EQ(memory->used_pages(), 0u);
  EXPECT_EQ(memory->resident_pages(), 2u);
}

TEST(FrameMemory, TakesFreePagesAgainFromTheLowestOn) {
  const auto memory = frame_memory::make();
  std::deque<frame_memory::piece> pieces;
  for (int i = 0; i < 8; ++i) pieces.push_back(memory->take(8 * page));  // two ranges of 32 pages
  char* const lowest = pieces.front().data;
  EXPECT_EQ(memory->used_pages(), 64u);
  pieces.pop_front();
  const auto again = memory->take(3 * page);
  EXPECT_EQ(again.data, lowest);
  const auto next = memory->take(5 * page);
  EXPECT_EQ(next.data, lowest + 3 * page);
  EXPECT_EQ(memory->used_pages(), 64u);
  EXPECT_EQ(memory->resident_pages(), 64u);
}

TEST(FrameMemory, DoesNotRunIntoPagesThatAreTaken) {
  const auto memory = frame_memory::make();
  auto first = memory->take(2 * page);
  char* const lowest = first.data;
  const auto second = memory->take(page);
  first = {};
  const auto third = memory->take(page + page / 2);
  EXPECT_EQ(third.data, lowest);
  const auto fourth = memory->take(page);  // half a page is left there
  EXPECT_EQ(fourth.data, second.data + page);
  EXPECT_EQ(memory->used_pages(), 4u);
}

TEST(FrameMemory, TrimGivesBackWhatWasFreeForAWholeTurn) {
  const auto memory = frame_memory::make();
  auto first = memory->take(page);
  const auto second = memory->take(page);
  std::memset(second.data, 7, page);
  memory->trim();
  first = {};
  memory->trim();
  EXPECT_EQ(memory->resident_pages(), 2u);
  memory->trim();
  EXPECT_EQ(memory->resident_pages(), 1u);
  EXPECT_EQ(second.data[page - 1], 7);
  first = memory->take(page);
  std::memset(first.data, 8, page);
  EXPECT_EQ(memory->resident_pages(), 2u);
  first = {};
  memory->trim();
  first = memory->take(page);  // taken in between: starts anew
  first = {};
  memory->trim();
  EXPECT_EQ(memory->resident_pages(), 2u);
}

TEST(FrameMemory, OutlivesItsOwnersAsLongAsAPieceIsTaken) {
  auto memory = frame_memory::make();
  const auto taken = memory->take(page);
  memory.reset();
  std::memset(taken.data, 1, page);
  EXPECT_EQ(taken.data[page - 1], 1);
}

// Pieces of random sizes and lives, each filled with a mark of its own.
void take_and_check(const std::shared_ptr<frame_memory>& memory, std::uint64_t seed) {
  struct marked {
    frame_memory::piece piece;
    std::size_t bytes;
    char mark;
  };
  std::mt19937_64 random(seed);
  std::deque<marked> all;
  for (int round = 0; round < 400; ++round) {
    const std::size_t bytes = least + random() % (round % 20 == 0 ? 5 * page : page / 4);
    const char mark = static_cast<char>(random());
    all.push_back({memory->take(bytes), bytes, mark});
    ASSERT_NE(all.back().piece.data, nullptr);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(all.back().piece.data) % frame_memory::alignment,
              0u);
    std::memset(all.back().piece.data, mark, bytes);
    if (random() % 50 == 0) memory->trim();
    while (all.size() > 8 + random() % 24) {
      const std::size_t end = random() % 4 == 0 ? random() % all.size() : 0;
      const marked& gone = all[end];
      for (std::size_t b = 0; b < gone.bytes; b += 997) ASSERT_EQ(gone.piece.data[b], gone.mark);
      ASSERT_EQ(gone.piece.data[gone.bytes - 1], gone.mark);
      all.erase(all.begin() + static_cast<std::ptrdiff_t>(end));
    }
  }
}

TEST(FrameMemory, ManyThreadsShareIt) {
  const auto memory = frame_memory::make();
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&memory, seed] { take_and_check(memory, seed); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(memory->used_pages(), 0u);
  memory->trim();
  memory->trim();
  EXPECT_EQ(memory->resident_pages(), 0u);
}

}  // namespace
}  // namespace skald
