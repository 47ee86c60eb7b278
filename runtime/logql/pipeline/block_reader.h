// SPDX-License-Identifier: Apache-2.0
// The columns of the block at hand, as far as they were read. Knows which rows' lines are there, so
// that several users of one block do not read them again and never hold a view that has died.
// Belongs to one runner.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

class block_reader {
 public:
  // Forgets what was read of the block before.
  void open(log_block& block);
  log_block& block() const { return *block_; }

  // Errors of all: those of the block's columns.
  result<std::span<const std::int64_t>> timestamps();
  result<std::span<const std::uint32_t>> line_starts();
  result<metadata_column> metadata();

  // Reads lines. Those of rows that were asked for before may be gone, unless all were read.
  result<void> need_all_lines();
  // `rows` ascending. Reads all lines where these are most of them.
  result<void> need_lines(std::span<const std::uint32_t> rows);
  bool has_all_lines() const { return has_all_lines_; }
  // Valid after need_all_lines().
  const line_column& lines() const { return lines_; }
  // Of a row that was asked for last; valid until the next need.
  std::string_view line(std::uint32_t row) const { return lines_.line(row); }

 private:
  log_block* block_ = nullptr;
  std::optional<std::span<const std::int64_t>> timestamps_;
  std::optional<std::span<const std::uint32_t>> line_starts_;
  std::optional<metadata_column> metadata_;
  line_column lines_;
  bool has_all_lines_ = false;
  std::vector<std::uint32_t> line_rows_;  // whose lines are there, when not all are
};

}  // namespace skald::logql
