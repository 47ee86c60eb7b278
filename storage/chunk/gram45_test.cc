// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/gram45.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "storage/chunk/utf8_text.h"

namespace skald {
namespace {

constexpr unsigned width = 17;

std::vector<std::uint8_t> portable_marks(std::string_view text) {
  std::vector<std::uint8_t> map(mark_map_bytes(width));
  mark_grams_portable(text, width, map);
  map.resize(1 << width);
  return map;
}

std::size_t count_marks(std::string_view text) {
  const auto map = portable_marks(text);
  return static_cast<std::size_t>(std::count(map.begin(), map.end(), 1));
}

TEST(Gram45, HashIsFrozen) {
  const auto hash = [](std::string_view gram) {
    return gram_hash(reinterpret_cast<const std::uint8_t*>(gram.data()), gram.size() == 5);
  };
  EXPECT_EQ(hash("erro"), 0x0EA11E0EU);
  EXPECT_EQ(hash("12345"), 0xC5656921U);
  EXPECT_EQ(hash("12346"), 0x54AF82C2U);
}

TEST(Gram45, GramsByLine) {
  const struct {
    const char* text;
    std::size_t grams;
  } cases[] = {{"", 0},       {"abc", 0},        {"wxyz", 1},    {"wxyz\nwxyz\n", 1},
               {"wx\nyz", 0}, {"hello", 2},      {"12345", 1},  // the rest is too short
               {"1234", 0},   {"123x", 0},       {"123x5", 2},  // three number bytes: five
               {"12x45", 2},  {"\n\n\n\n\n", 0}, {"1.2.3.4", 3}, {"wxyzwxyz", 4}};
  for (const auto& one : cases) EXPECT_EQ(count_marks(one.text), one.grams) << one.text;
}

TEST(Gram45, CaseIsFolded) {
  EXPECT_EQ(portable_marks("Hello WORLD DEADBEEF @[`{"),
            portable_marks("hello world deadbeef @[`{"));
  EXPECT_NE(portable_marks("@@@@"), portable_marks("````"));
}

std::string random_text(std::mt19937_64& random, std::size_t bytes, int kind) {
  std::string text;
  while (text.size() < bytes) {
    const auto dice = random();
    if (kind == 0) {
      text.push_back(static_cast<char>(dice));
    } else if (kind == 1) {
      text.push_back("0123456789abcdefABCDEFxyzXYZ.:\n\n"[dice % 32]);
    } else {
      text.push_back(static_cast<char>(dice % 61 == 0   ? '\n'
                                       : dice % 31 == 0 ? '\\'
                                                        : 'A' + dice % 58));
    }
  }
  return text;
}

TEST(Gram45, VectorVersionEqualsThePlainOne) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 120; ++round) {
    const std::size_t bytes = round < 70 ? static_cast<std::size_t>(round) : random() % 20'000;
    const std::string text = random_text(random, bytes, round % 3);
    std::vector<std::uint8_t> map(mark_map_bytes(width));
    std::vector<std::uint8_t> plain(mark_map_bytes(width));
    const text_facts facts = mark_grams(text, width, map);
    const text_facts wanted = mark_grams_portable(text, width, plain);
    map.resize(1 << width);
    plain.resize(1 << width);
    ASSERT_EQ(map, plain) << round;
    EXPECT_EQ(facts.ascii, wanted.ascii) << round;
    EXPECT_EQ(facts.unicode_escape, wanted.unicode_escape) << round;
    EXPECT_EQ(facts.newlines, wanted.newlines) << round;
    std::vector<std::uint64_t> bits((1 << width) / 64);
    const std::size_t set = pack_marks(map, bits);
    EXPECT_EQ(set, static_cast<std::size_t>(std::count(map.begin(), map.end(), 1)));
    for (std::size_t i = 0; i < map.size(); ++i) ASSERT_EQ(bits[i / 64] >> (i % 64) & 1, map[i]);
  }
}

TEST(Gram45, FactsAcrossBlockBorders) {
  for (std::size_t before = 4090; before < 4100; ++before) {
    const std::string escape = std::string(before, 'x') + "\\u0041";
    std::vector<std::uint8_t> map(mark_map_bytes(width));
    EXPECT_TRUE(mark_grams(escape, width, map).unicode_escape) << before;
    const std::string high = std::string(before, 'x') + "\x80";
    EXPECT_FALSE(mark_grams(high, width, map).ascii) << before;
    const std::string lines = std::string(before, 'x') + "\n\n";
    EXPECT_EQ(mark_grams(lines, width, map).newlines, 2) << before;
  }
}

TEST(Gram45, NeedleGramsAreAmongTheTexts) {
  std::mt19937_64 random(17);
  for (int round = 0; round < 200; ++round) {
    const std::string text = random_text(random, 300, round % 3);
    const auto map = portable_marks(text);
    const std::size_t start = random() % text.size();
    const std::string needle = text.substr(start, random() % 40);
    EXPECT_TRUE(for_each_needle_gram(needle, [&](auto, std::uint32_t hash) {
      return map[hash >> (32 - width)] != 0;
    })) << needle;
  }
}

TEST(Utf8Text, Cases) {
  for (const char* valid : {"", "plain ascii text", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                            "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_valid_utf8(valid)) << valid;
    EXPECT_TRUE(is_valid_utf8("12345678" + std::string(valid) + "12345678"));
  }
  for (const char* invalid :
       {"\x80", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xc3\x28"}) {
    EXPECT_FALSE(is_valid_utf8(invalid)) << invalid;
    EXPECT_FALSE(is_valid_utf8("12345678" + std::string(invalid) + "12345678"));
  }
}

}  // namespace
}  // namespace skald
