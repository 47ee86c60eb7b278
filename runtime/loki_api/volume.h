// SPDX-License-Identifier: Apache-2.0
// How much data streams hold, grouped as the volume endpoints want it, estimated from the sizes of
// chunks. Loki's index keeps kibibytes: smaller chunks count as nothing, and so they do here. Pure
// functions. Units: bytes; times in nanoseconds.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runtime/loki_api/result_json.h"
#include "runtime/model/labels.h"
#include "runtime/model/time_range.h"

namespace skald {

// A chunk, or an unflushed buffer, of a stream.
struct chunk_summary {
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;  // closed
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
};

// What of a chunk counts in the range: all when it is inside, else in proportion to the time it
// shares with the range. Bytes are rounded to whole kibibytes before.
chunk_summary inside(const chunk_summary& chunk, const time_range& range);

// How streams are put into groups.
struct volume_grouping {
  // A stream without one of these labels counts nowhere. Empty: no such demand.
  std::vector<std::string> required;
  // Labels that make up a group; empty: all labels of the stream.
  std::vector<std::string> labels;
  bool by_name = false;  // aggregateBy=labels: one group per label name, with empty value
};

struct stream_volume {
  const label_set* labels = nullptr;
  std::span<const chunk_summary> chunks;
};

// Groups by volume, largest first, at most `limit`.
std::vector<volume_sample> group_volume(std::span<const stream_volume> streams,
                                        const volume_grouping& grouping, const time_range& range,
                                        std::size_t limit);

// The same for each step: windows end at multiples of the step and at the range's end. A point
// stands at the last millisecond of its window, the last one at the range's end.
std::vector<volume_series> group_volume_range(std::span<const stream_volume> streams,
                                              const volume_grouping& grouping,
                                              const time_range& range, std::int64_t step_ns,
                                              std::size_t limit);

}  // namespace skald
