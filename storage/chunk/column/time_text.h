// SPDX-License-Identifier: Apache-2.0
// Points in time as programs write them into log lines, as ticks: a count of the form's smallest
// unit. Parsed only if rendering gives the same bytes back. Layout of forms:
// docs/formats/column_types.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "storage/chunk/byte_codec.h"

namespace skald {

// Frozen: values stand in packs.
enum class time_shape : std::uint8_t {
  iso_t = 0,        // 2026-11-22T09:05:31
  iso_blank = 1,    // 2026-11-22 09:05:31
  common_log = 2,   // 22/Nov/2026:09:05:31
  clock = 3,        // 09:05:31
  epoch = 4,        // 1795338331, fraction behind a mark
  epoch_joined = 5  // 1795338331123, fraction without a mark
};

struct time_form {
  time_shape shape = time_shape::iso_t;
  std::uint8_t digits = 0;  // of the fraction: 0 to 9; the unit is 10^-digits s
  bool comma = false;       // marks the fraction, else a point
  bool trimmed = false;     // the fraction stands without trailing zeros, and is absent when zero
  bool zulu = false;        // a Z at the end

  friend bool operator==(const time_form&, const time_form&) = default;
};

inline constexpr std::size_t time_text_bytes_max = 48;

// The form that `text` seems to have, not trimmed.
std::optional<time_form> guess_time_form(std::string_view text);

void append_time_form(const time_form& form, std::string& out);
// Nothing when malformed.
std::optional<time_form> take_time_form(bounded_reader& from);

// Parses and renders times of one form after the other; remembers the last day.
class time_text {
 public:
  explicit time_text(const time_form& form);

  const time_form& form() const { return form_; }
  // Sets ticks since 1970, of shape clock since midnight. False when the text has another form, is
  // no real time or one outside 1700 to 2200.
  bool parse(std::string_view text, std::int64_t& ticks);
  // Ticks of the form's unit in which `entry_time_ns` falls; of shape clock those since midnight.
  std::int64_t ticks_of(std::int64_t entry_time_ns) const;
  // What to store of a time: it is small when the entry has about that time, whatever the zone.
  std::int64_t relative(std::int64_t ticks, std::int64_t entry_time_ns) const;
  // The inverse of relative().
  std::int64_t absolute(std::int64_t relative, std::int64_t entry_time_ns) const;
  // Returns the end of at most time_text_bytes_max bytes, slack included; null where parse() would
  // not take the text.
  char* write(std::int64_t ticks, char* to);

 private:
  bool parse_fraction(std::string_view text, std::int64_t& fraction) const;
  bool is_known_day(const char* date) const;
  bool parse_day(const char* date);
  void write_day(std::int64_t day);
  char* write_fraction(std::int64_t fraction, char* to) const;

  time_form form_;
  std::int64_t ticks_per_second_;
  std::int64_t ticks_per_day_;
  std::size_t day_bytes_ = 0;        // of the date with the mark behind it
  std::array<char, 12> day_text_{};  // date and mark as last parsed or written
  std::int64_t day_ = INT64_MIN;     // its day since 1970; INT64_MIN: none
};

}  // namespace skald
