// SPDX-License-Identifier: Apache-2.0
// A buffer snapshot as the query engine and the pack writer read it: sorted by time (stable), line
// offsets from 0, metadata as pairs. Sorting and decoding happen at the first read of a column.
// Context: one thread at a time per object; any number of objects may share a snapshot.
#pragma once

#include <memory>
#include <vector>

#include "actors/ingester/head_snapshot.h"
#include "runtime/model/log_block.h"

namespace skald {

// Columns of a snapshot in time order. Views point into the snapshot where it is sorted already and
// into own memory elsewhere. Not movable: views would dangle.
class sorted_columns {
 public:
  explicit sorted_columns(head_snapshot_ptr snapshot);
  sorted_columns(const sorted_columns&) = delete;
  sorted_columns& operator=(const sorted_columns&) = delete;

  std::span<const std::int64_t> timestamps() const { return timestamps_; }
  line_column lines() const { return lines_; }
  metadata_column metadata() const { return metadata_; }

 private:
  void take_sorted();
  void gather_slices();
  void gather_metadata();
  void sort_rows();
  void decode_metadata(const std::vector<std::uint32_t>& order);

  head_snapshot_ptr snapshot_;
  std::vector<std::int64_t> own_timestamps_;
  std::vector<char> own_lines_;
  std::vector<std::uint32_t> line_starts_;
  std::vector<std::uint32_t> metadata_starts_;
  std::vector<metadata_pair> pairs_;  // views into the snapshot
  std::span<const std::int64_t> timestamps_;
  line_column lines_;
  metadata_column metadata_;
};

class head_block final : public log_block {
 public:
  // `snapshot` must have rows.
  explicit head_block(head_snapshot_ptr snapshot);

  std::span<const row_run> runs() const override { return {&run_, 1}; }
  std::uint64_t arrival_order() const override { return snapshot_->first_sequence; }
  bool in_memory() const override { return true; }
  bool may_match(const skip_probe&) override { return true; }
  result<std::span<const std::int64_t>> timestamps() override;
  result<line_column> lines() override;
  result<metadata_column> metadata() override;
  text_flags flags() const override { return flags_; }
  block_read_stats read_stats() const override { return {}; }
  void release() override { columns_.reset(); }

 private:
  const sorted_columns& columns();

  head_snapshot_ptr snapshot_;
  row_run run_;
  std::unique_ptr<sorted_columns> columns_;
  text_flags flags_;
  bool flags_known_ = false;
};

}  // namespace skald
