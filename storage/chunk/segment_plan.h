// SPDX-License-Identifier: Apache-2.0
// Decides which rows stand in which segment of a pack: streams sorted by app and labels, rows by
// time, cuts near the wanted size. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "storage/chunk/pack_writer.h"

namespace skald {

// Consecutive rows of one input.
struct row_slice {
  const pack_input* input = nullptr;
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

// The rows of one stream in one segment, in order.
struct planned_run {
  std::uint32_t chunk = 0;  // index into segment_plan::streams, which is also the directory entry
  std::uint32_t first_slice = 0;  // into segment_plan::slices
  std::uint32_t slice_count = 0;
};

struct planned_segment {
  std::vector<planned_run> runs;
  std::uint64_t raw_bytes = 0;  // lines with a newline each
};

struct segment_plan {
  std::vector<stream_ptr> streams;  // in the pack's order
  std::vector<planned_segment> segments;
  std::vector<row_slice> slices;  // of all runs, one behind the other

  std::span<const row_slice> slices_of(const planned_run& run) const {
    return std::span(slices).subspan(run.first_slice, run.slice_count);
  }
};

// The label value that decides which streams are neighbours: that of the first label present of
// service_name, app, job and container, else empty.
std::string_view app_of(const label_set& labels);

// The error of a malformed input, for people.
error refused_input(const pack_input& input, const std::string& why);

// Looks at rows one by one only where a cut may fall or inputs of one stream overlap: many small
// inputs cost little more than few large ones. The inputs must outlive the plan. Does not look at
// the lines' bytes. Errors: invalid_argument as in pack_writer::write.
result<segment_plan> plan_segments(const std::vector<pack_input>& inputs,
                                   std::uint32_t segment_bytes_target);

}  // namespace skald
