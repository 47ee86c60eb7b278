// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/number_text.h"

#include <algorithm>
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

constexpr std::uint64_t eight_zeros = 0x3030303030303030;
constexpr std::uint64_t eight_digits_end = 100'000'000;

template <class Word>
std::uint64_t load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// Eight digits at once, the first one in the lowest byte.
[[gnu::always_inline]] inline bool parse_eight(std::uint64_t bytes, std::uint64_t& value) {
  constexpr std::uint64_t high = 0xf0f0f0f0f0f0f0f0;
  if ((bytes & high) != eight_zeros) return false;
  if (((bytes + 0x0606060606060606) & high) != eight_zeros) return false;
  bytes -= eight_zeros;
  bytes = bytes * 10 + (bytes >> 8);
  constexpr std::uint64_t mask = 0x000000ff000000ff;
  value = ((bytes & mask) * 0x000f424000000064 + ((bytes >> 16) & mask) * 0x0000271000000001) >> 32;
  return true;
}

// Up to seven bytes with zeros in front, without reading others.
inline std::uint64_t load_padded(const char* from, std::size_t size) {
  const std::size_t padding = 8 * (8 - size);
  if (size >= 4) {
    return load<std::uint32_t>(from) << padding | load<std::uint32_t>(from + size - 4) << 32 |
           eight_zeros >> (8 * size);
  }
  if (size == 0) return eight_zeros;
  return load<std::uint8_t>(from) << padding |
         load<std::uint8_t>(from + size / 2) << (padding + 8 * (size / 2)) |
         load<std::uint8_t>(from + size - 1) << 56 | eight_zeros >> (8 * size);
}

// All of `text` as digits; at most number_digits_max.
[[gnu::always_inline]] inline bool digits_value(const char* at, std::size_t size,
                                                std::uint64_t& value) {
  std::uint64_t sum = 0;
  while (size >= 8) {
    std::uint64_t eight;
    if (!parse_eight(load<std::uint64_t>(at), eight)) return false;
    sum = sum * eight_digits_end + eight;
    at += 8;
    size -= 8;
  }
  std::uint64_t rest;
  if (!parse_eight(load_padded(at, size), rest)) return false;
  value = sum * powers_of_ten[size] + rest;
  return true;
}

// A number below 10^8 as eight digits 0 to 9, the first one in the lowest byte.
[[gnu::always_inline]] inline std::uint64_t eight_digits(std::uint64_t value) {
  const std::uint64_t halves = value / 10'000 | value % 10'000 << 32;
  const std::uint64_t hundreds = (halves * 10'486 >> 20) & 0x0000007f0000007f;
  const std::uint64_t pairs = hundreds | (halves - 100 * hundreds) << 16;
  const std::uint64_t tens = (pairs * 103 >> 10) & 0x000f000f000f000f;
  return tens | (pairs - 10 * tens) << 8;
}

// How many of eight digits are zeros in front of the number; a zero has one digit.
unsigned zeros_ahead(std::uint64_t digits) {
  return static_cast<unsigned>(std::countr_zero(digits | std::uint64_t{1} << 56)) / 8;
}

char* store(std::uint64_t digits, unsigned count, char* to) {
  digits |= eight_zeros;
  std::memcpy(to, &digits, sizeof(digits));
  return to + count;
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

bool parse_address(std::string_view text, std::int64_t& value) {
  const char* at = text.data();
  const char* const end = at + text.size();
  std::int64_t sum = 0;
  for (unsigned part = 0; part < 4; ++part) {
    if (part > 0 && (at == end || *at++ != '.')) return false;
    const char* const start = at;
    unsigned number = 0;
    while (at != end && at - start < 3 && is_digit(*at)) {
      number = number * 10 + static_cast<unsigned char>(*at++ - '0');
    }
    if (at == start || number > 255 || (*start == '0' && at - start > 1)) return false;
    sum = sum << 8 | number;
  }
  value = sum;
  return at == end;
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
  if (width > 8) {
    const std::uint64_t head = value / eight_digits_end;
    to = write_digits(head, width - 8, to);
    value -= head * eight_digits_end;
    width = 8;
  }
  return store(eight_digits(value) >> (8 * (8 - width)), width, to);
}

char* write_unsigned(std::uint64_t value, char* to) {
  if (value >= eight_digits_end) {
    const std::uint64_t head = value / eight_digits_end;
    return store(eight_digits(value - head * eight_digits_end), 8, write_unsigned(head, to));
  }
  const std::uint64_t digits = eight_digits(value);
  const unsigned zeros = zeros_ahead(digits);
  return store(digits >> (8 * zeros), 8 - zeros, to);
}

char* write_integer(std::int64_t value, char* to) {
  if (value >= 0) return write_unsigned(static_cast<std::uint64_t>(value), to);
  *to = '-';
  return write_unsigned(0 - static_cast<std::uint64_t>(value), to + 1);
}

char* write_address(std::uint64_t value, char* to) {
  for (unsigned shift = 24; shift > 0; shift -= 8) {
    to = write_unsigned(value >> shift & 0xff, to);
    *to++ = '.';
  }
  return write_unsigned(value & 0xff, to);
}

char* write_decimal(std::int64_t mantissa, const decimal_form& form, char* to) {
  auto value = static_cast<std::uint64_t>(mantissa);
  if (mantissa < 0) {
    *to++ = '-';
    value = 0 - value;
  }
  const unsigned scale = form.scale;
  if (scale == 0) {
    to = write_unsigned(value, to);
  } else if (value < eight_digits_end && scale < 8) {
    const std::uint64_t digits = eight_digits(value);
    const unsigned count = std::max(8 - zeros_ahead(digits), scale + 1);
    const std::uint64_t written = digits >> (8 * (8 - count));
    to = store(written, count - scale, to);
    *to++ = '.';
    to = store(written >> (8 * (count - scale)), scale, to);
  } else {
    const std::uint64_t power = powers_of_ten[scale];
    to = write_unsigned(value / power, to);
    *to++ = '.';
    to = write_digits(value % power, scale, to);
  }
  std::memcpy(to, form.unit.data(), form.unit.size());
  return to + form.unit_bytes;
}

}  // namespace skald
