// SPDX-License-Identifier: Apache-2.0
// The rule of a zone for all future times, as POSIX's TZ variable writes it:
// "EST5EDT,M3.2.0,M11.1.0". Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/logql/template/time/go_time.h"

namespace skald::logql {

// One yearly change of clocks.
struct posix_change {
  enum class kind { julian, day_of_year, month_week_day };
  kind what = kind::month_week_day;
  int day = 0;  // julian: 1-365 without 29 February; day_of_year: 0-365; else the weekday, 0-6
  int week = 0;
  int month = 0;
  int time_seconds = 7200;  // local time of the change
};

struct posix_zone_rule {
  std::string standard_name;
  int standard_offset = 0;  // seconds east of UTC
  std::string summer_name;  // empty: no summer time
  int summer_offset = 0;
  posix_change summer_begin;
  posix_change summer_end;
};

// Nothing when the text is malformed.
std::optional<posix_zone_rule> parse_posix_zone_rule(std::string_view text);

// The abbreviation points into the rule.
zone_offset offset_by_rule(const posix_zone_rule& rule, std::int64_t unix_seconds);

// Days since 1970-01-01 of a date of the Gregorian calendar, and back.
std::int64_t days_from_civil(std::int64_t year, int month, int day);
void civil_from_days(std::int64_t days, std::int64_t& year, int& month, int& day);
bool is_leap_year(std::int64_t year);

}  // namespace skald::logql
