// SPDX-License-Identifier: Apache-2.0
// Times as Go's time package has them: an instant in a zone, printed and read by reference layouts
// ("2006-01-02T15:04:05.000Z07:00"). Zones come from the system's IANA database, read once each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skald::logql {

class time_zone;

struct zone_offset {
  int seconds = 0;  // east of UTC
  std::string_view abbreviation;
};

// Zones live as long as the process.
const time_zone& utc_zone();
const time_zone& local_zone();
// Null when the database has no such zone. Safe from any thread; known zones cost a lock and a
// look-up.
const time_zone* find_zone(std::string_view name);
zone_offset offset_at(const time_zone& zone, std::int64_t unix_seconds);

struct go_time {
  std::int64_t seconds = -62135596800;  // since 1970; the default is Go's zero time, year 1
  std::int32_t nanoseconds = 0;
  const time_zone* zone = nullptr;  // null is UTC
  // Set when a parsed text named an offset that the zone does not have.
  bool has_fixed_offset = false;
  int fixed_offset_seconds = 0;
  std::string_view fixed_abbreviation;  // as it stands in the parsed text, which must live on

  static go_time of_unix_ns(std::int64_t nanoseconds);
};

struct calendar_time {
  std::int64_t year = 1;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int nanosecond = 0;
  int weekday = 0;   // 0 is Sunday
  int year_day = 1;  // from 1
  zone_offset offset;
};
calendar_time to_calendar(const go_time& time);

std::string_view month_name(std::int64_t month);      // from 1
std::string_view weekday_name(std::int64_t weekday);  // from 0

// Appends the time as Format(layout) does.
void append_formatted(std::string& out, const go_time& time, std::string_view layout);
// Appends the time as String() does.
void append_time(std::string& out, const go_time& time);
// time.ParseInLocation; nothing when the text does not fit the layout.
std::optional<go_time> parse_time(std::string_view layout, std::string_view text,
                                  const time_zone& zone);

}  // namespace skald::logql
