// SPDX-License-Identifier: Apache-2.0
// What has been read of one segment of a pack so far: fetched bytes and decoded columns, as a
// segment_block gives them to a query. Between queries a segment_cache may keep it. One thread at a
// time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/model/log_block.h"
#include "storage/chunk/byte_buffer.h"
#include "storage/chunk/chunk_directory.h"
#include "storage/chunk/metadata_codec.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/structured/structured_lines.h"

namespace skald {

class segment_content final : private section_source {
 public:
  segment_content() = default;
  ~segment_content() override;
  segment_content(const segment_content&) = delete;
  segment_content& operator=(const segment_content&) = delete;

  // Must come before all reads. Both live until detach(); a content stays with one segment of one
  // pack, through whichever reader.
  void attach(const pack_reader& pack, std::uint32_t segment, block_read_stats& stats);
  // Ends the use by one block. Frees what costs more memory than time, the lines put together; of
  // the columns read from now on whole ones are kept, since the segment seems to be in demand.
  void detach();
  // What it holds, about.
  std::size_t memory_bytes() const;
  // What the store was asked for to make it, in all, and of this by the block that has it now.
  std::uint64_t stored_bytes() const { return stored_bytes_; }
  std::uint64_t new_stored_bytes() const { return stored_bytes_ - attached_stored_bytes_; }
  // Whether some read ended with an error: what is here may be incomplete.
  bool failed() const { return failed_; }

  // As the members of log_block with these names; spans live until detach().
  result<std::span<const std::int64_t>> timestamps();
  result<line_column> lines();
  result<std::span<const std::uint32_t>> line_starts();
  result<line_column> lines_of(std::span<const std::uint32_t> rows);
  result<metadata_column> metadata();
  // To be kept with the pack as soon as timestamps are read.
  void want_minutes();
  result<const field_column*> field(line_format_kind format, std::string_view label);
  result<std::optional<std::vector<std::uint32_t>>> rows_with_text(std::string_view text,
                                                                   bool ignore_case);

 private:
  result<std::string_view> stored(const section_place& place) override;
  result<std::span<const std::int64_t>> entry_times() override;
  void count_inflated(std::uint64_t bytes) override { stats_->inflated_bytes += bytes; }

  bool has_fields() const { return entry_->structured.present(); }
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
  result<T> named(result<T> got);
  std::span<const std::uint32_t> starts() {
    return start_memory_.as<const std::uint32_t>(entry_->rows + 1);
  }

  // Set while attached.
  const pack_reader* pack_ = nullptr;
  const segment_entry* entry_ = nullptr;
  std::uint32_t segment_ = 0;
  block_read_stats* stats_ = nullptr;
  bool failed_ = false;
  std::uint64_t stored_bytes_ = 0;
  std::uint64_t attached_stored_bytes_ = 0;  // of these, read before attach()

  std::map<std::uint64_t, byte_buffer> fetched_;  // by offset in the pack
  std::optional<byte_buffer> timestamps_;
  bool gave_times_ = false;     // since attach()
  bool times_counted_ = false;  // in stored_bytes_
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
};

}  // namespace skald
