// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/hex_text.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace skald {
namespace {

constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> make_digit_values() {
  std::array<std::uint8_t, 256> made{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool is_letter = byte >= 'a' && byte <= 'f';
    const bool is_number = byte >= '0' && byte <= '9';
    made[byte] = static_cast<std::uint8_t>(is_number   ? byte - '0'
                                           : is_letter ? byte - 'a' + 10
                                                       : no_digit);
  }
  return made;
}
constexpr std::array<std::uint8_t, 256> digit_values = make_digit_values();
constexpr std::string_view digits = "0123456789abcdef";

#if defined(__x86_64__)
// 16 digits to 8 bytes.
bool parse_sixteen(const char* from, char* to) {
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const auto within = [&](char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(text, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmplt_epi8(text, _mm_set1_epi8(static_cast<char>(last + 1))));
  };
  const __m128i letters = within('a', 'f');
  if (_mm_movemask_epi8(_mm_or_si128(letters, within('0', '9'))) != 0xffff) return false;
  const __m128i values = _mm_add_epi8(_mm_and_si128(text, _mm_set1_epi8(0x0f)),
                                      _mm_and_si128(letters, _mm_set1_epi8(9)));
  // In each pair the first digit is the high half: it stands in the low byte of the lane.
  const __m128i pairs = _mm_and_si128(
      _mm_or_si128(_mm_slli_epi16(values, 4), _mm_srli_epi16(values, 8)), _mm_set1_epi16(0xff));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(pairs, pairs));
  return true;
}

// 8 bytes to 16 digits.
void write_sixteen(const char* from, char* to) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  const __m128i half = _mm_set1_epi8(0x0f);
  const __m128i values =
      _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(bytes, 4), half), _mm_and_si128(bytes, half));
  const __m128i letters =
      _mm_and_si128(_mm_cmpgt_epi8(values, _mm_set1_epi8(9)), _mm_set1_epi8('a' - '0' - 10));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                   _mm_add_epi8(_mm_add_epi8(values, _mm_set1_epi8('0')), letters));
}
constexpr std::size_t step_bytes = 8;
#else
bool parse_sixteen(const char*, char*) {
  return false;
}
void write_sixteen(const char*, char*) {}
constexpr std::size_t step_bytes = ~std::size_t{0} / 4;
#endif

}  // namespace

bool parse_hex(std::string_view text, char* to) {
  if (text.size() % 2 != 0) return false;
  const char* at = text.data();
  std::size_t left = text.size() / 2;
  for (; left >= step_bytes; left -= step_bytes, at += 2 * step_bytes, to += step_bytes) {
    if (!parse_sixteen(at, to)) return false;
  }
  for (; left > 0; --left, at += 2) {
    const std::uint8_t high = digit_values[static_cast<unsigned char>(at[0])];
    const std::uint8_t low = digit_values[static_cast<unsigned char>(at[1])];
    if ((high | low) == no_digit) return false;
    *to++ = static_cast<char>(high << 4 | low);
  }
  return true;
}

void write_hex(const char* from, std::size_t bytes, char* to) {
  for (; bytes >= step_bytes; bytes -= step_bytes, from += step_bytes, to += 2 * step_bytes) {
    write_sixteen(from, to);
  }
  for (; bytes > 0; --bytes) {
    const auto byte = static_cast<unsigned char>(*from++);
    *to++ = digits[byte >> 4];
    *to++ = digits[byte & 0x0f];
  }
}

bool parse_uuid(std::string_view text, char* to) {
  if (text.size() != uuid_text_bytes) return false;
  const char* at = text.data();
  if (at[8] != '-' || at[13] != '-' || at[18] != '-' || at[23] != '-') return false;
  char joined[2 * uuid_bytes];
  std::memcpy(joined, at, 8);
  std::memcpy(joined + 8, at + 9, 4);
  std::memcpy(joined + 12, at + 14, 4);
  std::memcpy(joined + 16, at + 19, 4);
  std::memcpy(joined + 20, at + 24, 12);
  return parse_hex({joined, sizeof(joined)}, to);
}

void write_uuid(const char* from, char* to) {
  char joined[2 * uuid_bytes];
  write_hex(from, uuid_bytes, joined);
  std::memcpy(to, joined, 8);
  std::memcpy(to + 9, joined + 8, 4);
  std::memcpy(to + 14, joined + 12, 4);
  std::memcpy(to + 19, joined + 16, 4);
  std::memcpy(to + 24, joined + 20, 12);
  to[8] = to[13] = to[18] = to[23] = '-';
}

}  // namespace skald
