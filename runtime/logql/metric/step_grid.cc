// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/step_grid.h"

#include <algorithm>

#include "runtime/base/assert.h"

namespace skald::logql {
namespace {

constexpr std::int64_t nanoseconds_per_millisecond = 1'000'000;

std::int64_t divide_down(std::int64_t value, std::int64_t by) {
  const std::int64_t quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

}  // namespace

std::int64_t step_grid::time_ms(std::uint32_t step) const {
  return divide_down(time_ns(step), nanoseconds_per_millisecond);
}

step_grid step_grid::aligned(std::int64_t start_ns, std::int64_t end_ns, std::int64_t step_ns) {
  const std::int64_t step = nanoseconds_per_millisecond *
                            std::max<std::int64_t>(1, step_ns / nanoseconds_per_millisecond);
  const std::int64_t first = divide_down(start_ns, step);
  const std::int64_t last = -divide_down(-std::max(end_ns, start_ns), step);
  return {first * step, step, static_cast<std::uint32_t>(last - first + 1)};
}

window_set::window_set(const step_grid& grid, std::int64_t range_ns, std::int64_t offset_ns)
    : first_end_ns_(grid.first_ns - offset_ns),
      step_ns_(grid.step_ns),
      range_ns_(range_ns),
      count_(grid.count) {
  SKALD_ASSERT(step_ns_ >= 1 && count_ >= 1 && range_ns_ >= 0);
  interval_count_ = 2 * count_ - 1;
  const std::int64_t lag = range_ns_ / step_ns_;
  if (range_ns_ % step_ns_ == 0 && lag >= 1 && lag <= count_) {
    shared_ends_ = count_ - lag;
    interval_count_ = static_cast<std::uint32_t>(count_ - 1 + lag);
  }
}

time_range window_set::covered() const {
  if (range_ns_ == 0) return {first_end_ns_, first_end_ns_};
  return {first_end_ns_ - range_ns_ + 1, window_end_ns(count_ - 1) + 1};
}

window_set::position window_set::locate(std::int64_t timestamp_ns) const {
  // Windows that started before the timestamp, and that ended before it.
  const std::int64_t first_start = first_end_ns_ - range_ns_;
  const std::int64_t starts = std::clamp<std::int64_t>(
      divide_down(timestamp_ns - first_start - 1, step_ns_) + 1, 0, count_);
  const std::int64_t ends = std::clamp<std::int64_t>(
      divide_down(timestamp_ns - first_end_ns_ - 1, step_ns_) + 1, 0, count_);
  return place(starts, ends);
}

window_set::interval_span window_set::intervals_of(std::uint32_t step) const {
  return {locate(window_start_ns(step) + 1).interval, locate(window_end_ns(step)).interval};
}

}  // namespace skald::logql
