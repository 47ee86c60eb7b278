// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/run_overlap.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <string_view>

namespace skald::logql {
namespace {

struct placed_run {
  std::int64_t min_ns = 0;
  std::int64_t max_ns = 0;
  std::uint32_t block = 0;
};

// Numbers streams in the order in which they are met. A plain open table: this runs for every run
// of a query.
class stream_numbers {
 public:
  explicit stream_numbers(std::size_t runs) : slots_(std::bit_ceil(2 * runs + 1), none) {}

  std::uint32_t of(const hash128& stream) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = stream.low & mask;
    for (; slots_[at] != none; at = (at + 1) & mask) {
      if (streams_[slots_[at]] == stream) return slots_[at];
    }
    slots_[at] = static_cast<std::uint32_t>(streams_.size());
    streams_.push_back(stream);
    return slots_[at];
  }
  const std::vector<hash128>& streams() const { return streams_; }

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  std::vector<std::uint32_t> slots_;  // positions in streams_
  std::vector<hash128> streams_;
};

// All runs by stream, those of a stream by start.
struct placed_runs {
  std::vector<hash128> streams;
  std::vector<std::size_t> begins;  // by stream, and the end
  std::vector<placed_run> runs;
};

placed_runs place_runs(std::span<const std::unique_ptr<log_block>> blocks) {
  std::size_t count = 0;
  for (const auto& block : blocks) count += block->runs().size();
  stream_numbers numbers(count);
  std::vector<std::uint32_t> stream_of;
  stream_of.reserve(count);
  for (const auto& block : blocks) {
    for (const row_run& run : block->runs()) {
      stream_of.push_back(numbers.of(run.stream->fingerprint));
    }
  }
  placed_runs placed;
  placed.streams = numbers.streams();
  placed.begins.assign(placed.streams.size() + 1, 0);
  for (const std::uint32_t stream : stream_of) ++placed.begins[stream + 1];
  std::partial_sum(placed.begins.begin(), placed.begins.end(), placed.begins.begin());
  placed.runs.resize(count);
  std::vector<std::size_t> ends(placed.begins.begin(), placed.begins.end() - 1);
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < blocks.size(); ++i) {
    for (const row_run& run : blocks[i]->runs()) {
      placed.runs[ends[stream_of[at++]]++] = {run.min_timestamp_ns, run.max_timestamp_ns, i};
    }
  }
  const auto by_start = [](const placed_run& a, const placed_run& b) {
    return a.min_ns != b.min_ns ? a.min_ns < b.min_ns : a.block < b.block;
  };
  for (std::size_t i = 0; i < placed.streams.size(); ++i) {
    const auto begin = placed.runs.begin() + static_cast<std::ptrdiff_t>(placed.begins[i]);
    const auto end = placed.runs.begin() + static_cast<std::ptrdiff_t>(placed.begins[i + 1]);
    if (!std::is_sorted(begin, end, by_start)) std::sort(begin, end, by_start);
  }
  return placed;
}

// Calls visit(stream, earlier, later) for each run that starts before an earlier run of its stream
// has ended. `earlier` is the one that ends last, so a chain of calls links all runs that overlap.
template <class Visit>
void each_overlap(const placed_runs& placed, Visit visit) {
  for (std::size_t i = 0; i < placed.streams.size(); ++i) {
    const placed_run* longest = &placed.runs[placed.begins[i]];
    const placed_run* const end = placed.runs.data() + placed.begins[i + 1];
    for (const placed_run* run = longest + 1; run < end; ++run) {
      if (run->min_ns <= longest->max_ns) visit(placed.streams[i], *longest, *run);
      if (run->max_ns > longest->max_ns) longest = run;
    }
  }
}

std::size_t root_of(std::vector<std::size_t>& parents, std::size_t at) {
  while (parents[at] != at) {
    parents[at] = parents[parents[at]];
    at = parents[at];
  }
  return at;
}

void append_bytes(std::string& out, const void* bytes, std::size_t size) {
  out.append(static_cast<const char*>(bytes), size);
}

void append_sized(std::string& out, std::string_view text) {
  const std::uint64_t size = text.size();
  append_bytes(out, &size, sizeof(size));
  out.append(text);
}

}  // namespace

run_overlaps::run_overlaps(std::span<const std::unique_ptr<log_block>> blocks) {
  if (blocks.size() < 2) return;
  each_overlap(place_runs(blocks),
               [this](const hash128& stream, const placed_run& earlier, const placed_run& later) {
                 const closed_span shared{later.min_ns, std::min(earlier.max_ns, later.max_ns)};
                 std::vector<closed_span>& spans = spans_[stream];
                 if (!spans.empty() && shared.min_ns <= spans.back().max_ns) {
                   spans.back().max_ns = std::max(spans.back().max_ns, shared.max_ns);
                 } else {
                   spans.push_back(shared);
                 }
               });
}

std::span<const closed_span> run_overlaps::of(const row_run& run) const {
  const auto at = spans_.find(run.stream->fingerprint);
  if (at == spans_.end()) return {};
  const std::vector<closed_span>& spans = at->second;
  const auto first = std::partition_point(spans.begin(), spans.end(), [&](const closed_span& span) {
    return span.max_ns < run.min_timestamp_ns;
  });
  const auto last = std::partition_point(first, spans.end(), [&](const closed_span& span) {
    return span.min_ns <= run.max_timestamp_ns;
  });
  return {first, last};
}

bool in_spans(std::span<const closed_span> spans, std::int64_t timestamp_ns) {
  const auto at = std::partition_point(spans.begin(), spans.end(), [&](const closed_span& span) {
    return span.max_ns < timestamp_ns;
  });
  return at != spans.end() && at->min_ns <= timestamp_ns;
}

bool entry_memory::first_time(const hash128& stream, std::int64_t timestamp_ns,
                              std::string_view line, std::span<const metadata_pair> metadata) {
  scratch_.clear();
  append_bytes(scratch_, &stream, sizeof(stream));
  append_bytes(scratch_, &timestamp_ns, sizeof(timestamp_ns));
  append_sized(scratch_, line);
  for (const metadata_pair& pair : metadata) {
    append_sized(scratch_, pair.name);
    append_sized(scratch_, pair.value);
  }
  return seen_.insert(xxh3_128(scratch_)).second;
}

std::vector<std::vector<std::size_t>> connected_blocks(
    std::span<const std::unique_ptr<log_block>> blocks) {
  std::vector<std::size_t> parents(blocks.size());
  std::iota(parents.begin(), parents.end(), std::size_t{0});
  each_overlap(place_runs(blocks),
               [&](const hash128&, const placed_run& earlier, const placed_run& later) {
                 parents[root_of(parents, later.block)] = root_of(parents, earlier.block);
               });
  std::vector<std::vector<std::size_t>> groups(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) groups[root_of(parents, i)].push_back(i);
  std::erase_if(groups, [](const std::vector<std::size_t>& group) { return group.empty(); });
  return groups;
}

}  // namespace skald::logql
