// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/page_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace skald {
namespace {

TEST(PageMemory, IsAlignedZeroAndWritable) {
  for (const std::size_t bytes : {1ul, 4096ul, 2ul << 20, (2ul << 20) + 1, 7ul << 20}) {
    page_memory memory = page_memory::map(bytes, true);
    ASSERT_NE(memory.data(), nullptr);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % page_memory::large_page_bytes, 0u);
    ASSERT_GE(memory.size(), bytes);
    EXPECT_EQ(memory.size() % page_memory::large_page_bytes, 0u);
    const std::string_view all(memory.data(), memory.size());
    EXPECT_EQ(all.find_first_not_of('\0'), std::string_view::npos);
    std::fill_n(memory.data(), memory.size(), 'x');
    EXPECT_EQ(memory.data()[memory.size() - 1], 'x');
  }
}

TEST(PageMemory, ReadOnlyMemoryIsZero) {
  const page_memory memory = page_memory::map(1 << 20, false);
  ASSERT_NE(memory.data(), nullptr);
  EXPECT_EQ(std::string_view(memory.data(), memory.size()).find_first_not_of('\0'),
            std::string_view::npos);
}

TEST(PageMemory, MovesItsOwnership) {
  page_memory first = page_memory::map(10, true);
  first.data()[0] = 'a';
  char* const at = first.data();
  page_memory second = std::move(first);
  EXPECT_EQ(first.data(), nullptr);
  EXPECT_EQ(second.data(), at);
  second = page_memory::map(10, true);
  EXPECT_NE(second.data(), nullptr);
  EXPECT_EQ(second.data()[0], '\0');
}

TEST(PageMemory, SaysWhenTheSystemRefuses) {
  const page_memory none = page_memory::map(std::size_t{1} << 60, true);
  EXPECT_EQ(none.data(), nullptr);
  EXPECT_EQ(none.size(), 0u);
}

}  // namespace
}  // namespace skald
