// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/unwrap.h"

#include <utility>

#include "runtime/base/go_number.h"
#include "runtime/base/units.h"

namespace skald::logql {
namespace {

constexpr std::string_view sample_error = "SampleExtractionErr";
constexpr double nanoseconds_per_second = 1e9;

}  // namespace

result<double> unwrapped_value(std::string_view text, unwrap_conversion conversion) {
  switch (conversion) {
    case unwrap_conversion::none:
      return parse_go_float(text);
    case unwrap_conversion::bytes: {
      SKALD_TRY_ASSIGN(const std::uint64_t bytes, parse_bytes(text));
      return static_cast<double>(bytes);
    }
    case unwrap_conversion::duration:
    case unwrap_conversion::duration_seconds: {
      SKALD_TRY_ASSIGN(const std::int64_t duration, parse_go_duration(text));
      // Whole seconds apart, as Go's Duration.Seconds does: the sum is rounded once.
      return static_cast<double>(duration / 1'000'000'000) +  // NOLINT(bugprone-integer-division)
             static_cast<double>(duration % 1'000'000'000) / nanoseconds_per_second;
    }
  }
  return 0.0;
}

unwrap_extractor::unwrap_extractor(label_builder& labels, const std::string& label,
                                   unwrap_conversion conversion,
                                   std::vector<std::unique_ptr<stage>> post_filters)
    : name_(labels.intern(label)),
      conversion_(conversion),
      post_filters_(std::move(post_filters)) {}

bool unwrap_extractor::extract(row_context& row, double& value) {
  std::string_view text;
  if (!row.labels.get(name_, text) || text.empty()) return false;
  const bool fast = conversion_ == unwrap_conversion::none && try_parse_go_float(text, value);
  if (!fast) {
    const result<double> converted = unwrapped_value(text, conversion_);
    value = converted.ok() ? *converted : 0;
    if (!converted.ok()) {
      row.labels.set_error(sample_error, row.arena.keep(converted.error().message));
    }
  }
  for (const auto& filter : post_filters_) {
    if (!filter->process(row)) return false;
  }
  return true;
}

}  // namespace skald::logql
