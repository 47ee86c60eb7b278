// SPDX-License-Identifier: Apache-2.0
// The evaluation times of a metric query, and the windows that a range aggregation looks at from
// each of them. Pure arithmetic on nanoseconds.
#pragma once

#include <algorithm>
#include <cstdint>

#include "runtime/model/time_range.h"

namespace skald::logql {

// Times first_ns, first_ns + step_ns, ..., `count` of them. Instant queries have one.
struct step_grid {
  std::int64_t first_ns = 0;
  std::int64_t step_ns = 1;  // at least 1
  std::uint32_t count = 1;   // at least 1

  std::int64_t time_ns(std::uint32_t step) const {
    return first_ns + static_cast<std::int64_t>(step) * step_ns;
  }
  // Rounded down, as answers show it.
  std::int64_t time_ms(std::uint32_t step) const;

  // Multiples of the step (since the epoch) from start rounded down to end rounded up, as far as
  // there is time. The step is cut to whole milliseconds, at least one.
  static step_grid aligned(std::int64_t start_ns, std::int64_t end_ns, std::int64_t step_ns);
  static step_grid instant(std::int64_t time_ns) { return {time_ns, 1, 1}; }
};

// The windows of a range aggregation: step k sees the entries of (t_k - offset - range, t_k -
// offset]. Window starts and ends cut time into elementary intervals, whose entries all belong to
// the same windows. Intervals are numbered in time order from 0 to interval_count() - 1. So a row
// costs one look-up, however many windows see it.
class window_set {
 public:
  window_set() = default;
  window_set(const step_grid& grid, std::int64_t range_ns, std::int64_t offset_ns);

  std::uint32_t step_count() const { return count_; }
  std::int64_t range_ns() const { return range_ns_; }
  // The window of a step: start excluded, end included. Cut to the times that there are.
  std::int64_t window_start_ns(std::uint32_t step) const {
    return is_narrow_ ? end_of(step) - range_ns_ : saturated(wide_end_of(step) - range_ns_);
  }
  std::int64_t window_end_ns(std::uint32_t step) const {
    return is_narrow_ ? end_of(step) : saturated(wide_end_of(step));
  }
  // Entries outside belong to no window. Where step > range, entries inside may belong to none
  // either.
  time_range covered() const;

  static constexpr std::uint32_t no_interval = 0xffffffff;
  struct position {
    std::uint32_t interval = no_interval;
    // Later timestamps up to this one give the same interval.
    std::int64_t last_ns = 0;
    // Windows that begin before these timestamps, and that end before them.
    std::int64_t starts_before = 0;
    std::int64_t ends_before = 0;
  };
  // The elementary interval that holds the timestamp, or no_interval when no window does.
  position locate(std::int64_t timestamp_ns) const;
  // The position right behind `at`, which must have one: cheaper than locate().
  position next(const position& at) const {
    if (!is_narrow_) return locate_wide(wide(at.last_ns) + 1);
    // What is behind the last window may be behind the end of time, too.
    const bool starts = at.starts_before < count_ &&
                        first_end_ns_ - range_ns_ + at.starts_before * step_ns_ == at.last_ns;
    const bool ends =
        at.ends_before < count_ && first_end_ns_ + at.ends_before * step_ns_ == at.last_ns;
    return place(at.starts_before + (starts ? 1 : 0), at.ends_before + (ends ? 1 : 0));
  }
  std::uint32_t interval_count() const { return interval_count_; }
  // Whether all windows begin and end at multiples of the unit.
  bool is_aligned_to(std::int64_t unit_ns) const {
    return is_narrow_ && first_end_ns_ % unit_ns == 0 && step_ns_ % unit_ns == 0 &&
           range_ns_ % unit_ns == 0;
  }

  // The intervals that make up the window of a step: a closed range.
  struct interval_span {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    friend bool operator==(const interval_span&, const interval_span&) = default;
  };
  interval_span intervals_of(std::uint32_t step) const;

 private:
  // Requests may ask for the ends of time, and ranges and offsets reach beyond them.
  __extension__ using wide = __int128;
  // Sums and differences of two times within these bounds are times.
  static constexpr std::int64_t narrow_max_ns = (INT64_MAX >> 1) - 1;

  static std::int64_t saturated(wide time_ns) {
    return static_cast<std::int64_t>(std::clamp<wide>(time_ns, INT64_MIN, INT64_MAX));
  }
  std::int64_t end_of(std::uint32_t step) const {
    return first_end_ns_ + static_cast<std::int64_t>(step) * step_ns_;
  }
  wide wide_end_of(std::uint32_t step) const {
    return wide_first_end_ns_ + static_cast<wide>(step) * step_ns_;
  }
  position locate_wide(wide timestamp_ns) const;
  // Time order is the order of (window starts passed) + (window ends passed). Where both lie on the
  // same instants one of the two is enough.
  std::uint32_t number(std::int64_t starts_before, std::int64_t ends_before) const {
    return static_cast<std::uint32_t>(starts_before - 1 +
                                      std::max<std::int64_t>(0, ends_before - shared_ends_));
  }
  position place(std::int64_t starts_before, std::int64_t ends_before) const {
    std::int64_t last = INT64_MAX;
    if (starts_before < count_) last = first_end_ns_ - range_ns_ + starts_before * step_ns_;
    if (ends_before < count_) last = std::min(last, first_end_ns_ + ends_before * step_ns_);
    const bool in_none = ends_before >= starts_before;
    return {in_none ? no_interval : number(starts_before, ends_before), last, starts_before,
            ends_before};
  }

  wide wide_first_end_ns_ = 0;
  std::int64_t first_end_ns_ = 0;  // the same; valid when is_narrow_
  bool is_narrow_ = true;          // all windows are well within the times that there are
  std::int64_t step_ns_ = 1;
  std::int64_t range_ns_ = 1;
  std::uint32_t count_ = 1;
  std::uint32_t interval_count_ = 1;
  // Starts and ends coincide (range is a multiple of the step, and shorter than the grid): ends
  // before this number add no boundary of their own.
  std::int64_t shared_ends_ = 0;
};

}  // namespace skald::logql
