// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/column_scan.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "storage/chunk/column/column_layout.h"
#include "storage/chunk/column/hex_text.h"
#include "storage/chunk/column/number_text.h"

namespace skald {
namespace {

constexpr std::size_t sample_values = 64;
// Numbers that look like times of day long past or far ahead are numbers.
constexpr std::int64_t epoch_distance_max_ns = 7LL * 86'400 * 1'000'000'000;

bool is_digit(char byte) {
  return static_cast<unsigned char>(byte - '0') < 10;
}

std::uint64_t load(const char* from) {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

// How many of the first `most` bytes are equal.
std::uint32_t equal_ahead(const char* a, const char* b, std::uint32_t most) {
  std::uint32_t at = 0;
  for (; at + 8 <= most; at += 8) {
    const std::uint64_t differ = load(a + at) ^ load(b + at);
    if (differ != 0) return at + static_cast<std::uint32_t>(std::countr_zero(differ)) / 8;
  }
  if (at > 0) {
    // The rest together with bytes that are known to be equal.
    if (at == most) return at;
    const std::uint64_t differ = load(a + most - 8) ^ load(b + most - 8);
    if (differ == 0) return most;
    return most - 8 + static_cast<std::uint32_t>(std::countr_zero(differ)) / 8;
  }
  while (at < most && a[at] == b[at]) ++at;
  return at;
}

// The same for the `most` bytes before two ends.
std::uint32_t equal_behind(const char* a, const char* b, std::uint32_t most) {
  std::uint32_t at = 0;
  for (; at + 8 <= most; at += 8) {
    const std::uint64_t differ = load(a - at - 8) ^ load(b - at - 8);
    if (differ != 0) return at + static_cast<std::uint32_t>(std::countl_zero(differ)) / 8;
  }
  while (at < most && *(a - at - 1) == *(b - at - 1)) ++at;
  return at;
}

// Where the decimal number or the address begins that `text` ends in: [-]digits. or digits.digits.
// and so on; the end if there is none.
std::size_t number_start(std::string_view text) {
  if (text.empty() || text.back() != '.') return text.size();
  std::size_t at = text.size() - 1;
  while (at > 0 && (is_digit(text[at - 1]) || text[at - 1] == '.')) --at;
  while (text[at] == '.' && at + 1 < text.size()) ++at;
  if (at + 1 == text.size()) return text.size();
  return at > 0 && text[at - 1] == '-' ? at - 1 : at;
}

// Takes away what would cut a number in two.
void spare_numbers(std::string_view first, column_affix& affix) {
  while (affix.prefix > 0 && is_digit(first[affix.prefix - 1])) --affix.prefix;
  affix.prefix = static_cast<std::uint32_t>(number_start(first.substr(0, affix.prefix)));
  while (affix.suffix > 0 && is_digit(first[first.size() - affix.suffix])) --affix.suffix;
}

// Calls test(value) for a sample of values spread over the column until it says false.
template <class Test>
bool all_of_sample(std::size_t count, const Test& test) {
  if (count <= sample_values) {
    for (std::size_t i = 0; i < count; ++i) {
      if (!test(i)) return false;
    }
    return true;
  }
  for (std::size_t i = 0; i < sample_values; ++i) {
    if (!test(i * (count - 1) / (sample_values - 1))) return false;
  }
  return true;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'f'); });
}

column_candidates candidates_of(std::span<const std::string_view> values,
                                const column_affix& affix) {
  column_candidates fits;
  fits.affix = affix;
  fits.integer = fits.fixed = fits.decimal = fits.uuid = fits.address = true;
  const std::size_t first_bytes = affix.core(values.front()).size();
  fits.hex = first_bytes % 2 == 0 && first_bytes >= hex_digits_min;
  all_of_sample(values.size(), [&](std::size_t row) {
    const std::string_view text = affix.core(values[row]);
    std::int64_t number;
    decimal_form form;
    const bool same_width = text.size() == first_bytes;
    fits.integer = fits.integer && parse_integer(text, number);
    fits.fixed = fits.fixed && same_width && parse_digits(text, number);
    fits.decimal = fits.decimal && parse_decimal(text, number, form);
    fits.hex = fits.hex && same_width && is_hex(text);
    char bytes[uuid_bytes];
    fits.uuid = fits.uuid && parse_uuid(text, bytes);
    fits.address = fits.address && parse_address(text, number);
    return !fits.none();
  });
  return fits;
}

