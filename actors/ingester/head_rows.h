// SPDX-License-Identifier: Apache-2.0
// Rows of one stream as tests write and read them. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/common/push_frame.h"
#include "actors/ingester/head_block.h"

namespace skald::head_rows {

struct row {
  std::int64_t timestamp_ns;
  std::string line;
  std::vector<std::pair<std::string, std::string>> metadata = {};
};
using rows = std::vector<row>;
using strings = std::vector<std::string>;

inline constexpr std::string_view labels = "{a=\"b\"}";

inline push_frame_ptr frame_of(const rows& all) {
  push_frame_builder builder("t");
  builder.begin_stream(fingerprint_of(labels), labels);
  for (const auto& one : all) {
    std::vector<metadata_pair> pairs;
    for (const auto& [name, value] : one.metadata) pairs.push_back({name, value});
    builder.add(one.timestamp_ns, one.line, pairs);
  }
  return builder.finish();
}

// "timestamp:line{name=value}" of all rows in time order.
inline strings rows_of(const head_snapshot_ptr& taken) {
  strings out;
  if (taken->rows == 0) return out;
  head_block block(taken);
  const auto times = *block.timestamps();
  const auto lines = *block.lines();
  const auto metadata = *block.metadata();
  EXPECT_EQ(block.runs()[0].min_timestamp_ns, times.front());
  EXPECT_EQ(block.runs()[0].max_timestamp_ns, times.back());
  std::uint64_t line_bytes = 0;
  for (std::size_t i = 0; i < times.size(); ++i) {
    auto text = std::to_string(times[i]) + ":" + std::string(lines.line(i));
    line_bytes += lines.line(i).size();
    for (const auto& pair : metadata.row(i)) {
      text += "{" + std::string(pair.name) + "=" + std::string(pair.value) + "}";
    }
    out.push_back(text);
  }
  EXPECT_EQ(taken->line_bytes(), line_bytes);
  return out;
}

}  // namespace skald::head_rows
