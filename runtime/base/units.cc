// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/units.h"

#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "runtime/base/ascii_case.h"
#include "runtime/base/go_number.h"

namespace skald {
namespace {

constexpr std::uint64_t two_to_63 = std::uint64_t{1} << 63;

struct unit {
  std::string_view name;
  std::uint64_t size;
};

constexpr std::array<unit, 8> go_units{{{"ns", 1},
                                        {"us", 1000},
                                        {"\u00b5s", 1000},
                                        {"\u03bcs", 1000},
                                        {"ms", 1'000'000},
                                        {"s", 1'000'000'000},
                                        {"m", 60'000'000'000},
                                        {"h", 3'600'000'000'000}}};

constexpr std::uint64_t day_ns = 86'400'000'000'000;

// From large to small: a duration must name them in this order.
constexpr std::array<unit, 7> prometheus_units{{{"y", 365 * day_ns},
                                                {"w", 7 * day_ns},
                                                {"d", day_ns},
                                                {"h", 3'600'000'000'000},
                                                {"m", 60'000'000'000},
                                                {"s", 1'000'000'000},
                                                {"ms", 1'000'000}}};

template <std::size_t Count>
std::optional<std::size_t> find_unit(const std::array<unit, Count>& units, std::string_view name) {
  for (std::size_t i = 0; i < Count; ++i) {
    if (units[i].name == name) return i;
  }
  return std::nullopt;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

error invalid(std::string message) {
  return error{errc::invalid_argument, std::move(message)};
}

// The time package quotes everything outside printable ASCII byte by byte.
std::string quote_for_time(std::string_view text) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x80) {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  out += '"';
  return out;
}

error invalid_go_duration(std::string_view text) {
  return invalid("time: invalid duration " + quote_for_time(text));
}

// Reads digits at the start of `text`; false when they pass 2^63.
bool take_whole(std::string_view& text, std::uint64_t& value) {
  value = 0;
  while (!text.empty() && is_digit(text[0])) {
    if (value > two_to_63 / 10) return false;
    value = value * 10 + (text[0] - '0');
    if (value > two_to_63) return false;
    text.remove_prefix(1);
  }
  return true;
}

// Reads the digits behind a point; those beyond 2^63 are ignored.
void take_fraction(std::string_view& text, std::uint64_t& value, double& scale) {
  value = 0;
  scale = 1;
  bool overflow = false;
  while (!text.empty() && is_digit(text[0])) {
    if (!overflow && value > (two_to_63 - 1) / 10) overflow = true;
    if (!overflow) {
      value = value * 10 + (text[0] - '0');
      scale *= 10;
    }
    text.remove_prefix(1);
  }
}

// Reads one "1.5h" at the start of `text` and adds it to `sum`. `all` is for the message.
result<void> take_go_part(std::string_view& text, std::uint64_t& sum, std::string_view all) {
  if (!is_digit(text[0]) && text[0] != '.') return invalid_go_duration(all);
  std::uint64_t whole = 0;
  const std::size_t before_whole = text.size();
  if (!take_whole(text, whole)) return invalid_go_duration(all);
  bool has_digits = before_whole != text.size();
  std::uint64_t fraction = 0;
  double scale = 1;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    const std::size_t before_fraction = text.size();
    take_fraction(text, fraction, scale);
    has_digits = has_digits || before_fraction != text.size();
  }
  if (!has_digits) return invalid_go_duration(all);
  std::size_t length = 0;
  while (length < text.size() && text[length] != '.' && !is_digit(text[length])) ++length;
  if (length == 0) return invalid("time: missing unit in duration " + quote_for_time(all));
  const std::string_view name = text.substr(0, length);
  text.remove_prefix(length);
  const auto found = find_unit(go_units, name);
  if (!found) {
    return invalid("time: unknown unit " + quote_for_time(name) + " in duration " +
                   quote_for_time(all));
  }
  const std::uint64_t size = go_units[*found].size;
  if (whole > two_to_63 / size) return invalid_go_duration(all);
  whole *= size;
  if (fraction > 0) {
    whole += static_cast<std::uint64_t>(static_cast<double>(fraction) *
                                        (static_cast<double>(size) / scale));
    if (whole > two_to_63) return invalid_go_duration(all);
  }
  sum += whole;
  if (sum > two_to_63) return invalid_go_duration(all);
  return {};
}

// Reads one "5m" at the start of `text`; `next_unit` is the first unit that may still follow.
result<void> take_prometheus_part(std::string_view& text, std::uint64_t& sum,
                                  std::size_t& next_unit, std::string_view all) {
  const auto not_valid = [&] {
    return invalid("not a valid duration string: " + quote_for_error(all));
  };
  if (!is_digit(text[0])) return not_valid();
  std::uint64_t value = 0;
  bool overflow = false;
  while (!text.empty() && is_digit(text[0])) {
    overflow = overflow || __builtin_mul_overflow(value, std::uint64_t{10}, &value) ||
               __builtin_add_overflow(value, std::uint64_t(text[0] - '0'), &value);
    text.remove_prefix(1);
  }
  if (overflow) return not_valid();
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length])) ++length;
  if (length == 0) return not_valid();
  const std::string_view name = text.substr(0, length);
  text.remove_prefix(length);
  const auto found = find_unit(prometheus_units, name);
  if (!found) {
    return invalid("unknown unit " + quote_for_error(name) + " in duration " +
                   quote_for_error(all));
  }
  if (*found < next_unit) return not_valid();
  next_unit = *found + 1;
  const std::uint64_t size = prometheus_units[*found].size;
  if (value > two_to_63 / size) return invalid("duration out of range");
  sum += value * size;
  if (sum > two_to_63 - 1) return invalid("duration out of range");
  return {};
}

std::optional<double> byte_unit_size(std::string_view lower_name) {
  if (lower_name.empty() || lower_name == "b") return 1;
  static constexpr std::string_view letters = "kmgtpe";
  const std::size_t power = letters.find(lower_name[0]);
  if (power == std::string_view::npos) return std::nullopt;
  const std::string_view rest = lower_name.substr(1);
  if (rest.empty() || rest == "b") return std::pow(1000.0, static_cast<double>(power + 1));
  if (rest == "i" || rest == "ib") return std::pow(1024.0, static_cast<double>(power + 1));
  return std::nullopt;
}

std::string trimmed_lower(std::string_view text) {
  static constexpr std::string_view spaces = " \t\n\v\f\r";
  while (!text.empty() && spaces.find(text.front()) != std::string_view::npos) {
    text.remove_prefix(1);
  }
  while (!text.empty() && spaces.find(text.back()) != std::string_view::npos) {
    text.remove_suffix(1);
  }
  return ascii_lower_case(text);
}

// Appends value/10^digits without trailing zeros in the fraction.
void append_with_fraction(std::string& out, std::uint64_t value, int digits) {
  std::uint64_t scale = 1;
  for (int i = 0; i < digits; ++i) scale *= 10;
  out += std::to_string(value / scale);
  std::uint64_t rest = value % scale;
  if (rest == 0) return;
  std::string fraction = std::to_string(rest);
  fraction.insert(0, digits - fraction.size(), '0');
  while (fraction.back() == '0') fraction.pop_back();
  out += '.';
  out += fraction;
}

}  // namespace

result<std::int64_t> parse_go_duration(std::string_view text) {
  std::string_view rest = text;
  bool negative = false;
  if (!rest.empty() && (rest[0] == '-' || rest[0] == '+')) {
    negative = rest[0] == '-';
    rest.remove_prefix(1);
  }
  if (rest == "0") return std::int64_t{0};
  if (rest.empty()) return invalid_go_duration(text);
  std::uint64_t sum = 0;
  while (!rest.empty()) SKALD_TRY(take_go_part(rest, sum, text));
  if (negative) return static_cast<std::int64_t>(~sum + 1);
  if (sum > two_to_63 - 1) return invalid_go_duration(text);
  return static_cast<std::int64_t>(sum);
}

result<std::int64_t> parse_prometheus_duration(std::string_view text) {
  if (text == "0") return std::int64_t{0};
  if (text.empty()) return invalid("empty duration string");
  std::string_view rest = text;
  std::uint64_t sum = 0;
  std::size_t next_unit = 0;
  while (!rest.empty()) SKALD_TRY(take_prometheus_part(rest, sum, next_unit, text));
  return static_cast<std::int64_t>(sum);
}

result<std::uint64_t> parse_bytes(std::string_view text) {
  std::size_t length = 0;
  std::string number;
  while (length < text.size() &&
         (is_digit(text[length]) || text[length] == '.' || text[length] == ',')) {
    if (text[length] != ',') number += text[length];
    ++length;
  }
  SKALD_TRY_ASSIGN(const double value, parse_go_float(number));
  const std::string name = trimmed_lower(text.substr(length));
  const auto size = byte_unit_size(name);
  if (!size) return invalid("unhandled size name: " + name);
  const double bytes = value * *size;
  if (bytes >= 18446744073709551615.0) return invalid("too large: " + std::string(text));
  return static_cast<std::uint64_t>(bytes);
}

std::string format_go_duration(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  std::string out = nanoseconds < 0 ? "-" : "";
  const std::uint64_t value = nanoseconds < 0 ? ~static_cast<std::uint64_t>(nanoseconds) + 1
                                              : static_cast<std::uint64_t>(nanoseconds);
  if (value < 1000) return out + std::to_string(value) + "ns";
  if (value < 1'000'000) {
    append_with_fraction(out, value, 3);
    return out + "\u00b5s";
  }
  if (value < 1'000'000'000) {
    append_with_fraction(out, value, 6);
    return out + "ms";
  }
  const std::uint64_t seconds = value / 1'000'000'000;
  if (seconds >= 3600) out += std::to_string(seconds / 3600) + "h";
  if (seconds >= 60) out += std::to_string(seconds / 60 % 60) + "m";
  append_with_fraction(out, value % 60'000'000'000, 9);
  return out + "s";
}

std::string format_prometheus_duration(std::int64_t nanoseconds) {
  std::int64_t rest_ms = nanoseconds / 1'000'000;
  if (rest_ms == 0) return "0s";
  std::string out;
  if (rest_ms < 0) {
    out += '-';
    rest_ms = -rest_ms;
  }
  for (std::size_t i = 0; i < prometheus_units.size(); ++i) {
    const auto size_ms = static_cast<std::int64_t>(prometheus_units[i].size / 1'000'000);
    // Years and weeks are only written when nothing is left over.
    const bool must_divide = i < 2;
    if (must_divide && rest_ms % size_ms != 0) continue;
    if (const std::int64_t count = rest_ms / size_ms; count > 0) {
      out += std::to_string(count);
      out += prometheus_units[i].name;
      rest_ms -= count * size_ms;
    }
  }
  return out;
}

}  // namespace skald
