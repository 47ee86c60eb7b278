// SPDX-License-Identifier: Apache-2.0
// Reading times by reference layouts.
#include <algorithm>

#include "runtime/logql/template/time/go_time.h"
#include "runtime/logql/template/time/posix_zone_rule.h"
#include "runtime/logql/template/time/time_layout.h"

namespace skald::logql {
namespace {

using element = layout_element;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool equals_folded(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return (x | 0x20) == (y | 0x20);
         });
}

int days_in_month(int month, std::int64_t year) {
  if (month == 2) return is_leap_year(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

class time_parser {
 public:
  time_parser(std::string_view layout, std::string_view text) : layout_(layout), text_(text) {}

  std::optional<go_time> parse(const time_zone& zone) {
    while (true) {
      const layout_chunk chunk = next_chunk(layout_);
      if (!skip_literal(chunk.literal)) return std::nullopt;
      if (chunk.element == element::none) break;
      layout_ = chunk.rest;
      if (!read_element(chunk)) return std::nullopt;
    }
    if (!text_.empty() || !finish_hour() || !finish_day()) return std::nullopt;
    return make_time(zone);
  }

 private:
  // Spaces in the layout match any number of spaces, also none at the end.
  bool skip_literal(std::string_view literal) {
    while (!literal.empty()) {
      if (literal[0] == ' ') {
        if (!text_.empty() && text_[0] != ' ') return false;
        literal.remove_prefix(std::min(literal.find_first_not_of(' '), literal.size()));
        text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size()));
        continue;
      }
      if (text_.empty() || text_[0] != literal[0]) return false;
      literal.remove_prefix(1);
      text_.remove_prefix(1);
    }
    return true;
  }

  // One or two digits; exactly two when `fixed`.
  bool read_two(int& value, bool fixed) {
    if (text_.empty() || !is_digit(text_[0])) return false;
    if (text_.size() < 2 || !is_digit(text_[1])) {
      if (fixed) return false;
      value = text_[0] - '0';
      text_.remove_prefix(1);
      return true;
    }
    value = (text_[0] - '0') * 10 + (text_[1] - '0');
    text_.remove_prefix(2);
    return true;
  }

  bool read_digits(std::size_t count, std::int64_t& value) {
    if (text_.size() < count) return false;
    value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!is_digit(text_[i])) return false;
      value = value * 10 + (text_[i] - '0');
    }
    text_.remove_prefix(count);
    return true;
  }

  template <class NameOf>
  bool read_name(int first, int last, std::size_t length, NameOf name_of, int& value) {
    for (int i = first; i <= last; ++i) {
      const std::string_view name = name_of(i).substr(0, length);
      if (!equals_folded(text_.substr(0, name.size()), name)) continue;
      text_.remove_prefix(name.size());
      value = i;
      return true;
    }
    return false;
  }

  bool read_element(const layout_chunk& chunk) {
    if (is_numeric_zone(chunk.element)) return read_zone(chunk.element);
    switch (chunk.element) {
      case element::year: {
        int year = 0;
        if (!read_two(year, true)) return false;
        year_ = year >= 69 ? year + 1900 : year + 2000;
        return true;
      }
      case element::long_year:
        return read_digits(4, year_);
      case element::month:
        return read_name(1, 12, 3, month_name, month_);
      case element::long_month:
        return read_name(1, 12, std::string_view::npos, month_name, month_);
      case element::number_month:
      case element::zero_month:
        return read_two(month_, chunk.element == element::zero_month) && month_ >= 1 &&
               month_ <= 12;
      case element::weekday:
        return read_name(0, 6, 3, weekday_name, ignored_);
      case element::long_weekday:
        return read_name(0, 6, std::string_view::npos, weekday_name, ignored_);
      case element::day:
      case element::under_day:
      case element::zero_day:
        if (chunk.element == element::under_day && !text_.empty() && text_[0] == ' ') {
          text_.remove_prefix(1);
        }
        return read_two(day_, chunk.element == element::zero_day);
      case element::under_year_day:
      case element::zero_year_day:
        return read_year_day(chunk.element);
      case element::zone_name:
        return read_zone_name();
      default:
        return read_clock_element(chunk);
    }
  }

  bool read_clock_element(const layout_chunk& chunk) {
    switch (chunk.element) {
      case element::hour:
        return read_two(hour_, false) && hour_ < 24;
      case element::hour12:
      case element::zero_hour12:
        return read_two(hour_, chunk.element == element::zero_hour12) && hour_ <= 12;
      case element::minute:
      case element::zero_minute:
        return read_two(minute_, chunk.element == element::zero_minute) && minute_ < 60;
      case element::second:
      case element::zero_second:
        if (!read_two(second_, chunk.element == element::zero_second) || second_ >= 60) {
          return false;
        }
        return read_unasked_fraction();
      case element::upper_pm:
      case element::lower_pm:
        return read_half_day(chunk.element == element::upper_pm);
      case element::fraction_zeros:
        return read_fraction(static_cast<std::size_t>(chunk.digits) + 1);
      case element::fraction_nines:
        return read_optional_fraction();
      default:
        return false;
    }
  }

  static bool is_fraction_mark(char c) { return c == '.' || c == ','; }

  // A fraction of seconds is accepted where the layout has none.
  bool read_unasked_fraction() {
    if (text_.size() < 2 || !is_fraction_mark(text_[0]) || !is_digit(text_[1])) return true;
    const element next = next_chunk(layout_).element;
    if (next == element::fraction_zeros || next == element::fraction_nines) return true;
    return read_optional_fraction();
  }

  bool read_optional_fraction() {
    if (text_.size() < 2 || !is_fraction_mark(text_[0]) || !is_digit(text_[1])) return true;
    std::size_t end = 1;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    return read_fraction(end);
  }

  // `length` counts the point.
  bool read_fraction(std::size_t length) {
    if (text_.size() < length || !is_fraction_mark(text_[0])) return false;
    nanosecond_ = 0;
    int scale = 100'000'000;
    for (std::size_t i = 1; i < length; ++i) {
      if (!is_digit(text_[i])) return false;
      nanosecond_ += (text_[i] - '0') * scale;
      scale /= 10;
    }
    text_.remove_prefix(length);
    return true;
  }

  bool read_half_day(bool is_upper) {
    const std::string_view word = text_.substr(0, 2);
    pm_is_set_ = word == (is_upper ? "PM" : "pm");
    am_is_set_ = word == (is_upper ? "AM" : "am");
    if (!pm_is_set_ && !am_is_set_) return false;
    text_.remove_prefix(2);
    return true;
  }

  bool read_year_day(element e) {
    std::size_t spaces = 0;
    while (e == element::under_year_day && spaces < 2 && spaces < text_.size() &&
           text_[spaces] == ' ') {
      ++spaces;
    }
    text_.remove_prefix(spaces);
    std::int64_t value = 0;
    if (!read_digits(3 - spaces, value)) return false;
    year_day_ = static_cast<int>(value);
    return true;
  }

  bool read_zone(element e) {
    const bool is_z = e >= element::z_hours && e <= element::z_colon_seconds;
    if (is_z && !text_.empty() && text_[0] == 'Z') {
      text_.remove_prefix(1);
      offset_ = 0;
      is_utc_ = true;
      return true;
    }
    if (text_.empty() || (text_[0] != '+' && text_[0] != '-')) return false;
    const int sign = text_[0] == '-' ? -1 : 1;
    text_.remove_prefix(1);
    const bool colon = e == element::z_colon || e == element::colon ||
                       e == element::z_colon_seconds || e == element::colon_seconds;
    const bool short_form = e == element::z_hours || e == element::hours;
    const bool seconds = e == element::z_seconds || e == element::hours_seconds ||
                         e == element::z_colon_seconds || e == element::colon_seconds;
    int parts[3] = {0, 0, 0};
    for (int i = 0; i < (short_form ? 1 : seconds ? 3 : 2); ++i) {
      if (i > 0 && colon) {
        if (text_.empty() || text_[0] != ':') return false;
        text_.remove_prefix(1);
      }
      if (!read_two(parts[i], true)) return false;
    }
    if (parts[0] > 24 || parts[1] > 59 || parts[2] > 59) return false;
    offset_ = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return true;
  }

  // UTC, or three to five capital letters, or GMT+n, or a signed number.
  bool read_zone_name() {
    if (text_.substr(0, 3) == "UTC") {
      is_utc_ = true;
      text_.remove_prefix(3);
      return true;
    }
    std::size_t length = 0;
    if (!text_.empty() && (text_[0] == '+' || text_[0] == '-')) {
      length = 1;
      while (length < text_.size() && is_digit(text_[length])) ++length;
      if (length < 3) return false;
    } else {
      while (length < text_.size() && length < 6 && text_[length] >= 'A' && text_[length] <= 'Z') {
        ++length;
      }
      if (length < 3 || length > 5) return false;
      if (length == 5 && text_[4] != 'T') return false;
      if (length == 4 && text_[3] != 'T' && text_.substr(0, 4) != "WITA") return false;
    }
    zone_name_ = text_.substr(0, length);
    text_.remove_prefix(length);
    if (zone_name_ == "GMT" && !text_.empty() && (text_[0] == '+' || text_[0] == '-')) {
      return read_gmt_offset();
    }
    return true;
  }

  bool read_gmt_offset() {
    const int sign = text_[0] == '-' ? -1 : 1;
    text_.remove_prefix(1);
    int hours = 0;
    if (!read_two(hours, false) || hours > 23) return false;
    gmt_offset_ = sign * hours * 3600;
    return true;
  }

  bool finish_hour() {
    if (pm_is_set_ && hour_ < 12) {
      hour_ += 12;
    } else if (am_is_set_ && hour_ == 12) {
      hour_ = 0;
    }
    return true;
  }

  bool finish_day() {
    if (year_day_ >= 0) {
      if (year_day_ < 1 || year_day_ > (is_leap_year(year_) ? 366 : 365)) return false;
      std::int64_t year = 0;
      int month = 0;
      int day = 0;
      civil_from_days(days_from_civil(year_, 1, 1) + year_day_ - 1, year, month, day);
      if ((month_ >= 0 && month_ != month) || (day_ >= 0 && day_ != day)) return false;
      month_ = month;
      day_ = day;
      return true;
    }
    if (month_ < 0) month_ = 1;
    if (day_ < 0) day_ = 1;
    return day_ >= 1 && day_ <= days_in_month(month_, year_);
  }

  go_time make_time(const time_zone& zone) const {
    go_time time;
    time.seconds =
        days_from_civil(year_, month_, day_) * 86400 + hour_ * 3600 + minute_ * 60 + second_;
    time.nanoseconds = nanosecond_;
    if (is_utc_) return time;
    if (offset_) {
      time.seconds -= *offset_;
      set_offset(time, zone, *offset_);
      return time;
    }
    if (!zone_name_.empty()) return in_named_zone(time, zone);
    return in_zone(time, zone);
  }

  static void set_offset(go_time& time, const time_zone& zone, int offset) {
    if (offset_at(zone, time.seconds).seconds == offset) {
      time.zone = &zone;
    } else {
      time.has_fixed_offset = true;
      time.fixed_offset_seconds = offset;
    }
  }

  // `time` holds the clock's reading as if it were UTC. Near a change of clocks the offsets before
  // and after differ: Go takes the one at the instant that the first guess gives.
  static go_time in_zone(go_time time, const time_zone& zone) {
    const std::int64_t reading = time.seconds;
    time.zone = &zone;
    const int guess = offset_at(zone, reading).seconds;
    if (guess != 0) time.seconds = reading - offset_at(zone, reading - guess).seconds;
    return time;
  }

  go_time in_named_zone(go_time time, const time_zone& zone) const {
    const go_time local = in_zone(time, zone);
    if (offset_at(zone, local.seconds).abbreviation == zone_name_) return local;
    time.has_fixed_offset = true;
    time.fixed_offset_seconds = gmt_offset_;
    time.fixed_abbreviation = zone_name_;
    return time;
  }

  std::string_view layout_;
  std::string_view text_;
  std::int64_t year_ = 0;
  int month_ = -1;
  int day_ = -1;
  int year_day_ = -1;
  int hour_ = 0;
  int minute_ = 0;
  int second_ = 0;
  int nanosecond_ = 0;
  int ignored_ = 0;
  bool pm_is_set_ = false;
  bool am_is_set_ = false;
  bool is_utc_ = false;
  std::optional<int> offset_;
  std::string_view zone_name_;
  int gmt_offset_ = 0;
};

}  // namespace

std::optional<go_time> parse_time(std::string_view layout, std::string_view text,
                                  const time_zone& zone) {
  return time_parser(layout, text).parse(zone);
}

}  // namespace skald::logql
