// SPDX-License-Identifier: Apache-2.0
// From states per elementary interval to the value of every window: the last step of a range
// aggregation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/metric/interval_state.h"
#include "runtime/logql/metric/leaf_aggregation.h"
#include "runtime/logql/metric/series_matrix.h"
#include "runtime/logql/metric/series_states.h"
#include "runtime/logql/metric/work_bounds.h"

namespace skald::logql {

// The values of all series and steps, sorted by labels. Series without any value are left out.
// Costs about one merge per interval and step for states that merge, so wide windows that overlap
// are no dearer than narrow ones; states of kind samples cost their rows per window.
// Errors: those of `bounds`: cancelled, timeout, resource_exhausted.
result<series_matrix> window_values(const leaf_aggregation& leaf, const series_states& states,
                                    const work_bounds& bounds = {});

// absent_over_time: 1 at every step whose window has no row. The labels are those that the selector
// fixes.
result<series_matrix> absent_values(const leaf_aggregation& leaf, const series_states& states,
                                    const std::vector<label_matcher>& matchers,
                                    const work_bounds& bounds = {});

// quantile_over_time and rate_counter of one window's samples, which are sorted by time. Never
// empty.
double quantile(double phi, std::vector<double>& values);
double counter_rate(std::span<const timed_sample> samples, std::int64_t window_start_ns,
                    std::int64_t window_end_ns);

}  // namespace skald::logql
