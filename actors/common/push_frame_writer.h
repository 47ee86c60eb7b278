// SPDX-License-Identifier: Apache-2.0
// Collects views of entries and writes them as one push frame: every byte is copied once, into
// memory of the final size. Cost: some 15 ns an entry plus the copy. One thread; reusable after
// finish(), which keeps its scratch memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/common/push_frame.h"

namespace skald {

class push_frame_writer {
 public:
  explicit push_frame_writer(std::string tenant) : tenant_(std::move(tenant)) {}

  // The entries added next belong to this stream. A stream may be begun more than once in a frame.
  // The labels are read by finish().
  void begin_stream(const stream_fingerprint& fingerprint, std::string_view canonical_labels);
  // Adds one entry to the stream begun last. The bytes of line, names and values are read by
  // finish(); the array `metadata` itself is copied.
  void add(std::int64_t timestamp_ns, std::string_view line,
           std::span<const metadata_pair> metadata = {});

  bool empty() const { return rows_.empty(); }
  std::size_t rows() const { return rows_.size(); }
  // Bytes of lines collected so far, newlines included.
  std::size_t line_bytes() const { return line_bytes_; }

  // The frame of all entries since the last finish(). Streams without entries are left out.
  push_frame_ptr finish();

 private:
  struct row {
    std::int64_t timestamp_ns;
    const char* line;
    std::uint32_t line_bytes;  // without newline
    std::uint32_t pair_count;
  };
  struct open_slice {
    stream_fingerprint fingerprint;
    std::string_view labels;
    std::size_t first_row, first_pair;
    std::size_t line_bytes, text_bytes;  // newlines included; names and values
  };
  struct cursor;
  void drop_empty_slice();
  std::size_t head_words() const;
  std::size_t message_words() const;
  void write_rows(const open_slice& from, cursor& at) const;
  void write_metadata(const open_slice& from, cursor& at) const;
  void write_slices(push_frame& frame, void* list) const;

  std::string tenant_;
  std::vector<open_slice> slices_;
  std::vector<row> rows_;
  std::vector<metadata_pair> pairs_;
  std::size_t line_bytes_ = 0;
};

}  // namespace skald
