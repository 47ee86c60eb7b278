// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/go_number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace skald {
namespace {

TEST(ParseGoFloat, AcceptsGoSyntax) {
  const struct {
    std::string_view text;
    double value;
  } cases[] = {
      {"5", 5},           {"-1.5", -1.5},    {"+2", 2},          {".5", 0.5},
      {"5.", 5},          {"1e3", 1000},     {"1E-3", 0.001},    {"1_000", 1000},
      {"010", 10},        {"0x1p4", 16},     {"-0X1.8p1", -3},   {"0x_1p0", 1},
      {"1e-400", 0},      {"inf", INFINITY}, {"+Inf", INFINITY}, {"-Infinity", -INFINITY},
      {"1_0.2_5", 10.25},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_go_float(c.text);
    ASSERT_TRUE(parsed.ok()) << c.text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, c.value) << c.text;
    double value = -1;
    EXPECT_TRUE(try_parse_go_float(c.text, value));
    EXPECT_EQ(value, c.value);
  }
  EXPECT_TRUE(std::isnan(*parse_go_float("NaN")));
}

TEST(ParseGoFloat, RejectsEverythingElse) {
  for (const std::string_view text : {"", "foo", "0x10", "1__0", "_1", "1_", "1e", "1.2.3", " 5",
                                      "5 ", "+", "-nan", "0x", "1e_3", "infi", "1_.5", "--1"}) {
    const auto parsed = parse_go_float(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().message,
              "strconv.ParseFloat: parsing \"" + std::string(text) + "\": invalid syntax");
  }
  EXPECT_EQ(parse_go_float("1e400").error().message,
            "strconv.ParseFloat: parsing \"1e400\": value out of range");
  EXPECT_EQ(parse_go_float("a\"\x01").error().message,
            "strconv.ParseFloat: parsing \"a\\\"\\x01\": invalid syntax");
}

TEST(ParseGoInt, ReadsBasesAndBounds) {
  EXPECT_EQ(*parse_go_int("0x10", 0), 16);
  EXPECT_EQ(*parse_go_int("010", 0), 8);
  EXPECT_EQ(*parse_go_int("0o17", 0), 15);
  EXPECT_EQ(*parse_go_int("0b101", 0), 5);
  EXPECT_EQ(*parse_go_int("1_000", 0), 1000);
  EXPECT_EQ(*parse_go_int("-5", 10), -5);
  EXPECT_EQ(*parse_go_int("0", 0), 0);
  EXPECT_EQ(*parse_go_int("9223372036854775807", 10), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(*parse_go_int("-9223372036854775808", 10), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_go_int("9223372036854775808", 10).error().message,
            "strconv.ParseInt: parsing \"9223372036854775808\": value out of range");
  for (const std::string_view text : {"", "x", "08", "1.5", "1e3", " 5", "0x", "1__0", "_1"}) {
    EXPECT_FALSE(parse_go_int(text, 0).ok()) << text;
  }
  EXPECT_FALSE(parse_go_int("1_0", 10).ok());
}

TEST(FormatGoFloat, ShortestWithAndWithoutExponent) {
  const struct {
    double value;
    std::string_view g;
    std::string f;
  } cases[] = {
      {0, "0", "0"},
      {1, "1", "1"},
      {2.5, "2.5", "2.5"},
      {100000, "100000", "100000"},
      {1e6, "1e+06", "1000000"},
      {1234567, "1.234567e+06", "1234567"},
      {1e21, "1e+21", "1000000000000000000000"},
      {0.0001, "0.0001", "0.0001"},
      {0.00001, "1e-05", "0.00001"},
      {1e-7, "1e-07", "0.0000001"},
      {1e100, "1e+100", "1" + std::string(100, '0')},
      {-0.1, "-0.1", "-0.1"},
      {INFINITY, "+Inf", "+Inf"},
      {-INFINITY, "-Inf", "-Inf"},
      {NAN, "NaN", "NaN"},
  };
  for (const auto& c : cases) {
    std::string g;
    std::string f;
    append_go_float_g(g, c.value);
    append_go_float_f(f, c.value);
    EXPECT_EQ(g, c.g);
    EXPECT_EQ(f, c.f);
  }
}

TEST(QuoteForError, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(quote_for_error("\xff"), R"("\xff")");
  EXPECT_EQ(quote_for_error("1\xe2\x82\u20ac\ufffd\xc3"), "\"1\\xe2\\x82\u20ac\ufffd\\xc3\"");
  EXPECT_EQ(quote_for_error(""), "\"\"");
}

TEST(QuoteForError, EscapesControlBytes) {
  EXPECT_EQ(quote_for_error("a\"b\\c\n\x01\u00e9"), "\"a\\\"b\\\\c\\n\\x01\u00e9\"");
}

}  // namespace
}  // namespace skald
