// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/line_splitter.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "storage/chunk/shape/generated_lines.h"
#include "testing/kit/test_seed.h"

namespace skald {
namespace {

// A line in writing: fragments with <value> between them; "plain" for plain rows.
std::string split_one(std::string_view line) {
  line_splitter splitter;
  splitter.begin_segment();
  splitter.add(line, line.data() + line.size());
  if (splitter.row_shapes()[0] == line_splitter::plain_row) return "plain";
  const auto parts = splitter.finish();
  std::string text;
  for (const std::uint32_t number : parts.shapes.fragments_of(parts.shapes.shapes[0])) {
    const shape_set::fragment& fragment = parts.shapes.fragments[number];
    text += fragment.text;
    if (fragment.column == shape_set::fragment::no_column) break;
    text += "<";
    text += parts.columns[fragment.column]->values[0];
    text += ">";
  }
  return text;
}

TEST(LineSplitter, PutsValuesInSlots) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"a":"x","b":1.50,"c":true})", R"({"a":"<x>","b":<1.50>,"c":<true>})"},
      {R"({"a":{"b":{"c":null}},"d":{}})", R"({"a":{"b":{"c":<null>}},"d":{}})"},
      {R"({"a":[1,"]",{"b":2}],"c":""})", R"({"a":<[1,"]",{"b":2}]>,"c":"<>"})"},
      {" {\t\"a\" : \"x\\\"y\" }\n", " {\t\"a\" : \"<x\\\"y>\" }\n"},
      {"{}", "{}"},
      {"a=1 b=x", "a=<1> b=<x>"},
      {" a=\"x y\"\tb= c=\"\" ", " a=\"<x y>\"\tb=<> c=\"<>\" "},
      {R"(a="\u0041\"" b=é)", R"(a="<\u0041\">" b=<é>)"},
      {R"({"a":1,"a":2})", R"({"a":<1>,"a":<2>})"},
      {R"({"a":-0,"b":01})", R"({"a":<-0>,"b":<01>})"},
  };
  for (const auto& [line, wanted] : cases) EXPECT_EQ(split_one(line), wanted);
}

TEST(LineSplitter, LeavesAllElsePlain) {
  const std::string cases[] = {
      "",
      " ",
      "some text",
      "a=1",
      "a=1 b",
      "a=1 =2",
      "a=1 b=c=d",
      "a=1 b=\"c\"d",
      "a=1 b=\"c",
      "a=1 b=\"\\q\"",
      "a=1 b=\"\\u12\"",
      "[1]",
      "\"a\"",
      "{",
      R"({"a":1)",
      R"({"a":1}x)",
      R"({"a":1,})",
      R"({"a":1 "b":2})",
      R"({"a" 1})",
      R"({a:1})",
      R"({"\u0061":1})",
      R"({"\u00":{}})",
      R"({"a":})",
      R"({"a":tru})",
      R"({"a":1x})",
      R"({"a":[}]})",
      R"({"a":[1})",
      R"({"a":"x)",
      R"({"a":"x\)",
      R"({"a":1]})",
      R"({"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}})",
      R"({"a":")" + std::string(17 << 10, 'x') + "\"}",
  };
  for (const std::string& line : cases) EXPECT_EQ(split_one(line), "plain") << line;
  EXPECT_NE(split_one(R"({"a":{"a":{"a":{"a":{"a":{"a":1}}}}}})"), "plain");
}

TEST(LineSplitter, BoundsTheSlotsOfALine) {
  const auto line = [](int slots) {
    std::string text = "k0=0";
    for (int i = 1; i < slots; ++i) text += " k" + std::to_string(i) + "=" + std::to_string(i);
    return text;
  };
  EXPECT_NE(split_one(line(120)), "plain");
  EXPECT_EQ(split_one(line(121)), "plain");
}

