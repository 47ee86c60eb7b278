// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/time/go_time.h"

#include <array>
#include <cstdlib>

#include "runtime/logql/template/time/posix_zone_rule.h"
#include "runtime/logql/template/time/time_layout.h"

namespace skald::logql {
namespace {

using element = layout_element;

constexpr std::array<std::string_view, 12> months{"January",   "February", "March",    "April",
                                                  "May",       "June",     "July",     "August",
                                                  "September", "October",  "November", "December"};
constexpr std::array<std::string_view, 7> weekdays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                   "Thursday", "Friday", "Saturday"};

void append_padded(std::string& out, std::int64_t value, std::size_t width, char pad = '0') {
  if (value < 0) {
    out += '-';
    value = -value;
  }
  const std::string text = std::to_string(value);
  if (text.size() < width) out.append(width - text.size(), pad);
  out += text;
}

void append_zone(std::string& out, element e, int offset_seconds) {
  const bool is_z = e >= element::z_hours && e <= element::z_colon_seconds;
  if (is_z && offset_seconds == 0) {
    out += 'Z';
    return;
  }
  const int absolute = std::abs(offset_seconds);
  out += offset_seconds < 0 ? '-' : '+';
  append_padded(out, absolute / 3600, 2);
  const bool has_colon = e == element::z_colon || e == element::z_colon_seconds ||
                         e == element::colon || e == element::colon_seconds;
  if (e != element::z_hours && e != element::hours) {
    if (has_colon) out += ':';
    append_padded(out, absolute / 60 % 60, 2);
  }
  if (e == element::z_seconds || e == element::hours_seconds || e == element::z_colon_seconds ||
      e == element::colon_seconds) {
    if (has_colon) out += ':';
    append_padded(out, absolute % 60, 2);
  }
}

void append_fraction(std::string& out, const layout_chunk& chunk, int nanosecond) {
  std::string digits = std::to_string(nanosecond);
  digits.insert(0, 9 - digits.size(), '0');
  if (chunk.digits < 9) digits.resize(chunk.digits);
  digits.append(chunk.digits > 9 ? chunk.digits - 9 : 0, '0');
  if (chunk.element == element::fraction_nines) {
    while (!digits.empty() && digits.back() == '0') digits.pop_back();
    if (digits.empty()) return;
  }
  out += chunk.separator;
  out += digits;
}

int hour12(int hour) {
  return hour % 12 == 0 ? 12 : hour % 12;
}

void append_date_element(std::string& out, element e, const calendar_time& c) {
  switch (e) {
    case element::year:
      append_padded(out, (c.year < 0 ? 0 : c.year) % 100, 2);
      break;
    case element::long_year:
      append_padded(out, c.year, 4);
      break;
    case element::month:
      out += month_name(c.month).substr(0, 3);
      break;
    case element::long_month:
      out += month_name(c.month);
      break;
    case element::number_month:
      append_padded(out, c.month, 0);
      break;
    case element::zero_month:
      append_padded(out, c.month, 2);
      break;
    case element::weekday:
      out += weekday_name(c.weekday).substr(0, 3);
      break;
    case element::long_weekday:
      out += weekday_name(c.weekday);
      break;
    case element::day:
      append_padded(out, c.day, 0);
      break;
    case element::under_day:
      append_padded(out, c.day, 2, ' ');
      break;
    case element::zero_day:
      append_padded(out, c.day, 2);
      break;
    case element::under_year_day:
      append_padded(out, c.year_day, 3, ' ');
      break;
    case element::zero_year_day:
      append_padded(out, c.year_day, 3);
      break;
    default:
      break;
  }
}

void append_clock_element(std::string& out, const layout_chunk& chunk, const calendar_time& c) {
  switch (chunk.element) {
    case element::hour:
      append_padded(out, c.hour, 2);
      break;
    case element::hour12:
      append_padded(out, hour12(c.hour), 0);
      break;
    case element::zero_hour12:
      append_padded(out, hour12(c.hour), 2);
      break;
    case element::minute:
      append_padded(out, c.minute, 0);
      break;
    case element::zero_minute:
      append_padded(out, c.minute, 2);
      break;
    case element::second:
      append_padded(out, c.second, 0);
      break;
    case element::zero_second:
      append_padded(out, c.second, 2);
      break;
    case element::upper_pm:
      out += c.hour >= 12 ? "PM" : "AM";
      break;
    case element::lower_pm:
      out += c.hour >= 12 ? "pm" : "am";
      break;
    case element::zone_name:
      if (!c.offset.abbreviation.empty()) {
        out += c.offset.abbreviation;
      } else {
        append_zone(out, element::hours_minutes, c.offset.seconds);
      }
      break;
    case element::fraction_zeros:
    case element::fraction_nines:
      append_fraction(out, chunk, c.nanosecond);
      break;
    default:
      append_zone(out, chunk.element, c.offset.seconds);
      break;
  }
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace

go_time go_time::of_unix_ns(std::int64_t nanoseconds) {
  constexpr std::int64_t per_second = 1'000'000'000;
  go_time time;
  time.seconds = floor_divide(nanoseconds, per_second);
  time.nanoseconds = static_cast<std::int32_t>(nanoseconds - time.seconds * per_second);
  return time;
}

std::string_view month_name(std::int64_t month) {
  return month >= 1 && month <= 12 ? months[month - 1] : "%!Month";
}

std::string_view weekday_name(std::int64_t weekday) {
  return weekday >= 0 && weekday <= 6 ? weekdays[weekday] : "%!Weekday";
}

calendar_time to_calendar(const go_time& time) {
  calendar_time out;
  if (time.has_fixed_offset) {
    out.offset = {time.fixed_offset_seconds, time.fixed_abbreviation};
  } else {
    out.offset = offset_at(time.zone == nullptr ? utc_zone() : *time.zone, time.seconds);
  }
  const std::int64_t local = time.seconds + out.offset.seconds;
  const std::int64_t days = floor_divide(local, 86400);
  const int second_of_day = static_cast<int>(local - days * 86400);
  civil_from_days(days, out.year, out.month, out.day);
  out.hour = second_of_day / 3600;
  out.minute = second_of_day / 60 % 60;
  out.second = second_of_day % 60;
  out.nanosecond = time.nanoseconds;
  out.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
  out.year_day = static_cast<int>(days - days_from_civil(out.year, 1, 1)) + 1;
  return out;
}

void append_formatted(std::string& out, const go_time& time, std::string_view layout) {
  const calendar_time calendar = to_calendar(time);
  while (!layout.empty()) {
    const layout_chunk chunk = next_chunk(layout);
    out += chunk.literal;
    if (chunk.element == element::none) return;
    const bool is_date = chunk.element <= element::zero_year_day ||
                         chunk.element == element::long_year || chunk.element == element::year;
    if (is_date) {
      append_date_element(out, chunk.element, calendar);
    } else {
      append_clock_element(out, chunk, calendar);
    }
    layout = chunk.rest;
  }
}

void append_time(std::string& out, const go_time& time) {
  append_formatted(out, time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

}  // namespace skald::logql
