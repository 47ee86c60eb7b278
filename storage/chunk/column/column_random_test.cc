// SPDX-License-Identifier: Apache-2.0
// Thousands of random columns: every value must come back, all of them, some of them, and by
// search.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "storage/chunk/column/column_decoder.h"
#include "storage/chunk/column/column_encoder.h"
#include "storage/chunk/column/generated_values.h"

namespace skald {
namespace {

constexpr std::uint64_t seed = 20'261'122;

class ColumnRandom : public testing::Test {
 protected:
  ColumnRandom() { std::cout << "seed " << seed << "\n"; }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  // Of one kind, with a few values replaced or damaged perhaps.
  value_column next_column() {
    const std::size_t rows = 1 + below(below(4) == 0 ? 3000 : 100);
    const auto kind = static_cast<value_kind>(below(value_kinds));
    value_column column = generate_column(kind, rows, random_);
    if (below(4) == 0) repeat_some(column.texts);
    if (below(3) == 0) {
      for (std::uint64_t left = 1 + below(3); left > 0; --left) damage(column.texts[below(rows)]);
    }
    if (below(3) == 0) surround(column.texts);
    return column;
  }

  void repeat_some(std::vector<std::string>& texts) {
    const std::size_t pool = 1 + below(texts.size());
    for (std::string& text : texts) text = std::string(texts[below(pool)]);
  }

  void damage(std::string& text) {
    switch (below(5)) {
      case 0:
        text.clear();
        break;
      case 1:
        text += static_cast<char>(below(256));
        break;
      case 2:
        if (!text.empty()) text[below(text.size())] = static_cast<char>(below(256));
        break;
      case 3:
        if (!text.empty()) text.erase(below(text.size()), 1);
        break;
      case 4:
        text.insert(0, "0");
        break;
    }
  }

  void surround(std::vector<std::string>& texts) {
    const std::string before = below(2) == 0 ? "user-" : std::to_string(below(100));
    const std::string after = below(2) == 0 ? "/x" : std::to_string(below(100));
    for (std::string& text : texts) text = before + text + after;
  }

  std::string encode(const value_column& column) {
    std::string payload;
    const auto views = column.views();
    const auto hint = static_cast<column_type>(below(11));
    encoder_.append(views, column.times_ns, hint, zstd_, payload);
    return payload;
  }

  // Part of a value as a rule, perhaps with other letters, so that there are hits and misses.
  std::string next_needle(const value_column& column) {
    const std::string& text = column.texts[below(column.texts.size())];
    const std::size_t start = below(text.size() + 1);
    std::string needle = text.substr(start, below(below(2) == 0 ? 4 : 40));
    if (below(4) == 0) needle = text;
    if (below(4) == 0) damage(needle);
    if (below(4) == 0) {
      for (char& byte : needle) byte = fold(byte, below(2) == 0);
    }
    return needle;
  }

  static char fold(char byte, bool upper) {
    if (upper) return byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - 32) : byte;
    return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte;
  }

  static std::string folded(std::string text) {
    for (char& byte : text) byte = fold(byte, false);
    return text;
  }

  static std::vector<std::uint32_t> naive_find(const value_column& column,
                                               const std::string& needle, bool ignore_case) {
    std::vector<std::uint32_t> found;
    for (std::uint32_t row = 0; row < column.texts.size(); ++row) {
      const std::string& text = column.texts[row];
      const bool holds = ignore_case ? folded(text).find(folded(needle)) != std::string::npos
                                     : text.find(needle) != std::string::npos;
      if (holds) found.push_back(row);
    }
    return found;
  }

  std::mt19937_64 random_{seed};
  column_encoder encoder_;
  column_decoder decoder_;
  compressor zstd_;
};

TEST_F(ColumnRandom, EveryValueComesBack) {
  for (int i = 0; i < 3000; ++i) {
    const value_column column = next_column();
    const std::string payload = encode(column);
    const auto rows = static_cast<std::uint32_t>(column.texts.size());
    const auto decoded = decoder_.decode(payload, rows, column.times_ns);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message << " in column " << i;
    ASSERT_TRUE(decoded->codes.empty() ? decoded->values.size() == rows
                                       : decoded->codes.size() == rows);
    for (std::uint32_t row = 0; row < rows; ++row) {
      ASSERT_EQ(decoded->value(row), column.texts[row]) << "column " << i << " row " << row;
    }
    decoder_.clear();
  }
}

TEST_F(ColumnRandom, FactsHoldForEveryValue) {
  for (int i = 0; i < 1000; ++i) {
    const value_column column = next_column();
    encode(column);
    const column_facts facts = encoder_.facts();
    std::size_t shortest = SIZE_MAX;
    std::size_t longest = 0;
    for (const std::string& text : column.texts) {
      ASSERT_TRUE(facts.may_equal(text)) << text;
      shortest = std::min(shortest, text.size());
      longest = std::max(longest, text.size());
      if (!facts.has_range) continue;
      ASSERT_LE(facts.min, std::stoll(text));
      ASSERT_GE(facts.max, std::stoll(text));
    }
    ASSERT_EQ(facts.bytes_min, shortest);
    ASSERT_EQ(facts.bytes_max, longest);
    for (int n = 0; n < 4; ++n) {
      const std::string needle = next_needle(column);
      const bool there = !naive_find(column, needle, true).empty();
      ASSERT_TRUE(!there || facts.may_hold(needle)) << needle;
    }
  }
}

TEST_F(ColumnRandom, SomeValuesAreThoseOfAll) {
  for (int i = 0; i < 1000; ++i) {
    const value_column column = next_column();
    const std::string payload = encode(column);
    const auto rows = static_cast<std::uint32_t>(column.texts.size());
    std::vector<std::uint32_t> wanted;
    const std::uint64_t step = 1 + below(20);
    for (std::uint64_t row = below(step); row < rows; row += 1 + below(step)) {
      wanted.push_back(static_cast<std::uint32_t>(row));
    }
    const auto decoded = decoder_.decode_some(payload, rows, column.times_ns, wanted);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    ASSERT_EQ(decoded->rows, wanted.size());
    for (std::size_t n = 0; n < wanted.size(); ++n) {
      ASSERT_EQ(decoded->value(n), column.texts[wanted[n]]) << "column " << i;
    }
    decoder_.clear();
  }
}

TEST_F(ColumnRandom, FindsWhatANaiveSearchFinds) {
  std::size_t hits = 0;
  for (int i = 0; i < 1500; ++i) {
    const value_column column = next_column();
    const std::string payload = encode(column);
    const auto rows = static_cast<std::uint32_t>(column.texts.size());
    for (int n = 0; n < 4; ++n) {
      const std::string needle = next_needle(column);
      const bool ignore_case = below(2) == 0;
      std::vector<std::uint32_t> found = {7};  // appended to
      const auto done = decoder_.find(payload, rows, column.times_ns, needle, ignore_case, found);
      ASSERT_TRUE(done.ok()) << done.error().message;
      found.erase(found.begin());
      ASSERT_EQ(found, naive_find(column, needle, ignore_case))
          << "column " << i << " needle " << needle << " case " << ignore_case;
      hits += found.size();
    }
  }
  EXPECT_GT(hits, 5'000);
}

}  // namespace
}  // namespace skald