bool near_entry(std::string_view text, const time_form& form, std::int64_t entry_time_ns) {
  time_text times(form);
  std::int64_t ticks;
  if (!times.parse(text, ticks)) return false;
  if (form.shape != time_shape::epoch && form.shape != time_shape::epoch_joined) return true;
  const auto far_ticks =
      epoch_distance_max_ns / static_cast<std::int64_t>(powers_of_ten[9 - form.digits]);
  const std::int64_t apart = times.relative(ticks, entry_time_ns);
  return apart >= -far_ticks && apart <= far_ticks;
}

// One form for all sampled values. When the fractions differ in length, they may be trimmed ones of
// 3, 6 or 9 digits.
bool common_form(std::span<const std::string_view> values, const column_affix& affix,
                 time_form& form) {
  const auto first = guess_time_form(affix.core(values.front()));
  if (!first) return false;
  form = *first;
  bool has_mark = form.digits > 0;
  const bool same_shape = all_of_sample(values.size(), [&](std::size_t row) {
    const auto other = guess_time_form(affix.core(values[row]));
    if (!other || other->shape != form.shape || other->zulu != form.zulu) return false;
    if (other->digits != form.digits) {
      form.trimmed = true;
      form.comma = has_mark ? form.comma : other->comma;
    }
    if (other->digits > 0 && other->comma != form.comma) return false;
    has_mark = has_mark || other->digits > 0;
    form.digits = std::max(form.digits, other->digits);
    return true;
  });
  if (!same_shape) return false;
  if (form.trimmed) form.digits = static_cast<std::uint8_t>((form.digits + 2) / 3 * 3);
  return !form.trimmed || form.shape != time_shape::epoch_joined;
}

}  // namespace

column_scan scan_values(std::span<const std::string_view> values) {
  const std::string_view first = values.front();
  column_scan scan;
  auto prefix = static_cast<std::uint32_t>(first.size());
  auto suffix = prefix;
  scan.bytes_min = scan.bytes_max = prefix;
  for (std::size_t row = 0; row < values.size(); ++row) {
    // Values lie all over a segment's lines.
    if (row + 12 < values.size()) __builtin_prefetch(values[row + 12].data());
    const std::string_view value = values[row];
    const auto size = static_cast<std::uint32_t>(value.size());
    scan.bytes_min = std::min(scan.bytes_min, size);
    scan.bytes_max = std::max(scan.bytes_max, size);
    scan.bytes += size;
    if (prefix > 0) prefix = equal_ahead(first.data(), value.data(), std::min(prefix, size));
    if (suffix > 0) {
      suffix =
          equal_behind(first.data() + first.size(), value.data() + size, std::min(suffix, size));
    }
  }
  scan.all_equal = scan.bytes_min == scan.bytes_max && prefix == scan.bytes_min;
  scan.affix.prefix = prefix;
  scan.affix.suffix = std::min(suffix, scan.bytes_min - prefix);
  spare_numbers(first, scan.affix);
  return scan;
}

column_candidates find_candidates(std::span<const std::string_view> values,
                                  const column_scan& scan) {
  const column_candidates without_affix = candidates_of(values, scan.affix);
  if (!without_affix.none() || scan.affix.empty()) return without_affix;
  return candidates_of(values, {});
}

time_candidate find_time_candidate(std::span<const std::string_view> values,
                                   std::span<const std::int64_t> entry_times_ns,
                                   const column_scan& scan) {
  // A common prefix is often the date, so whole values come first.
  const std::array<column_affix, 3> affixes = {column_affix{}, column_affix{0, scan.affix.suffix},
                                               scan.affix};
  for (std::size_t i = 0; i < affixes.size(); ++i) {
    if (i > 0 && affixes[i] == affixes[i - 1]) continue;
    time_candidate candidate;
    candidate.affix = affixes[i];
    if (!common_form(values, candidate.affix, candidate.form)) continue;
    candidate.found = all_of_sample(values.size(), [&](std::size_t row) {
      return near_entry(candidate.affix.core(values[row]), candidate.form, entry_times_ns[row]);
    });
    if (candidate.found) return candidate;
  }
  return {};
}

}  // namespace skald
