// SPDX-License-Identifier: Apache-2.0
// A half-open range of log time: nanoseconds since the Unix epoch.
#pragma once

#include <algorithm>
#include <cstdint>

namespace skald {

struct time_range {
  std::int64_t start_ns = 0;  // first nanosecond inside
  std::int64_t end_ns = 0;    // first nanosecond behind

  bool empty() const { return end_ns <= start_ns; }
  bool contains(std::int64_t timestamp_ns) const {
    return timestamp_ns >= start_ns && timestamp_ns < end_ns;
  }
  // Whether any timestamp in the closed range [min_ns, max_ns] lies inside.
  bool overlaps(std::int64_t min_ns, std::int64_t max_ns) const {
    return min_ns < end_ns && max_ns >= start_ns;
  }
  // Whether the whole closed range [min_ns, max_ns] lies inside.
  bool covers(std::int64_t min_ns, std::int64_t max_ns) const {
    return min_ns >= start_ns && max_ns < end_ns;
  }
  friend bool operator==(const time_range&, const time_range&) = default;
};

inline time_range union_of(const time_range& a, const time_range& b) {
  return {std::min(a.start_ns, b.start_ns), std::max(a.end_ns, b.end_ns)};
}

constexpr std::int64_t nanoseconds_per_day = 86'400'000'000'000;

// Days since the Unix epoch, rounded down: the number of a day table.
inline std::int64_t day_number(std::int64_t timestamp_ns) {
  const std::int64_t day = timestamp_ns / nanoseconds_per_day;
  return timestamp_ns % nanoseconds_per_day < 0 ? day - 1 : day;
}

}  // namespace skald
