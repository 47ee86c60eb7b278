// SPDX-License-Identifier: Apache-2.0
// How the rows of a segment's runs spread over whole minutes: made when timestamps were decoded for
// a count by minutes, and kept with the open pack, so that the next such count reads nothing.
// Immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "runtime/model/log_block.h"

namespace skald {

class segment_minutes {
 public:
  // Of all rows of a segment, cut into runs of so many rows.
  segment_minutes(std::span<const std::int64_t> timestamps,
                  std::span<const std::uint32_t> run_rows);

  // Empty for a run that the segment does not have, or whose counts do not fit.
  minute_counts of(const row_run& run) const;

  // Of a run with so many rows in this time.
  static std::size_t run_bytes_max(std::int64_t min_timestamp_ns, std::int64_t max_timestamp_ns,
                                   std::uint32_t rows);

 private:
  struct run_marks {
    std::uint32_t first_row = 0;
    std::uint32_t rows = 0;
    std::int64_t first_end_ns = 0;
    std::size_t begin = 0;  // in marks_
    std::size_t end = 0;
  };
  void add(std::span<const std::int64_t> timestamps, std::uint32_t first_row);

  std::vector<run_marks> runs_;  // by first row
  std::vector<minute_mark> marks_;
};
using segment_minutes_ptr = std::shared_ptr<const segment_minutes>;

}  // namespace skald
