// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/time_text.h"

#include <cstring>

#include "storage/chunk/column/number_text.h"

namespace skald {
namespace {

constexpr std::int64_t seconds_per_day = 86'400;
constexpr std::uint8_t fraction_digits_max = 9;
constexpr std::size_t clock_bytes = 8;
constexpr std::size_t epoch_bytes = 10;
constexpr std::int64_t epoch_seconds_min = 1'000'000'000;
constexpr std::int64_t epoch_seconds_max = 9'000'000'000;  // ticks of 1 ns still fit 64 bits

constexpr std::uint8_t digits_mask = 0x0f;
constexpr std::uint8_t flag_comma = 0x10;
constexpr std::uint8_t flag_trimmed = 0x20;
constexpr std::uint8_t flag_zulu = 0x40;

constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";

bool is_digit(char byte) {
  return static_cast<unsigned char>(byte - '0') < 10;
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

// floor_divide() by 10^digits: constant divisors need no division.
[[gnu::always_inline]] inline std::int64_t floor_divide_power(std::int64_t value, unsigned digits) {
  switch (digits) {
    case 0:
      return value;
    case 3:
      return floor_divide(value, 1000);
    case 6:
      return floor_divide(value, 1'000'000);
    case 9:
      return floor_divide(value, 1'000'000'000);
    default:
      return floor_divide(value, static_cast<std::int64_t>(powers_of_ten[digits]));
  }
}

// Days since 1970 of a date of the proleptic Gregorian calendar: years begin in March, so the leap
// day is the last one.
constexpr std::int64_t day_number(std::int64_t year, unsigned month, unsigned day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = year / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

struct date {
  unsigned year;
  unsigned month;
  unsigned day;
};

date date_of(std::int64_t number) {
  const std::int64_t shifted = number + 719'468;
  const auto era = static_cast<unsigned>(shifted / 146'097);
  const auto day_of_era = static_cast<unsigned>(shifted % 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_index = (5 * day_of_year + 2) / 153;
  date made{};
  made.day = day_of_year - (153 * month_index + 2) / 5 + 1;
  made.month = month_index < 10 ? month_index + 3 : month_index - 9;
  made.year = year_of_era + era * 400 + (made.month <= 2 ? 1 : 0);
  return made;
}

constexpr std::int64_t first_day = day_number(1700, 1, 1);
constexpr std::int64_t last_second = day_number(2201, 1, 1) * seconds_per_day - 1;

unsigned days_in_month(unsigned year, unsigned month) {
  constexpr std::array<std::uint8_t, 12> days = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

// `count` digits, at most 4; a large number if one is none.
unsigned digits_at(const char* from, unsigned count) {
  unsigned value = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (!is_digit(from[i])) return 1'000'000;
    value = value * 10 + static_cast<unsigned char>(from[i] - '0');
  }
  return value;
}

// Seconds of "hh:mm:ss", or -1.
std::int64_t parse_clock(const char* from) {
  std::uint64_t bytes;
  std::memcpy(&bytes, from, sizeof(bytes));
  constexpr std::uint64_t marks = 0x00003a00003a0000;
  constexpr std::uint64_t mark_bytes = 0x0000ff0000ff0000;
  if ((bytes & mark_bytes) != marks) return -1;
  // Digits where the marks were, so that one test serves all.
  const std::uint64_t digits = (bytes & ~mark_bytes) | (0x3030303030303030 & mark_bytes);
  constexpr std::uint64_t high = 0xf0f0f0f0f0f0f0f0;
  constexpr std::uint64_t zeros = 0x3030303030303030;
  if ((digits & high) != zeros || ((digits + 0x0606060606060606) & high) != zeros) return -1;
  const auto pair = [&](unsigned at) {
    const std::uint64_t two = digits >> (8 * at);
    return static_cast<std::int64_t>((two & 0x0f) * 10 + (two >> 8 & 0x0f));
  };
  const std::int64_t hour = pair(0);
  const std::int64_t minute = pair(3);
  const std::int64_t second = pair(6);
  if (hour > 23 || minute > 59 || second > 59) return -1;
  return hour * 3600 + minute * 60 + second;
}

char* write_clock(std::int64_t seconds, char* to) {
  const auto of_day = static_cast<unsigned>(seconds);
  to = write_two_digits(of_day / 3600, to);
  *to++ = ':';
  to = write_two_digits(of_day / 60 % 60, to);
  *to++ = ':';
  return write_two_digits(of_day % 60, to);
}

// Bytes of the date with the mark behind it.
std::size_t day_bytes_of(time_shape shape) {
  switch (shape) {
    case time_shape::iso_t:
    case time_shape::iso_blank:
      return 11;
    case time_shape::common_log:
      return 12;
    default:
      return 0;
  }
}

bool is_epoch(time_shape shape) {
  return shape == time_shape::epoch || shape == time_shape::epoch_joined;
}

// The shape and the length of what stands before the fraction; 0 when it is no time.
std::size_t guess_shape(std::string_view text, time_shape& shape) {
  const auto has = [&](std::size_t at, char byte) { return text.size() > at && text[at] == byte; };
  if (text.size() >= 19 && has(4, '-') && (text[10] == 'T' || text[10] == ' ')) {
    shape = text[10] == 'T' ? time_shape::iso_t : time_shape::iso_blank;
    return 19;
  }
  if (text.size() >= 20 && has(2, '/') && has(11, ':')) {
    shape = time_shape::common_log;
    return 20;
  }
  if (text.size() >= clock_bytes && has(2, ':')) {
    shape = time_shape::clock;
    return clock_bytes;
  }
  std::size_t digits = 0;
  while (digits < text.size() && digits < 20 && is_digit(text[digits])) ++digits;
  if (digits == text.size() && (digits == 13 || digits == 16 || digits == 19)) {
    shape = time_shape::epoch_joined;
    return epoch_bytes;
  }
  shape = time_shape::epoch;
  return digits == epoch_bytes ? epoch_bytes : 0;
}

}  // namespace

std::optional<time_form> guess_time_form(std::string_view text) {
  time_form form;
  const std::size_t base = guess_shape(text, form.shape);
  if (base == 0) return std::nullopt;
  std::string_view rest = text.substr(base);
  if (form.shape == time_shape::epoch_joined) {
    form.digits = static_cast<std::uint8_t>(rest.size());
    return form;
  }
  form.zulu = !rest.empty() && rest.back() == 'Z';
  if (form.zulu) rest.remove_suffix(1);
  if (rest.empty()) return form;
  form.comma = rest.front() == ',';
  if ((!form.comma && rest.front() != '.') || rest.size() == 1) return std::nullopt;
  if (rest.size() > fraction_digits_max + 1) return std::nullopt;
  form.digits = static_cast<std::uint8_t>(rest.size() - 1);
  return form;
}

void append_time_form(const time_form& form, std::string& out) {
  out.push_back(static_cast<char>(form.shape));
  out.push_back(static_cast<char>(form.digits | (form.comma ? flag_comma : 0) |
                                  (form.trimmed ? flag_trimmed : 0) | (form.zulu ? flag_zulu : 0)));
}

std::optional<time_form> take_time_form(bounded_reader& from) {
  const auto shape = from.fixed<std::uint8_t>();
  const auto flags = from.fixed<std::uint8_t>();
  time_form form;
  form.shape = static_cast<time_shape>(shape);
  form.digits = flags & digits_mask;
  form.comma = (flags & flag_comma) != 0;
  form.trimmed = (flags & flag_trimmed) != 0;
  form.zulu = (flags & flag_zulu) != 0;
  if (from.failed() || shape > static_cast<std::uint8_t>(time_shape::epoch_joined) ||
      form.digits > fraction_digits_max || (flags & 0x80) != 0) {
    return std::nullopt;
  }
  return form;
}

time_text::time_text(const time_form& form)
    : form_(form),
      ticks_per_second_(static_cast<std::int64_t>(powers_of_ten[form.digits])),
      ticks_per_day_(seconds_per_day * ticks_per_second_),
      day_bytes_(day_bytes_of(form.shape)) {}

bool time_text::parse(std::string_view text, std::int64_t& ticks) {
  std::int64_t seconds = 0;
  if (is_epoch(form_.shape)) {
    if (text.size() < epoch_bytes || !parse_digits(text.substr(0, epoch_bytes), seconds) ||
        seconds < epoch_seconds_min || seconds >= epoch_seconds_max) {
      return false;
    }
    text.remove_prefix(epoch_bytes);
  } else {
    if (text.size() < day_bytes_ + clock_bytes) return false;
    seconds = parse_clock(text.data() + day_bytes_);
    if (seconds < 0) return false;
    if (day_bytes_ > 0) {
      const bool same_day =
          day_ != INT64_MIN && std::memcmp(text.data(), day_text_.data(), day_bytes_) == 0;
      if (!same_day && !parse_day(text.data())) return false;
      seconds += day_ * seconds_per_day;
    }
    text.remove_prefix(day_bytes_ + clock_bytes);
  }
  if (form_.zulu) {
    if (text.empty() || text.back() != 'Z') return false;
    text.remove_suffix(1);
  }
  std::int64_t fraction = 0;
  if (!parse_fraction(text, fraction)) return false;
  ticks = seconds * ticks_per_second_ + fraction;
  return true;
}

// All of `text` is the fraction with its mark.
bool time_text::parse_fraction(std::string_view text, std::int64_t& fraction) const {
  fraction = 0;
  if (text.empty()) return form_.digits == 0 || form_.trimmed;
  if (form_.shape != time_shape::epoch_joined) {
    if (text.front() != (form_.comma ? ',' : '.')) return false;
    text.remove_prefix(1);
  }
  if (form_.trimmed) {
    if (text.empty() || text.size() > form_.digits || text.back() == '0') return false;
  } else if (text.size() != form_.digits) {
    return false;
  }
  if (!parse_digits(text, fraction)) return false;
  fraction *= static_cast<std::int64_t>(powers_of_ten[form_.digits - text.size()]);
  return true;
}

bool time_text::is_known_day(const char* date) const {
  if (day_ == INT64_MIN) return false;
  // 11 or 12 bytes, as two words that overlap.
  const std::size_t rest = day_bytes_ - sizeof(std::uint64_t);
  return load_fixed<std::uint64_t>(date) == load_fixed<std::uint64_t>(day_text_.data()) &&
         load_fixed<std::uint64_t>(date + rest) ==
             load_fixed<std::uint64_t>(day_text_.data() + rest);
}

bool time_text::parse_day(const char* date) {
  day_ = INT64_MIN;
  unsigned year;
  unsigned month;
  unsigned day;
  if (form_.shape == time_shape::common_log) {
    if (date[2] != '/' || date[6] != '/' || date[11] != ':') return false;
    const std::size_t name = months.find({date + 3, 3});
    if (name == std::string_view::npos || name % 3 != 0) return false;
    day = digits_at(date, 2);
    month = static_cast<unsigned>(name / 3) + 1;
    year = digits_at(date + 7, 4);
  } else {
    const char mark = form_.shape == time_shape::iso_t ? 'T' : ' ';
    if (date[4] != '-' || date[7] != '-' || date[10] != mark) return false;
    year = digits_at(date, 4);
    month = digits_at(date + 5, 2);
    day = digits_at(date + 8, 2);
  }
  if (year < 1700 || year > 2200 || month < 1 || month > 12) return false;
  if (day < 1 || day > days_in_month(year, month)) return false;
  day_ = day_number(year, month, day);
  std::memcpy(day_text_.data(), date, day_bytes_);
  return true;
}

std::int64_t time_text::ticks_of(std::int64_t entry_time_ns) const {
  const std::int64_t ticks = floor_divide_power(entry_time_ns, fraction_digits_max - form_.digits);
  if (form_.shape != time_shape::clock) return ticks;
  return ticks - floor_divide(ticks, ticks_per_day_) * ticks_per_day_;
}

std::int64_t time_text::relative(std::int64_t ticks, std::int64_t entry_time_ns) const {
  const std::int64_t entry = ticks_of(entry_time_ns);
  const auto apart = static_cast<std::int64_t>(static_cast<std::uint64_t>(ticks) -
                                               static_cast<std::uint64_t>(entry));
  if (form_.shape != time_shape::clock) return apart;
  // Midnight may lie between the two: the nearer way round the clock.
  if (apart >= ticks_per_day_ / 2) return apart - ticks_per_day_;
  return apart < -(ticks_per_day_ / 2) ? apart + ticks_per_day_ : apart;
}

std::int64_t time_text::absolute(std::int64_t relative, std::int64_t entry_time_ns) const {
  const std::int64_t entry = ticks_of(entry_time_ns);
  if (form_.shape != time_shape::clock) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(relative) +
                                     static_cast<std::uint64_t>(entry));
  }
  if (relative < ticks_per_day_ && relative > -ticks_per_day_) {
    const std::int64_t sum = entry + relative;
    if (sum < 0) return sum + ticks_per_day_;
    return sum >= ticks_per_day_ ? sum - ticks_per_day_ : sum;
  }
  return -1;
}

char* time_text::write(std::int64_t ticks, char* to) {
  std::int64_t seconds = floor_divide_power(ticks, form_.digits);
  const std::int64_t fraction = ticks - seconds * ticks_per_second_;
  if (is_epoch(form_.shape)) {
    if (seconds < epoch_seconds_min || seconds >= epoch_seconds_max) return nullptr;
    to = write_digits(static_cast<std::uint64_t>(seconds), epoch_bytes, to);
  } else {
    if (day_bytes_ > 0) {
      if (seconds < first_day * seconds_per_day || seconds > last_second) return nullptr;
      const std::int64_t day = floor_divide(seconds, seconds_per_day);
      if (day != day_) write_day(day);
      std::memcpy(to, day_text_.data(), day_text_.size());
      to += day_bytes_;
      seconds -= day * seconds_per_day;
    } else if (seconds < 0 || seconds >= seconds_per_day) {
      return nullptr;
    }
    to = write_clock(seconds, to);
  }
  to = write_fraction(fraction, to);
  if (form_.zulu) *to++ = 'Z';
  return to;
}

void time_text::write_day(std::int64_t day) {
  day_ = day;
  const date parts = date_of(day);
  char* to = day_text_.data();
  const auto write_year = [&] {
    to = write_two_digits(parts.year % 100, write_two_digits(parts.year / 100, to));
  };
  if (form_.shape == time_shape::common_log) {
    to = write_two_digits(parts.day, to);
    *to++ = '/';
    std::memcpy(to, months.data() + 3 * (parts.month - 1), 3);
    to += 3;
    *to++ = '/';
    write_year();
    *to = ':';
    return;
  }
  write_year();
  *to++ = '-';
  to = write_two_digits(parts.month, to);
  *to++ = '-';
  to = write_two_digits(parts.day, to);
  *to = form_.shape == time_shape::iso_t ? 'T' : ' ';
}

char* time_text::write_fraction(std::int64_t fraction, char* to) const {
  if (form_.digits == 0 || (form_.trimmed && fraction == 0)) return to;
  if (form_.shape != time_shape::epoch_joined) *to++ = form_.comma ? ',' : '.';
  to = write_digits(static_cast<std::uint64_t>(fraction), form_.digits, to);
  if (form_.trimmed) {
    while (to[-1] == '0') --to;
  }
  return to;
}

}  // namespace skald
