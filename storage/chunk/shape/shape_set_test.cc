// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/shape_set.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/chunk/shape/label_name.h"

namespace skald {
namespace {

constexpr std::uint32_t none = shape_set::fragment::no_column;

shape_set two_shapes() {
  shape_set made;
  made.paths = {{shape_set::json_root, "http"}, {2, "status"}, {shape_set::logfmt_root, "id"}};
  made.columns = {{3, slot_kind::json_scalar}, {4, slot_kind::logfmt_bare}};
  made.fragments = {{"{\"http\":{\"status\":", 0}, {"}}", none}, {"id=", 1}, {"", none}};
  made.fragment_numbers = {0, 1, 2, 3};
  made.shapes = {{line_format_kind::json, 0, 2}, {line_format_kind::logfmt, 2, 2}};
  return made;
}

bool parses(const shape_set& shapes) {
  std::string bytes;
  append_shapes(shapes, bytes);
  const auto parsed = parse_shapes(bytes);
  if (parsed.ok()) return true;
  EXPECT_EQ(parsed.error().code, errc::corrupt);
  return false;
}

TEST(ShapeSet, ComesBackAsItWas) {
  const shape_set made = two_shapes();
  std::string bytes;
  append_shapes(made, bytes);
  const auto parsed = parse_shapes(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  std::string again;
  append_shapes(*parsed, again);
  EXPECT_EQ(again, bytes);
  EXPECT_EQ(parsed->format_of(parsed->columns[1]), line_format_kind::logfmt);
}

TEST(ShapeSet, RefusesWhatDoesNotFitTogether) {
  ASSERT_TRUE(parses(two_shapes()));
  const std::pair<const char*, void (*)(shape_set&)> cases[] = {
      {"a parent behind its child", [](shape_set& of) { of.paths[0].parent = 3; }},
      {"keys nested too deep",
       [](shape_set& of) {
         of.paths = {{0, "a"}, {2, "b"}, {3, "c"}, {4, "d"},
                     {5, "e"}, {6, "f"}, {7, "g"}, {1, "h"}};
         of.columns[1].path = 9;
       }},
      {"a column of a root", [](shape_set& of) { of.columns[0].path = 1; }},
      {"a path that is not there", [](shape_set& of) { of.columns[0].path = 5; }},
      {"a kind of the other format",
       [](shape_set& of) { of.columns[0].kind = slot_kind::logfmt_quoted; }},
      {"no kind", [](shape_set& of) { of.columns[0].kind = slot_kind::none; }},
      {"a column that is not there", [](shape_set& of) { of.fragments[0].column = 2; }},
      {"a fragment that is not there", [](shape_set& of) { of.fragment_numbers[0] = 4; }},
      {"no end", [](shape_set& of) { of.fragment_numbers[1] = 0; }},
      {"an early end", [](shape_set& of) { of.fragment_numbers[0] = 1; }},
      {"a column of the other format", [](shape_set& of) { of.fragment_numbers[0] = 2; }},
      {"an empty shape", [](shape_set& of) { of.shapes[0].count = 0; }},
      {"a column twice",
       [](shape_set& of) {
         of.fragment_numbers = {0, 0, 1};
         of.shapes = {{line_format_kind::json, 0, 3}};
       }},
  };
  for (const auto& [what, change] : cases) {
    shape_set bad = two_shapes();
    change(bad);
    EXPECT_FALSE(parses(bad)) << what;
  }
}

TEST(ShapeSet, ForeignBytesNeverLeaveBounds) {
  std::string good;
  append_shapes(two_shapes(), good);
  std::mt19937_64 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string bad = good;
    for (std::uint64_t i = random() % 3 + 1; i > 0; --i) {
      bad[random() % bad.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) bad.resize(random() % bad.size());
    const auto parsed = parse_shapes(bad);
    if (!parsed.ok()) continue;
    for (const shape_set::shape& shape : parsed->shapes) {
      for (const std::uint32_t number : parsed->fragments_of(shape)) {
        ASSERT_LT(number, parsed->fragments.size());
      }
    }
  }
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_FALSE(parse_shapes(std::string_view(good).substr(0, bytes)).ok());
  }
}

TEST(LabelName, SanitisesAsParsersDo) {
  const auto name = [](std::vector<std::string_view> keys) {
    std::string made;
    for (const std::string_view key : keys) append_label_name(key, made);
    return made;
  };
  EXPECT_EQ(name({"a"}), "a");
  EXPECT_EQ(name({"a", "b.c", "d e"}), "a_b_c_d_e");
  EXPECT_EQ(name({"1a"}), "_1a");
  EXPECT_EQ(name({"a", "1"}), "a_1");
  EXPECT_EQ(name({"", "1"}), "_1");
  EXPECT_EQ(name({" a\t", " ", "b"}), "a_b");
  EXPECT_EQ(name({"", " "}), "");
  EXPECT_TRUE(has_plain_name("a b"));
  EXPECT_FALSE(has_plain_name("\xC3\xA9"));
}

}  // namespace
}  // namespace skald
