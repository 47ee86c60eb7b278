// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/step_grid.h"

#include <algorithm>

#include "runtime/base/assert.h"

namespace skald::logql {
namespace {

constexpr std::int64_t nanoseconds_per_millisecond = 1'000'000;

template <class Integer>
Integer divide_down(Integer value, std::int64_t by) {
  const Integer quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

}  // namespace

std::int64_t step_grid::time_ms(std::uint32_t step) const {
  return divide_down(time_ns(step), nanoseconds_per_millisecond);
}

step_grid step_grid::aligned(std::int64_t start_ns, std::int64_t end_ns, std::int64_t step_ns) {
  __extension__ using wide = __int128;
  const std::int64_t step = nanoseconds_per_millisecond *
                            std::max<std::int64_t>(1, step_ns / nanoseconds_per_millisecond);
  wide first = divide_down<wide>(start_ns, step);
  wide last = -divide_down<wide>(-static_cast<wide>(std::max(end_ns, start_ns)), step);
  if (first * step < INT64_MIN) ++first;
  if (last * step > INT64_MAX) --last;
  return {static_cast<std::int64_t>(first * step), step,
          static_cast<std::uint32_t>(last - first + 1)};
}

window_set::window_set(const step_grid& grid, std::int64_t range_ns, std::int64_t offset_ns)
    : wide_first_end_ns_(static_cast<wide>(grid.first_ns) - offset_ns),
      step_ns_(grid.step_ns),
      range_ns_(range_ns),
      count_(grid.count) {
  SKALD_ASSERT(step_ns_ >= 1 && count_ >= 1 && range_ns_ >= 0);
  is_narrow_ = wide_first_end_ns_ - range_ns_ >= -narrow_max_ns &&
               wide_end_of(count_ - 1) <= narrow_max_ns && wide_first_end_ns_ <= narrow_max_ns;
  if (is_narrow_) first_end_ns_ = static_cast<std::int64_t>(wide_first_end_ns_);
  interval_count_ = 2 * count_ - 1;
  const std::int64_t lag = range_ns_ / step_ns_;
  if (range_ns_ % step_ns_ == 0 && lag >= 1 && lag <= count_) {
    shared_ends_ = count_ - lag;
    interval_count_ = static_cast<std::uint32_t>(count_ - 1 + lag);
  }
}

time_range window_set::covered() const {
  if (range_ns_ == 0) return {window_end_ns(0), window_end_ns(0)};
  return {saturated(wide_first_end_ns_ - range_ns_ + 1), saturated(wide_end_of(count_ - 1) + 1)};
}

window_set::position window_set::locate(std::int64_t timestamp_ns) const {
  if (!is_narrow_) return locate_wide(timestamp_ns);
  // No window reaches beyond these.
  timestamp_ns = std::clamp(timestamp_ns, -narrow_max_ns, narrow_max_ns + 1);
  // Windows that started before the timestamp, and that ended before it.
  const std::int64_t first_start = first_end_ns_ - range_ns_;
  const std::int64_t starts = std::clamp<std::int64_t>(
      divide_down(timestamp_ns - first_start - 1, step_ns_) + 1, 0, count_);
  const std::int64_t ends = std::clamp<std::int64_t>(
      divide_down(timestamp_ns - first_end_ns_ - 1, step_ns_) + 1, 0, count_);
  return place(starts, ends);
}

window_set::position window_set::locate_wide(wide timestamp_ns) const {
  const auto passed = [&](wide first) {
    const wide count = divide_down<wide>(timestamp_ns - first - 1, step_ns_) + 1;
    return static_cast<std::int64_t>(std::clamp<wide>(count, 0, count_));
  };
  const std::int64_t starts = passed(wide_first_end_ns_ - range_ns_);
  const std::int64_t ends = passed(wide_first_end_ns_);
  wide last = INT64_MAX;
  if (starts < count_)
    last = std::min(last, wide_first_end_ns_ - range_ns_ + wide(starts) * step_ns_);
  if (ends < count_) last = std::min(last, wide_first_end_ns_ + wide(ends) * step_ns_);
  return {ends >= starts ? no_interval : number(starts, ends), saturated(last), starts, ends};
}

window_set::interval_span window_set::intervals_of(std::uint32_t step) const {
  if (!is_narrow_) {
    const wide end = wide_end_of(step);
    return {locate_wide(end - range_ns_ + 1).interval, locate_wide(end).interval};
  }
  return {locate(window_start_ns(step) + 1).interval, locate(window_end_ns(step)).interval};
}

}  // namespace skald::logql
