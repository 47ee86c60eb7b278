// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/time/posix_zone_rule.h"

#include <charconv>

namespace skald::logql {
namespace {

class rule_reader {
 public:
  explicit rule_reader(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_[0] != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool read_name(std::string& name) {
    const bool quoted = take('<');
    std::size_t length = 0;
    while (length < text_.size() &&
           (quoted ? text_[length] != '>'
                   : ((text_[length] | 0x20) >= 'a' && (text_[length] | 0x20) <= 'z'))) {
      ++length;
    }
    name = text_.substr(0, length);
    text_.remove_prefix(length);
    return length > 0 && (!quoted || take('>'));
  }
  bool read_number(int& value) {
    const auto [end, code] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (code != std::errc{} || value < 0) return false;
    text_.remove_prefix(end - text_.data());
    return true;
  }
  // [+-]hh[:mm[:ss]]
  bool read_seconds(int& seconds) {
    const bool negative = take('-');
    if (!negative) take('+');
    int hours = 0;
    int minutes = 0;
    int rest = 0;
    if (!read_number(hours) || hours > 200) return false;
    if (take(':') && (!read_number(minutes) || (take(':') && !read_number(rest)))) return false;
    seconds = (hours * 3600 + minutes * 60 + rest) * (negative ? -1 : 1);
    return true;
  }
  bool read_change(posix_change& change) {
    if (!take(',')) return false;
    if (take('M')) {
      change.what = posix_change::kind::month_week_day;
      if (!read_number(change.month) || !take('.') || !read_number(change.week) || !take('.') ||
          !read_number(change.day)) {
        return false;
      }
      if (change.month < 1 || change.month > 12 || change.week < 1 || change.week > 5 ||
          change.day > 6) {
        return false;
      }
    } else {
      change.what = take('J') ? posix_change::kind::julian : posix_change::kind::day_of_year;
      if (!read_number(change.day) || change.day > 366) return false;
    }
    return !take('/') || read_seconds(change.time_seconds);
  }

 private:
  std::string_view text_;
};

// Local seconds since 1970 at which the change happens in a year.
std::int64_t change_time(const posix_change& change, std::int64_t year) {
  std::int64_t day = 0;
  switch (change.what) {
    case posix_change::kind::julian:
      day = days_from_civil(year, 1, 1) + change.day - 1;
      if (is_leap_year(year) && change.day >= 60) ++day;
      break;
    case posix_change::kind::day_of_year:
      day = days_from_civil(year, 1, 1) + change.day;
      break;
    case posix_change::kind::month_week_day: {
      const std::int64_t first = days_from_civil(year, change.month, 1);
      const int weekday = static_cast<int>(((first + 4) % 7 + 7) % 7);
      day = first + (change.day - weekday + 7) % 7 + 7 * (change.week - 1);
      const std::int64_t next_month = change.month == 12
                                          ? days_from_civil(year + 1, 1, 1)
                                          : days_from_civil(year, change.month + 1, 1);
      if (day >= next_month) day -= 7;
      break;
    }
  }
  return day * 86400 + change.time_seconds;
}

}  // namespace

bool is_leap_year(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

std::int64_t days_from_civil(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

void civil_from_days(std::int64_t days, std::int64_t& year, int& month, int& day) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t shifted = (5 * day_of_year + 2) / 153;
  day = static_cast<int>(day_of_year - (153 * shifted + 2) / 5 + 1);
  month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
  year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
}

std::optional<posix_zone_rule> parse_posix_zone_rule(std::string_view text) {
  rule_reader reader(text);
  posix_zone_rule rule;
  int west = 0;
  if (!reader.read_name(rule.standard_name) || !reader.read_seconds(west)) return std::nullopt;
  rule.standard_offset = -west;
  if (reader.at_end()) return rule;
  if (!reader.read_name(rule.summer_name)) return std::nullopt;
  rule.summer_offset = rule.standard_offset + 3600;
  rule.summer_begin = {posix_change::kind::month_week_day, 0, 2, 3, 7200};
  rule.summer_end = {posix_change::kind::month_week_day, 0, 1, 11, 7200};
  if (reader.at_end()) return rule;
  if (reader.read_seconds(west)) rule.summer_offset = -west;
  if (reader.at_end()) return rule;
  if (!reader.read_change(rule.summer_begin) || !reader.read_change(rule.summer_end)) {
    return std::nullopt;
  }
  return reader.at_end() ? std::optional(rule) : std::nullopt;
}

zone_offset offset_by_rule(const posix_zone_rule& rule, std::int64_t unix_seconds) {
  const zone_offset standard{rule.standard_offset, rule.standard_name};
  if (rule.summer_name.empty()) return standard;
  const std::int64_t local = unix_seconds + rule.standard_offset;
  std::int64_t year = 0;
  int month = 0;
  int day = 0;
  civil_from_days((local >= 0 ? local : local - 86399) / 86400, year, month, day);
  const std::int64_t begin = change_time(rule.summer_begin, year) - rule.standard_offset;
  const std::int64_t end = change_time(rule.summer_end, year) - rule.summer_offset;
  // In the south, summer goes over the new year.
  const bool is_summer = begin < end ? unix_seconds >= begin && unix_seconds < end
                                     : unix_seconds >= begin || unix_seconds < end;
  if (!is_summer) return standard;
  return {rule.summer_offset, rule.summer_name};
}

}  // namespace skald::logql
