// SPDX-License-Identifier: Apache-2.0
// A segment of a pack as the query engine sees it: the selected runs, and columns that are fetched
// and inflated when asked for, or found in the cache. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/model/log_block.h"
#include "storage/chunk/minute_rows.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/segment_content.h"

namespace skald {

class segment_block final : public log_block {
 public:
  // `filter_pays`: whether the filter may be fetched for this block alone when it is not in memory
  // yet.
  segment_block(std::shared_ptr<const pack_reader> pack, std::uint32_t segment,
                std::vector<row_run> runs, bool filter_pays);
  ~segment_block() override;

  std::span<const row_run> runs() const override { return runs_; }
  std::uint64_t arrival_order() const override { return pack_->flush_sequence(); }
  bool in_memory() const override { return false; }
  bool may_match(const skip_probe& probe) override;
  result<std::span<const std::int64_t>> timestamps() override { return content().timestamps(); }
  result<line_column> lines() override { return content().lines(); }
  result<std::span<const std::uint32_t>> line_starts() override { return content().line_starts(); }
  result<line_column> lines_of(std::span<const std::uint32_t> rows) override {
    return content().lines_of(rows);
  }
  bool has_fields() const override { return entry_.structured.present(); }
  result<metadata_column> metadata() override {
    if (entry_.metadata.bytes == 0) return metadata_column{};
    return content().metadata();
  }
  text_flags flags() const override { return entry_.text(); }
  minute_counts minutes_of(const row_run& run) override;
  result<const field_column*> field(line_format_kind format, std::string_view label) override {
    return content().field(format, label);
  }
  result<std::optional<std::vector<std::uint32_t>>> rows_with_text(std::string_view text,
                                                                   bool ignore_case) override {
    return content().rows_with_text(text, ignore_case);
  }
  block_read_stats read_stats() const override { return stats_; }
  void release() override;

 private:
  // Taken from the cache, or empty, until release().
  segment_content& content();

  const std::shared_ptr<const pack_reader> pack_;
  const segment_entry& entry_;  // lives in *pack_
  const std::uint32_t segment_;
  const bool filter_pays_;
  const std::vector<row_run> runs_;
  std::unique_ptr<segment_content> content_;
  segment_minutes_ptr minutes_;
  block_read_stats stats_;
};

}  // namespace skald
