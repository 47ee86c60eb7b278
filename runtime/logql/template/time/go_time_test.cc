// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/time/go_time.h"

#include <gtest/gtest.h>

#include "runtime/logql/template/time/posix_zone_rule.h"

namespace skald::logql {
namespace {

std::string format(const go_time& time, std::string_view layout) {
  std::string out;
  append_formatted(out, time, layout);
  return out;
}

TEST(GoTime, FormatsEveryElement) {
  const go_time time = go_time::of_unix_ns(1793491200123456789);  // 2026-11-01 00:00:00 UTC
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"2006-01-02T15:04:05.000Z07:00", "2026-11-01T00:00:00.123Z"},
      {"Monday Jan _2 2006 03:04:05.999999999PM", "Sunday Nov  1 2026 12:00:00.123456789AM"},
      {"Mon January 2 06 3:4:5 pm", "Sun November 1 26 12:0:0 am"},
      {"002 __2 1 -0700 -07 -07:00:00 MST", "305 305 11 +0000 +00 +00:00:00 UTC"},
      {"Z0700 Z07 .00 ,000 15h", "Z Z .12 ,123 00h"},
      {"Janet Monet _2006", "Janet Monet _2026"},
      {"", ""},
  };
  for (const auto& [layout, text] : cases) EXPECT_EQ(format(time, layout), text) << layout;
  EXPECT_EQ(format(go_time::of_unix_ns(-1), "2006-01-02 15:04:05.999999999"),
            "1969-12-31 23:59:59.999999999");
  EXPECT_EQ(format(go_time{}, "2006-01-02 Mon 002"), "0001-01-01 Mon 001");
}

TEST(GoTime, ParsesWhatItFormats) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"2006-01-02T15:04:05.000Z07:00", "2026-11-01T00:00:00.123Z"},
      {"2006-01-02T15:04:05Z07:00", "2026-11-01T02:00:00.123+02:00"},
      {"02/Jan/2006:15:04:05 -0700", "01/Nov/2026:00:00:00.123 +0000"},
      {"Monday Jan _2 2006 3:04:05.999PM", "Sunday Nov  1 2026 12:00:00.123AM"},
      {"2006 002 15:04:05", "2026 305 00:00:00.123"},
      {"06-1-2 3:4:5.000pm MST", "26-11-1 12:0:0.123am UTC"},
  };
  for (const auto& [layout, text] : cases) {
    const auto parsed = parse_time(layout, text, utc_zone());
    ASSERT_TRUE(parsed.has_value()) << layout;
    EXPECT_EQ(parsed->seconds, 1793491200) << layout;
    EXPECT_EQ(parsed->nanoseconds, 123000000) << layout;
  }
}

TEST(GoTime, RefusesTextsThatDoNotFit) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"2006-01-02", "2026-13-01"},
      {"2006-01-02", "2026-02-30"},
      {"2006-01-02", "2026-11-01x"},
      {"2006-01-02", "2026-11"},
      {"15:04", "24:00"},
      {"15:04", "12:60"},
      {"Jan", "Foo"},
      {"Z07:00", "+0200"},
      {"3PM", "13PM"},
      {"002", "367"},
      {"2006-01-02", "x026-01-01"},
      {".000", ".12"},
  };
  for (const auto& [layout, text] : cases) {
    EXPECT_FALSE(parse_time(layout, text, utc_zone()).has_value()) << layout << " " << text;
  }
}

TEST(GoTime, KnowsZonesAndTheirSummer) {
  const time_zone* berlin = find_zone("Europe/Berlin");
  ASSERT_NE(berlin, nullptr);
  EXPECT_EQ(offset_at(*berlin, 1793491200).seconds, 3600);
  EXPECT_EQ(offset_at(*berlin, 1783123200).abbreviation, "CEST");
  // Beyond every stored change the rule at the end of the file holds.
  EXPECT_EQ(offset_at(*berlin, 4119595200).seconds, 7200);
  EXPECT_EQ(find_zone("Nowhere/Bad"), nullptr);
  EXPECT_EQ(find_zone("../etc/passwd"), nullptr);
  EXPECT_EQ(find_zone("/etc/localtime"), nullptr);
  const auto parsed = parse_time("2006-01-02 15:04", "2026-07-04 12:00", *berlin);
  EXPECT_EQ(format(*parsed, "15:04 -0700 MST"), "12:00 +0200 CEST");
}

TEST(PosixZoneRule, SwitchesInBothHemispheres) {
  const auto north = parse_posix_zone_rule("EST5EDT,M3.2.0,M11.1.0");
  ASSERT_TRUE(north.has_value());
  EXPECT_EQ(offset_by_rule(*north, 1783123200).seconds, -4 * 3600);
  EXPECT_EQ(offset_by_rule(*north, 1798761600).abbreviation, "EST");
  const auto south = parse_posix_zone_rule("AEST-10AEDT,M10.1.0,M4.1.0/3");
  EXPECT_EQ(offset_by_rule(*south, 1798761600).seconds, 11 * 3600);
  EXPECT_EQ(offset_by_rule(*south, 1783123200).seconds, 10 * 3600);
  const auto fixed = parse_posix_zone_rule("<+0330>-3:30");
  EXPECT_EQ(offset_by_rule(*fixed, 0).seconds, 12600);
  for (const std::string_view bad : {"", "EST", "EST5EDT,M13.1.0,M1.1.0", "EST5EDT,x", "5"}) {
    EXPECT_FALSE(parse_posix_zone_rule(bad).has_value()) << bad;
  }
}

TEST(Calendar, ConvertsDatesBothWays) {
  for (std::int64_t days = -800000; days < 800000; days += 37) {
    std::int64_t year = 0;
    int month = 0;
    int day = 0;
    civil_from_days(days, year, month, day);
    EXPECT_EQ(days_from_civil(year, month, day), days);
  }
}

}  // namespace
}  // namespace skald::logql
