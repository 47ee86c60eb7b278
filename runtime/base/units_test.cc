// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace skald {
namespace {

constexpr std::int64_t second = 1'000'000'000;

struct duration_case {
  std::string_view text;
  std::int64_t nanoseconds;
};

struct error_case {
  std::string_view text;
  std::string_view message;
};

TEST(GoDuration, ReadsAllUnitsSignsAndDecimals) {
  const duration_case cases[] = {
      {"0", 0},
      {"+0", 0},
      {"5s", 5 * second},
      {"1.5h", 5400 * second},
      {"-1.5s", -3 * second / 2},
      {"+2m", 120 * second},
      {"1h30m0s", 5400 * second},
      {"1m1h", 3660 * second},
      {".5s", second / 2},
      {"1.s", second},
      {"100ms", second / 10},
      {"7us", 7000},
      {"7\u00b5s", 7000},
      {"7\u03bcs", 7000},
      {"3ns", 3},
      {"0.3333333333333333333h", 1200 * second},
      {"9223372036854775807ns", std::numeric_limits<std::int64_t>::max()},
      {"-9223372036854775808ns", std::numeric_limits<std::int64_t>::min()},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_go_duration(c.text);
    ASSERT_TRUE(parsed.ok()) << c.text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, c.nanoseconds) << c.text;
  }
}

TEST(GoDuration, ExplainsWhatIsWrong) {
  const error_case cases[] = {
      {"", "time: invalid duration \"\""},
      {"-", "time: invalid duration \"-\""},
      {"foo", "time: invalid duration \"foo\""},
      {".s", "time: invalid duration \".s\""},
      {"5", "time: missing unit in duration \"5\""},
      {"1.5", "time: missing unit in duration \"1.5\""},
      {"1d", "time: unknown unit \"d\" in duration \"1d\""},
      {"5 s", "time: unknown unit \" s\" in duration \"5 s\""},
      {"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
      {"99999999999999999999s", "time: invalid duration \"99999999999999999999s\""},
      {"3000000h", "time: invalid duration \"3000000h\""},
      {"\u00e9", "time: invalid duration \"\\xc3\\xa9\""},
      {"a\"b", "time: invalid duration \"a\\\"b\""},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_go_duration(c.text);
    ASSERT_FALSE(parsed.ok()) << c.text;
    EXPECT_EQ(parsed.error().code, errc::invalid_argument);
    EXPECT_EQ(parsed.error().message, c.message);
  }
}

TEST(PrometheusDuration, ReadsUnitsInFallingOrder) {
  const duration_case cases[] = {
      {"0", 0},
      {"0s", 0},
      {"5m", 300 * second},
      {"1h30m", 5400 * second},
      {"1d", 86400 * second},
      {"1w", 7 * 86400 * second},
      {"1y2w", (365 + 14) * 86400 * second},
      {"1s5ms", second + second / 200},
      {"1y1w1d1h1m1s1ms", (365 + 7 + 1) * 86400 * second + 3661 * second + second / 1000},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_prometheus_duration(c.text);
    ASSERT_TRUE(parsed.ok()) << c.text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, c.nanoseconds) << c.text;
  }
}

TEST(PrometheusDuration, ExplainsWhatIsWrong) {
  const error_case cases[] = {
      {"", "empty duration string"},
      {"5", "not a valid duration string: \"5\""},
      {"-1h", "not a valid duration string: \"-1h\""},
      {" 5m ", "not a valid duration string: \" 5m \""},
      {"m", "not a valid duration string: \"m\""},
      {"1h1h", "not a valid duration string: \"1h1h\""},
      {"1m1h", "not a valid duration string: \"1m1h\""},
      {"5m5", "not a valid duration string: \"5m5\""},
      {"5x", "unknown unit \"x\" in duration \"5x\""},
      {"1.5h", "unknown unit \".\" in duration \"1.5h\""},
      {"1ns", "unknown unit \"ns\" in duration \"1ns\""},
      {"300y", "duration out of range"},
      {"99999999999999w", "duration out of range"},
      {"292y52w", "duration out of range"},
      {"99999999999999999999h", "not a valid duration string: \"99999999999999999999h\""},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_prometheus_duration(c.text);
    ASSERT_FALSE(parsed.ok()) << c.text;
    EXPECT_EQ(parsed.error().message, c.message);
  }
}

