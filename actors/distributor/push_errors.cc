// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/push_errors.h"

#include <cstdio>
#include <ctime>

namespace skald {

void add_reason(std::vector<reason_count>& counts, std::string_view reason, std::uint64_t lines,
                std::uint64_t bytes) {
  for (reason_count& count : counts) {
    if (count.reason != reason) continue;
    count.lines += lines;
    count.bytes += bytes;
    return;
  }
  counts.push_back({reason, lines, bytes});
}

void push_errors::add(std::string text) {
  for (group& g : groups_) {
    if (g.text != text) continue;
    ++g.count;
    return;
  }
  if (wants_text()) {
    groups_.push_back({std::move(text), 1});
  } else {
    ++untold_;
  }
}

std::string push_errors::text() const {
  if (groups_.size() == 1 && untold_ == 0) return groups_[0].text;
  std::string out;
  for (const group& g : groups_) {
    if (!out.empty()) out += "; ";
    out += std::to_string(g.count) + " errors like: " + g.text;
  }
  if (untold_ > 0) out += "; " + std::to_string(untold_) + " further errors";
  return out;
}

std::string format_second(std::int64_t timestamp_ns) {
  std::int64_t seconds = timestamp_ns / 1'000'000'000;
  if (timestamp_ns % 1'000'000'000 < 0) --seconds;
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  char buffer[32];
  std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return buffer;
}

}  // namespace skald
