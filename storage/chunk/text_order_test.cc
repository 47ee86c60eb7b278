// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/text_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "runtime/base/random.h"
#include "testing/kit/test_seed.h"

namespace skald {
namespace {

std::vector<std::uint32_t> expected(std::span<const std::string_view> texts) {
  std::vector<std::uint32_t> numbers(texts.size());
  std::iota(numbers.begin(), numbers.end(), 0u);
  std::stable_sort(numbers.begin(), numbers.end(),
                   [&](auto a, auto b) { return texts[a] < texts[b]; });
  return numbers;
}

TEST(TextOrder, IsThatOfTheirBytes) {
  using namespace std::string_view_literals;
  const std::vector<std::vector<std::string_view>> cases = {
      {},
      {"a"},
      {"", "", ""},
      {"a", {}, "", {}},
      {"b", "a", "", "a"},
      {"\xff", "\x7f", "\x80"},
      {"ab\0"sv, "ab"sv, "ab\0\0"sv, "ab\0a"sv},
      {"12345678", "12345678\0"sv, "1234567", "123456789", "12345678"},
      {"same start, 1234567890", "same start, 1234567891", "same start, ", "same"},
      {"aaaaaaaaaaaaaaaaaaaaaaaab", "aaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaab"},
  };
  for (const auto& texts : cases) EXPECT_EQ(order_of_texts(texts), expected(texts));
}

// Each eight bytes tell some of them apart from those that are longer.
TEST(TextOrder, HoldsForTextsThatBranchAtEachKey) {
  for (const std::size_t depth : {14, 15, 16, 17, 18, 40}) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < 6 * depth; ++i) {
      const std::size_t bytes = 8 * (i * 7 % depth);
      texts.push_back(std::string(bytes, 'a') + std::string(i / depth % 2, '\xff'));
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    EXPECT_EQ(order_of_texts(views), expected(views)) << depth;
  }
}

TEST(TextOrder, HoldsForRandomTextsThatBeginAlike) {
  seeded_random random(test_seed());
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> texts(1 + random.below(60));
    for (std::size_t i = 0; i < texts.size(); ++i) {
      // Part of an earlier text, then bytes of a small alphabet with both ends of the range.
      if (i > 0) {
        const std::string& before = texts[random.below(i)];
        texts[i] = before.substr(0, random.below(before.size() + 1));
      }
      const std::uint64_t more = random.below(20);
      for (std::uint64_t k = 0; k < more; ++k) texts[i].push_back("\0a\xff"[random.below(3)]);
    }
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    ASSERT_EQ(order_of_texts(views), expected(views)) << "round " << round;
  }
}

}  // namespace
}  // namespace skald
