// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/block_reader.h"

#include <algorithm>

namespace skald::logql {

void block_reader::open(log_block& block) {
  block_ = &block;
  timestamps_.reset();
  line_starts_.reset();
  metadata_.reset();
  lines_ = {};
  has_all_lines_ = false;
  line_rows_.clear();
}

result<std::span<const std::int64_t>> block_reader::timestamps() {
  if (!timestamps_) {
    SKALD_TRY_ASSIGN(const std::span<const std::int64_t> column, block_->timestamps());
    timestamps_ = column;
  }
  return *timestamps_;
}

result<std::span<const std::uint32_t>> block_reader::line_starts() {
  if (has_all_lines_) return lines_.starts;
  if (!line_starts_) {
    SKALD_TRY_ASSIGN(const std::span<const std::uint32_t> column, block_->line_starts());
    line_starts_ = column;
  }
  return *line_starts_;
}

result<metadata_column> block_reader::metadata() {
  if (!metadata_) {
    SKALD_TRY_ASSIGN(const metadata_column column, block_->metadata());
    metadata_ = column;
  }
  return *metadata_;
}

result<void> block_reader::need_all_lines() {
  if (has_all_lines_) return {};
  line_rows_.clear();
  SKALD_TRY_ASSIGN(lines_, block_->lines());
  has_all_lines_ = true;
  return {};
}

result<void> block_reader::need_lines(std::span<const std::uint32_t> rows) {
  if (has_all_lines_ || rows.empty()) return {};
  SKALD_TRY_ASSIGN(const std::span<const std::int64_t> all, timestamps());
  if (!block_->has_fields() || 4 * rows.size() >= 3 * all.size()) return need_all_lines();
  if (std::includes(line_rows_.begin(), line_rows_.end(), rows.begin(), rows.end())) return {};
  line_rows_.clear();
  SKALD_TRY_ASSIGN(lines_, block_->lines_of(rows));
  line_rows_.assign(rows.begin(), rows.end());
  return {};
}

}  // namespace skald::logql
