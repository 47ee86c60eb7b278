// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/app_experience.h"

#include <algorithm>

namespace skald {
namespace {

constexpr std::uint32_t trial_interval = 16;
constexpr std::uint32_t losses_before_waiting = 3;
constexpr std::uint32_t wait_max = 256;
constexpr double gain_min = 0.95;
// Columns whose keys change from segment to segment would let the hints grow without end.
constexpr std::size_t hints_max = 4 * segment_columns_max;

}  // namespace

bool app_experience::tries_shapes() {
  if (hints.size() > hints_max) hints.clear();
  if (wait_ == 0) return true;
  --wait_;
  return false;
}

bool app_experience::trusts_shapes(std::size_t shape_bytes, std::size_t line_bytes) {
  if (plain_per_byte_ == 0 || ++trusted_ >= trial_interval) return false;
  return static_cast<double>(shape_bytes) <
         gain_min * plain_per_byte_ * static_cast<double>(line_bytes);
}

bool app_experience::compare(std::size_t shape_bytes, std::size_t plain_bytes,
                             std::size_t line_bytes) {
  trusted_ = 0;
  plain_per_byte_ = static_cast<double>(plain_bytes) / static_cast<double>(line_bytes);
  if (static_cast<double>(shape_bytes) < gain_min * static_cast<double>(plain_bytes)) {
    losses_ = 0;
    return true;
  }
  ++losses_;
  if (losses_ >= losses_before_waiting) {
    const std::uint32_t doublings = std::min(losses_ - losses_before_waiting, 8U);
    wait_ = std::min(wait_max, 1U << doublings);
  }
  return false;
}

app_experience& app_experiences::of(std::string_view app) {
  const std::string key(app);
  if (apps_.size() >= apps_max && !apps_.contains(key)) apps_.clear();
  return apps_[key];
}

}  // namespace skald
