// SPDX-License-Identifier: Apache-2.0
// A segment of a pack as the query engine sees it: the selected runs, and columns that are fetched
// and inflated when asked for. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/model/log_block.h"
#include "storage/chunk/byte_buffer.h"
#include "storage/chunk/chunk_directory.h"
#include "storage/chunk/metadata_codec.h"
#include "storage/chunk/pack_reader.h"

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
  result<std::span<const std::int64_t>> timestamps() override;
  result<line_column> lines() override;
  result<metadata_column> metadata() override;
  text_flags flags() const override { return entry_.text(); }
  block_read_stats read_stats() const override { return stats_; }
  void release() override;

 private:
  // The payload of one section, fetched now. `memory` holds it.
  result<std::string_view> load(section_type type, const section_place& place, byte_buffer& memory);
  result<std::string_view> open_section(section_type type, std::string_view stored,
                                        byte_buffer& stored_memory, byte_buffer& memory);
  result<void> fetch(const section_place& place, byte_buffer& memory);
  result<void> load_lines();
  result<void> decode_starts(std::string_view lengths);
  result<void> find_starts();
  error in_this_segment(const error& why) const;

  const std::shared_ptr<const pack_reader> pack_;
  const segment_entry& entry_;  // lives in *pack_
  const std::uint32_t segment_;
  const bool filter_pays_;
  const std::vector<row_run> runs_;

  std::optional<byte_buffer> timestamps_;
  byte_buffer line_memory_;
  byte_buffer start_memory_;
  std::string_view line_bytes_;
  bool lines_loaded_ = false;
  byte_buffer metadata_memory_;
  std::optional<decoded_metadata> metadata_;
  block_read_stats stats_;
};

}  // namespace skald
