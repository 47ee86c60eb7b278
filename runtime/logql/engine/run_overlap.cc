// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/run_overlap.h"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace skald::logql {
namespace {

struct placed_run {
  hash128 stream;
  std::int64_t min_ns = 0;
  std::int64_t max_ns = 0;
  std::size_t block = 0;
};

// All runs by stream, then by start.
std::vector<placed_run> place_runs(std::span<const std::unique_ptr<log_block>> blocks) {
  std::vector<placed_run> placed;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    for (const row_run& run : blocks[i]->runs()) {
      placed.push_back({run.stream->fingerprint, run.min_timestamp_ns, run.max_timestamp_ns, i});
    }
  }
  std::sort(placed.begin(), placed.end(), [](const placed_run& a, const placed_run& b) {
    if (a.stream != b.stream) return a.stream < b.stream;
    return a.min_ns != b.min_ns ? a.min_ns < b.min_ns : a.block < b.block;
  });
  return placed;
}

// Calls visit(earlier, later) for each run that starts before an earlier run of its stream has
// ended. `earlier` is the one that ends last, so a chain of calls links all runs that overlap.
template <class Visit>
void each_overlap(const std::vector<placed_run>& placed, Visit visit) {
  const placed_run* longest = nullptr;
  for (const placed_run& run : placed) {
    if (longest == nullptr || longest->stream != run.stream) {
      longest = &run;
      continue;
    }
    if (run.min_ns <= longest->max_ns) visit(*longest, run);
    if (run.max_ns > longest->max_ns) longest = &run;
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
  each_overlap(place_runs(blocks), [this](const placed_run& earlier, const placed_run& later) {
    const closed_span shared{later.min_ns, std::min(earlier.max_ns, later.max_ns)};
    std::vector<closed_span>& spans = spans_[later.stream];
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
  each_overlap(place_runs(blocks), [&](const placed_run& earlier, const placed_run& later) {
    parents[root_of(parents, later.block)] = root_of(parents, earlier.block);
  });
  std::vector<std::vector<std::size_t>> groups(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) groups[root_of(parents, i)].push_back(i);
  std::erase_if(groups, [](const std::vector<std::size_t>& group) { return group.empty(); });
  return groups;
}

}  // namespace skald::logql
