// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/literal_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "runtime/logql/scan/literal_kernel.h"

namespace skald::logql {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return text;
}

std::string random_text(std::mt19937& random, std::size_t bytes, std::string_view alphabet) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += alphabet[random() % alphabet.size()];
  return text;
}

struct owned_lines {
  std::string bytes;
  std::vector<std::uint32_t> starts{0};

  explicit owned_lines(const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
      bytes += line + "\n";
      starts.push_back(static_cast<std::uint32_t>(bytes.size()));
    }
  }
  line_column column() const { return {bytes, starts}; }
};

TEST(LiteralSearch, FindsWhatStdFindFinds) {
  std::mt19937 random(7);
  for (int round = 0; round < 4000; ++round) {
    const std::string_view alphabet = round % 2 == 0 ? "ab" : "abcABC 1\x80\n";
    const std::string text = random_text(random, random() % 300, alphabet);
    const std::string needle = random_text(random, 1 + random() % 6, alphabet);
    const std::size_t from = random() % (text.size() + 1);
    EXPECT_EQ(literal_search(needle).find(text, from), text.find(needle, from))
        << needle << " in " << text;
    EXPECT_EQ(literal_search(needle, letter_case::ignore_ascii).find(text, from),
              lower(text).find(lower(needle), from))
        << needle << " in " << text;
  }
}

TEST(LiteralSearch, AllKernelsAgree) {
  std::mt19937 random(11);
  for (int round = 0; round < 4000; ++round) {
    const std::string text = random_text(random, 2 + random() % 400, "abcxyz");
    const std::size_t at = random() % (text.size() - 1);
    const std::string needle = text.substr(at, 2 + random() % 40);
    if (needle.size() < 2) continue;
    literal_kernel_input input;
    input.needle = needle.data();
    input.needle_bytes = needle.size();
    input.second_offset = static_cast<std::uint32_t>(needle.size()) - 1;
    const std::size_t expected = text.find(needle);
    EXPECT_EQ(find_literal_plain(input, text.data(), text.size(), 0), expected);
#if defined(__x86_64__)
    EXPECT_EQ(find_literal_sse2(input, text.data(), text.size(), 0), expected);
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")) {
      EXPECT_EQ(find_literal_avx2(input, text.data(), text.size(), 0), expected);
    }
#endif
  }
}

TEST(LiteralSearch, HitAtTheVeryEndAndJustMissed) {
  for (std::size_t pad = 0; pad < 200; ++pad) {
    const std::string text = std::string(pad, '.') + "needle";
    EXPECT_EQ(literal_search("needle").find(text), pad);
    EXPECT_EQ(literal_search("needle").find(std::string_view(text).substr(0, text.size() - 1)),
              literal_search::npos);
  }
}

TEST(LiteralSearch, EmptyNeedleIsFoundWhereTheSearchBegins) {
  EXPECT_EQ(literal_search("").find("abc", 2), 2);
  EXPECT_EQ(literal_search("").find("abc", 3), 3);
  EXPECT_EQ(literal_search("").find("abc", 4), literal_search::npos);
}

TEST(LiteralSearch, SelectsRowsOnceAndInOrder) {
  const owned_lines lines({"xx", "a needle, a needle", "", "needle", "need", "le"});
  const row_range all{0, 6};
  row_selection rows;
  literal_search("needle").select(lines.column(), std::span(&all, 1), rows);
  EXPECT_EQ(rows, (row_selection{1, 3}));
}

TEST(LiteralSearch, StaysInsideItsRanges) {
  const owned_lines lines({"x", "x", "x", "x", "x"});
  const std::vector<row_range> ranges{{0, 1}, {2, 2}, {3, 5}};
  row_selection rows;
  literal_search("x").select(lines.column(), ranges, rows);
  EXPECT_EQ(rows, (row_selection{0, 3, 4}));
}

TEST(LiteralSearch, NeedleWithNewlineMatchesInsideALineOnly) {
  const owned_lines lines({"a", "b", "a\nb"});
  const row_range all{0, 3};
  row_selection rows;
  literal_search("a\nb").select(lines.column(), std::span(&all, 1), rows);
  EXPECT_EQ(rows, (row_selection{2}));
}

TEST(LiteralSearch, NarrowKeepsHitsOrMisses) {
  const owned_lines lines({"ab", "cd", "ab"});
  row_selection rows{0, 1, 2};
  literal_search("a").narrow(lines.column(), rows, false);
  EXPECT_EQ(rows, (row_selection{1}));
}

TEST(RowSelection, FindsTheRowOfEveryByte) {
  const owned_lines lines({"abc", "", "d", std::string(100, 'e')});
  for (std::uint32_t offset = 0; offset < lines.bytes.size(); ++offset) {
    std::uint32_t expected = 0;
    while (lines.starts[expected + 1] <= offset) ++expected;
    for (std::uint32_t hint = 0; hint <= expected; ++hint) {
      EXPECT_EQ(row_of_offset(lines.starts, offset, hint), expected);
    }
  }
}

TEST(RowSelection, UnionAndDifference) {
  row_selection out;
  merge_selections({1, 3, 5}, {2, 3, 9}, out);
  EXPECT_EQ(out, (row_selection{1, 2, 3, 5, 9}));
  subtract_selection(out, {2, 4, 9});
  EXPECT_EQ(out, (row_selection{1, 3, 5}));
}

}  // namespace
}  // namespace skald::logql
