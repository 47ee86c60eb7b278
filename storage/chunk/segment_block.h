// SPDX-License-Identifier: Apache-2.0
// A segment of a pack as the query engine sees it: the selected runs, and columns that are fetched
// and inflated when asked for. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/model/log_block.h"
#include "storage/chunk/byte_buffer.h"
#include "storage/chunk/chunk_directory.h"
#include "storage/chunk/metadata_codec.h"
#include "storage/chunk/minute_rows.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/structured/structured_lines.h"

namespace skald {

class segment_block final : public log_block, private section_source {
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
  result<std::span<const std::int64_t>> timestamps() override;
  result<line_column> lines() override;
  result<std::span<const std::uint32_t>> line_starts() override;
  result<line_column> lines_of(std::span<const std::uint32_t> rows) override;
  bool has_fields() const override { return entry_.structured.present(); }
  result<metadata_column> metadata() override;
  text_flags flags() const override { return entry_.text(); }
  minute_counts minutes_of(const row_run& run) override;
  result<const field_column*> field(line_format_kind format, std::string_view label) override;
  result<std::optional<std::vector<std::uint32_t>>> rows_with_text(std::string_view text,
                                                                   bool ignore_case) override;
  block_read_stats read_stats() const override { return stats_; }
  void release() override;

 private:
  result<std::string_view> stored(const section_place& place) override;
  result<std::span<const std::int64_t>> entry_times() override;
  void count_inflated(std::uint64_t bytes) override { stats_.inflated_bytes += bytes; }

  // Reads a stretch of the pack of which the sections will all be wanted.
  result<void> prefetch(std::uint64_t from, std::uint64_t to);
  result<std::string_view> payload(section_type type, const section_place& place,
                                   byte_buffer& memory);
  result<void> read_starts();
  result<void> read_plain_lines();
  result<void> find_starts(std::string_view lines);
  result<void> render_lines();
  result<structured_lines*> open_structured(bool whole);
  template <class T>
  result<T> named(result<T> got) const;
  std::span<const std::uint32_t> starts() {
    return start_memory_.as<const std::uint32_t>(entry_.rows + 1);
  }

  const std::shared_ptr<const pack_reader> pack_;
  const segment_entry& entry_;  // lives in *pack_
  const std::uint32_t segment_;
  const bool filter_pays_;
  const std::vector<row_run> runs_;

  std::map<std::uint64_t, byte_buffer> fetched_;  // by offset in the pack
  std::optional<byte_buffer> timestamps_;
  segment_minutes_ptr minutes_;
  bool minutes_asked_ = false;
  byte_buffer line_memory_;
  byte_buffer start_memory_;
  bool has_starts_ = false;
  std::optional<std::string_view> line_bytes_;
  byte_buffer some_line_memory_;
  byte_buffer some_start_memory_;
  std::unique_ptr<structured_lines> structured_;
  byte_buffer metadata_memory_;
  std::optional<decoded_metadata> metadata_;
  block_read_stats stats_;
};

}  // namespace skald
