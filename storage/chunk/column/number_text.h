// SPDX-License-Identifier: Apache-2.0
// Numbers as text: parsed only if rendering gives the same bytes back. Pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace skald {

inline constexpr std::size_t number_digits_max = 18;  // fits 64 bits with sign
// The longest text that the writers below make of any value.
inline constexpr std::size_t number_text_bytes_max = 40;
// What they may write behind the end that they return.
inline constexpr std::size_t number_text_slack_bytes = 8;

inline constexpr std::array<std::uint64_t, 20> powers_of_ten = [] {
  std::array<std::uint64_t, 20> made{};
  std::uint64_t power = 1;
  for (std::uint64_t& one : made) {
    one = power;
    power *= 10;
  }
  return made;
}();

// 1 to number_digits_max digits and nothing else.
bool parse_digits(std::string_view text, std::int64_t& value);
// The same, with a minus perhaps, without leading zeros and not "-0".
bool parse_integer(std::string_view text, std::int64_t& value);

// An IPv4 address as the 32-bit number that it is: 1.2.3.4, no leading zeros.
bool parse_address(std::string_view text, std::int64_t& value);

// What stands around the digits of a decimal number.
struct decimal_form {
  std::uint8_t scale = 0;  // digits behind the point; 0: no point
  std::uint8_t unit_bytes = 0;
  std::array<char, 4> unit{};

  std::string_view unit_text() const { return {unit.data(), unit_bytes}; }
  friend bool operator==(const decimal_form&, const decimal_form&) = default;
};

// [-]digits[.digits][unit]: the integer part without leading zeros, at most number_digits_max
// digits, no negative zero, a unit of letters, % and bytes >= 0x80.
bool parse_decimal(std::string_view text, std::int64_t& mantissa, decimal_form& form);

// Writers return the end of what they wrote, at most number_text_bytes_max bytes with the slack.
char* write_unsigned(std::uint64_t value, char* to);
char* write_integer(std::int64_t value, char* to);
// Exactly `width` digits; the value must not have more.
char* write_digits(std::uint64_t value, unsigned width, char* to);
// Two digits and no slack; the value must be below 100.
inline char* write_two_digits(unsigned value, char* to) {
  to[0] = static_cast<char>('0' + value / 10);
  to[1] = static_cast<char>('0' + value % 10);
  return to + 2;
}
// The value must be below 2^32.
char* write_address(std::uint64_t value, char* to);
// The scale must be at most number_digits_max.
char* write_decimal(std::int64_t mantissa, const decimal_form& form, char* to);

}  // namespace skald
