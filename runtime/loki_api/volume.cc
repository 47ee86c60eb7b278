// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/volume.h"

#include <algorithm>
#include <map>

namespace skald {
namespace {

constexpr std::uint64_t kibibyte = 1024;
constexpr std::int64_t ns_per_ms = 1'000'000;

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The groups that a stream counts in.
std::vector<label_set> groups_of(const label_set& labels, const volume_grouping& grouping) {
  for (const std::string& name : grouping.required) {
    if (labels.get(name).empty()) return {};
  }
  std::vector<label_set> groups;
  label_set kept;
  for (const label& one : labels) {
    if (!grouping.labels.empty() && !contains(grouping.labels, one.name)) continue;
    if (grouping.by_name) {
      groups.push_back(label_set(std::vector<label>{{one.name, ""}}));
    } else {
      kept.set(one.name, one.value);
    }
  }
  if (!grouping.by_name) groups.push_back(std::move(kept));
  return groups;
}

std::uint64_t bytes_inside(std::span<const chunk_summary> chunks, const time_range& range) {
  std::uint64_t bytes = 0;
  for (const chunk_summary& chunk : chunks) {
    if (range.overlaps(chunk.min_timestamp_ns, chunk.max_timestamp_ns)) {
      bytes += inside(chunk, range).bytes;
    }
  }
  return bytes;
}

std::vector<time_range> windows_of(const time_range& range, std::int64_t step_ns) {
  std::vector<time_range> windows;
  for (std::int64_t start = range.start_ns; start < range.end_ns;) {
    const std::int64_t rest = start % step_ns;
    const std::int64_t to_boundary = rest < 0 ? -rest : step_ns - rest;
    std::int64_t end = 0;
    if (__builtin_add_overflow(start, to_boundary, &end)) end = range.end_ns;
    end = std::min(end, range.end_ns);
    windows.push_back({start, end});
    start = end;
  }
  return windows;
}

}  // namespace

chunk_summary inside(const chunk_summary& chunk, const time_range& range) {
  chunk_summary out = chunk;
  out.bytes = (chunk.bytes + kibibyte / 2) / kibibyte * kibibyte;
  if (range.covers(chunk.min_timestamp_ns, chunk.max_timestamp_ns)) return out;
  const auto low = static_cast<double>(chunk.min_timestamp_ns);
  const auto high = static_cast<double>(chunk.max_timestamp_ns);
  if (high <= low) return out;
  const double from = std::max(low, static_cast<double>(range.start_ns));
  const double to = std::min(high, static_cast<double>(range.end_ns));
  const double share = std::clamp((to - from) / (high - low), 0.0, 1.0);
  out.entries = static_cast<std::uint64_t>(static_cast<double>(out.entries) * share);
  out.bytes = static_cast<std::uint64_t>(static_cast<double>(out.bytes) * share);
  return out;
}

std::vector<volume_sample> group_volume(std::span<const stream_volume> streams,
                                        const volume_grouping& grouping, const time_range& range,
                                        std::size_t limit) {
  std::map<label_set, std::uint64_t> groups;
  for (const stream_volume& stream : streams) {
    const std::uint64_t bytes = bytes_inside(stream.chunks, range);
    for (label_set& group : groups_of(*stream.labels, grouping)) groups[std::move(group)] += bytes;
  }
  std::vector<volume_sample> samples;
  samples.reserve(groups.size());
  for (const auto& [labels, bytes] : groups) samples.push_back({labels, bytes});
  sort_volumes(samples);
  if (samples.size() > limit) samples.resize(limit);
  return samples;
}

std::vector<volume_series> group_volume_range(std::span<const stream_volume> streams,
                                              const volume_grouping& grouping,
                                              const time_range& range, std::int64_t step_ns,
                                              std::size_t limit) {
  const std::vector<time_range> windows = windows_of(range, step_ns);
  // The series that are shown are those with the largest volume of all time.
  std::vector<volume_sample> totals = group_volume(streams, grouping, range, limit);
  std::map<label_set, std::size_t> rank;
  std::vector<volume_series> series(totals.size());
  for (std::size_t i = 0; i < totals.size(); ++i) {
    rank.emplace(totals[i].labels, i);
    series[i].labels = std::move(totals[i].labels);
  }
  std::vector<std::vector<std::uint64_t>> bytes(series.size(),
                                                std::vector<std::uint64_t>(windows.size()));
  for (const stream_volume& stream : streams) {
    std::vector<std::size_t> ranks;
    for (const label_set& group : groups_of(*stream.labels, grouping)) {
      if (const auto at = rank.find(group); at != rank.end()) ranks.push_back(at->second);
    }
    for (std::size_t w = 0; w < windows.size() && !ranks.empty(); ++w) {
      const std::uint64_t share = bytes_inside(stream.chunks, windows[w]);
      for (const std::size_t r : ranks) bytes[r][w] += share;
    }
  }
  for (std::size_t r = 0; r < series.size(); ++r) {
    for (std::size_t w = 0; w < windows.size(); ++w) {
      if (bytes[r][w] == 0) continue;
      const bool last = windows[w].end_ns == range.end_ns;
      series[r].points.emplace_back(windows[w].end_ns / ns_per_ms - (last ? 0 : 1), bytes[r][w]);
    }
  }
  std::erase_if(series, [](const volume_series& one) { return one.points.empty(); });
  return series;
}

}  // namespace skald