TEST(LineSplitter, KeepsRepeatedKeysApart) {
  for (const char* line : {"a=0  a=\"d\" x=\"\" a=\"t\"", "a=1 a=2 a=3 b=4 a=5",
                           "{\"a\":1,\"b\":{\"a\":2,\"a\":3},\"a\":4}"}) {
    line_splitter splitter;
    splitter.begin_segment();
    for (int i = 0; i < 3; ++i) splitter.add(line, line + std::strlen(line));
    EXPECT_EQ(splitter.plain_rows(), 0) << line;
    const auto parts = splitter.finish();
    EXPECT_EQ(parts.shapes.shapes.size(), 1);
    for (const split_column* one : parts.columns) EXPECT_EQ(one->values.size(), 3);
  }
}

TEST(LineSplitter, SharesFragmentsAndColumnsAmongShapes) {
  line_splitter splitter;
  splitter.begin_segment();
  const std::string_view lines[] = {R"({"a":1,"b":2})", R"({"a":3})", "plain text",
                                    R"({"a":4,"b":5})", R"({"b":6})"};
  for (const std::string_view line : lines) splitter.add(line, line.data() + line.size());
  const auto parts = splitter.finish();
  EXPECT_EQ(splitter.plain_rows(), 1);
  const auto shapes = splitter.row_shapes();
  EXPECT_EQ(std::vector<std::uint32_t>(shapes.begin(), shapes.end()),
            (std::vector<std::uint32_t>{1, 2, 0, 1, 3}));
  ASSERT_EQ(parts.columns.size(), 2);
  EXPECT_EQ(parts.columns[0]->values, (std::vector<std::string_view>{"1", "3", "4"}));
  EXPECT_EQ(parts.columns[0]->rows, (std::vector<std::uint32_t>{0, 1, 3}));
  EXPECT_EQ(parts.columns[1]->values, (std::vector<std::string_view>{"2", "5", "6"}));
  EXPECT_EQ(parts.shapes.fragments.size(), 4);  // {"a": ,"b": } {"b":
  EXPECT_NE(parts.column_hashes[0], parts.column_hashes[1]);
}

TEST(LineSplitter, GivesUpOnLinesThatAreAllDifferent) {
  line_splitter splitter;
  splitter.begin_segment();
  std::vector<std::string> lines;
  for (int i = 0; i < 3000; ++i) lines.push_back("{\"key" + std::to_string(i) + "\":1}");
  for (const std::string& line : lines) splitter.add(line, line.data() + line.size());
  EXPECT_GT(splitter.plain_rows(), 2500);
}

// The line as the splitter has it, given which value of each column is next.
std::string split_row(const line_splitter& splitter, const line_splitter::outcome& parts,
                      std::size_t row, std::vector<std::size_t>& next) {
  const std::uint32_t shape = splitter.row_shapes()[row];
  if (shape == line_splitter::plain_row) return "plain";
  std::string text;
  for (const std::uint32_t number : parts.shapes.fragments_of(parts.shapes.shapes[shape - 1])) {
    const shape_set::fragment& fragment = parts.shapes.fragments[number];
    text += fragment.text;
    if (fragment.column == shape_set::fragment::no_column) break;
    text += "<";
    text += parts.columns[fragment.column]->values[next[fragment.column]++];
    text += ">";
  }
  return text;
}

// A guess must never lead to another split than parsing would.
TEST(LineSplitter, GuessesEqualParsing) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  line_generator random(seed);
  line_splitter splitter;
  for (int round = 0; round < 50; ++round) {
    // Too few to be too varied.
    std::vector<std::string> lines;
    for (int i = 0; i < 60; ++i) lines.push_back(random.any());
    splitter.begin_segment();
    for (const std::string& line : lines) splitter.add(line, line.data() + line.size());
    const auto parts = splitter.finish();
    std::vector<std::size_t> next(parts.columns.size(), 0);
    for (std::size_t row = 0; row < lines.size(); ++row) {
      ASSERT_EQ(split_row(splitter, parts, row, next), split_one(lines[row])) << lines[row];
    }
  }
}

}  // namespace
}  // namespace skald