TEST(Bytes, ReadsDecimalAndBinaryUnits) {
  const struct {
    std::string_view text;
    std::uint64_t bytes;
  } cases[] = {
      {"5", 5},
      {"5B", 5},
      {"5 MB", 5000000},
      {"1,000B", 1000},
      {"1.5kB", 1500},
      {"4 KiB", 4096},
      {"1.5gb", 1500000000},
      {"2Ki", 2048},
      {"3m", 3000000},
      {"1EiB", std::uint64_t{1} << 60},
      {"0.5b", 0},
      {".5k", 500},
      {" ", 0},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_bytes(c.text);
    if (c.text == " ") {
      EXPECT_FALSE(parsed.ok());
      continue;
    }
    ASSERT_TRUE(parsed.ok()) << c.text << ": " << parsed.error().message;
    EXPECT_EQ(*parsed, c.bytes) << c.text;
  }
}

TEST(Bytes, ExplainsWhatIsWrong) {
  const error_case cases[] = {
      {"", "strconv.ParseFloat: parsing \"\": invalid syntax"},
      {"foo", "strconv.ParseFloat: parsing \"\": invalid syntax"},
      {"1.2.3", "strconv.ParseFloat: parsing \"1.2.3\": invalid syntax"},
      {"5XYZ", "unhandled size name: xyz"},
      {"5 k b", "unhandled size name: k b"},
      {"-5", "strconv.ParseFloat: parsing \"\": invalid syntax"},
      {"16EiB", "too large: 16EiB"},
      {"99999999999EB", "too large: 99999999999EB"},
  };
  for (const auto& c : cases) {
    const auto parsed = parse_bytes(c.text);
    ASSERT_FALSE(parsed.ok()) << c.text;
    EXPECT_EQ(parsed.error().message, c.message);
  }
}

TEST(FormatGoDuration, MatchesGo) {
  const struct {
    std::int64_t nanoseconds;
    std::string_view text;
  } cases[] = {
      {0, "0s"},
      {1, "1ns"},
      {1100, "1.1\u00b5s"},
      {2200000, "2.2ms"},
      {3 * second / 2, "1.5s"},
      {60 * second, "1m0s"},
      {5400 * second, "1h30m0s"},
      {-5400 * second, "-1h30m0s"},
      {65 * second + 1000000, "1m5.001s"},
      {100 * 3600 * second, "100h0m0s"},
      {std::numeric_limits<std::int64_t>::min(), "-2562047h47m16.854775808s"},
      {std::numeric_limits<std::int64_t>::max(), "2562047h47m16.854775807s"},
  };
  for (const auto& c : cases) EXPECT_EQ(format_go_duration(c.nanoseconds), c.text);
}

TEST(FormatPrometheusDuration, UsesWeeksAndYearsOnlyWhenExact) {
  const struct {
    std::int64_t seconds;
    std::string_view text;
  } cases[] = {
      {0, "0s"},
      {300, "5m"},
      {90, "1m30s"},
      {86400, "1d"},
      {30 * 86400 + 3600, "30d1h"},
      {14 * 86400, "2w"},
      {365 * 86400, "1y"},
      {366 * 86400, "366d"},
      {-90, "-1m30s"},
  };
  for (const auto& c : cases) EXPECT_EQ(format_prometheus_duration(c.seconds * second), c.text);
  EXPECT_EQ(format_prometheus_duration(1500000), "1ms");
  EXPECT_EQ(format_prometheus_duration(999), "0s");
}

}  // namespace
}  // namespace skald
