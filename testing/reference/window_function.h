// SPDX-License-Identifier: Apache-2.0
// Range aggregations by their definition: all values of one window in, one value out.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/logql/syntax/ast.h"
#include "runtime/model/labels.h"

namespace skald::logql::reference {

struct line_sample {
  std::int64_t timestamp_ns = 0;
  std::uint64_t stream = 0;  // breaks ties of time where a series has several streams
  std::size_t arrival = 0;   // breaks the others
  double value = 0;
  label_set series;
};

struct window {
  std::int64_t start_ns = 0;  // excluded
  std::int64_t end_ns = 0;    // included
};

// `samples` are those of one series inside the window, by time; never empty.
double window_value(const range_aggregation& aggregation, const window& window,
                    const std::vector<line_sample>& samples);

}  // namespace skald::logql::reference
