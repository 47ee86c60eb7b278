// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/number_text.h"

#include <bit>
#include <cstring>

namespace skald {
namespace {

bool is_digit(char byte) {
  return static_cast<unsigned char>(byte - '0') < 10;
}

bool is_unit_byte(char byte) {
  return static_cast<unsigned char>((byte | 0x20) - 'a') < 26 || byte == '%' ||
         static_cast<unsigned char>(byte) >= 0x80;
}

// Eight digits at once, the first one in the lowest byte.
bool parse_eight(const char* from, std::uint64_t& value) {
  std::uint64_t bytes;
  std::memcpy(&bytes, from, sizeof(bytes));
  constexpr std::uint64_t high = 0xf0f0f0f0f0f0f0f0;
  constexpr std::uint64_t zeros = 0x3030303030303030;
  if ((bytes & high) != zeros || ((bytes + 0x0606060606060606) & high) != zeros) return false;
  bytes -= zeros;
  bytes = bytes * 10 + (bytes >> 8);
  constexpr std::uint64_t mask = 0x000000ff000000ff;
  value = ((bytes & mask) * 0x000f424000000064 + ((bytes >> 16) & mask) * 0x0000271000000001) >> 32;
  return true;
}

// All of `text` as digits; at most number_digits_max.
bool digits_value(const char* at, std::size_t size, std::uint64_t& value) {
  std::uint64_t sum = 0;
  while (size >= 8) {
    std::uint64_t eight;
    if (!parse_eight(at, eight)) return false;
    sum = sum * 100'000'000 + eight;
    at += 8;
    size -= 8;
  }
  for (; size > 0; --size, ++at) {
    if (!is_digit(*at)) return false;
    sum = sum * 10 + static_cast<unsigned char>(*at - '0');
  }
  value = sum;
  return true;
}

constexpr std::array<char, 200> make_pairs() {
  std::array<char, 200> made{};
  for (int i = 0; i < 100; ++i) {
    made[2 * i] = static_cast<char>('0' + i / 10);
    made[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return made;
}
constexpr std::array<char, 200> digit_pairs = make_pairs();

unsigned digit_count(std::uint64_t value) {
  // 1233 / 4096 is just above log10(2).
  const auto guess = static_cast<unsigned>(std::bit_width(value | 1)) * 1233 >> 12;
  return guess + (value >= powers_of_ten[guess] ? 1 : 0) + (value == 0 ? 1 : 0);
}

}  // namespace

bool parse_digits(std::string_view text, std::int64_t& value) {
  if (text.empty() || text.size() > number_digits_max) return false;
  std::uint64_t digits;
  if (!digits_value(text.data(), text.size(), digits)) return false;
  value = static_cast<std::int64_t>(digits);
  return true;
}

bool parse_integer(std::string_view text, std::int64_t& value) {
  if (text.empty()) return false;
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty() || text.size() > number_digits_max) return false;
  if (text.front() == '0' && (text.size() > 1 || negative)) return false;
  std::uint64_t digits;
  if (!digits_value(text.data(), text.size(), digits)) return false;
  value = negative ? -static_cast<std::int64_t>(digits) : static_cast<std::int64_t>(digits);
  return true;
}

bool parse_decimal(std::string_view text, std::int64_t& mantissa, decimal_form& form) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const bool negative = at != end && *at == '-';
  if (negative) ++at;
  const char* const whole = at;
  std::uint64_t digits = 0;
  // More digits than fit are refused below; until then the sum may wrap.
  while (at != end && is_digit(*at)) digits = digits * 10 + static_cast<unsigned char>(*at++ - '0');
  const auto whole_digits = static_cast<std::size_t>(at - whole);
  if (whole_digits == 0 || (whole_digits > 1 && *whole == '0')) return false;
  std::size_t scale = 0;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    while (at != end && is_digit(*at)) {
      digits = digits * 10 + static_cast<unsigned char>(*at++ - '0');
    }
    scale = static_cast<std::size_t>(at - fraction);
    if (scale == 0) return false;
  }
  if (whole_digits + scale > number_digits_max || (negative && digits == 0)) return false;
  const auto unit_bytes = static_cast<std::size_t>(end - at);
  form = {};
  if (unit_bytes > form.unit.size()) return false;
  for (std::size_t i = 0; i < unit_bytes; ++i) {
    if (!is_unit_byte(at[i])) return false;
    form.unit[i] = at[i];
  }
  form.scale = static_cast<std::uint8_t>(scale);
  form.unit_bytes = static_cast<std::uint8_t>(unit_bytes);
  mantissa = negative ? -static_cast<std::int64_t>(digits) : static_cast<std::int64_t>(digits);
  return true;
}

char* write_digits(std::uint64_t value, unsigned width, char* to) {
  char* at = to + width;
  while (at - to >= 2) {
    at -= 2;
    std::memcpy(at, digit_pairs.data() + 2 * (value % 100), 2);
    value /= 100;
  }
  if (at != to) *to = static_cast<char>('0' + value % 10);
  return to + width;
}

char* write_unsigned(std::uint64_t value, char* to) {
  return write_digits(value, digit_count(value), to);
}

char* write_integer(std::int64_t value, char* to) {
  if (value >= 0) return write_unsigned(static_cast<std::uint64_t>(value), to);
  *to = '-';
  return write_unsigned(0 - static_cast<std::uint64_t>(value), to + 1);
}

char* write_decimal(std::int64_t mantissa, const decimal_form& form, char* to) {
  auto digits = static_cast<std::uint64_t>(mantissa);
  if (mantissa < 0) {
    *to++ = '-';
    digits = 0 - digits;
  }
  const std::uint64_t power = powers_of_ten[form.scale];
  if (form.scale == 0) {
    to = write_unsigned(digits, to);
  } else {
    to = write_unsigned(digits / power, to);
    *to++ = '.';
    to = write_digits(digits % power, form.scale, to);
  }
  std::memcpy(to, form.unit.data(), form.unit.size());
  return to + form.unit_bytes;
}

}  // namespace skald
