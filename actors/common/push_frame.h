// SPDX-License-Identifier: Apache-2.0
// The columnar push frame (schemas/push.capnp): built once by the distributor
// (push_frame_writer.h), then shared read-only by shards, streams and the write-ahead log. Reading
// is in place: all views point into the frame's own bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/labels.h"
#include "runtime/model/log_block.h"

namespace skald {

// The entries of one stream in a frame, in order of arrival. Views live as long as the frame.
struct stream_slice {
  stream_fingerprint fingerprint;
  std::string_view canonical_labels;
  std::span<const std::int64_t> timestamps;
  line_column lines;
  metadata_column metadata;
  // What admission and commit ask of each slice, so that they need not look at its columns, which
  // are in other cache lines.
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;
  std::uint32_t metadata_bytes = 0;  // names and values
  bool rises = true;                 // each timestamp is later than the one before

  std::size_t rows() const { return timestamps.size(); }
  // Sum of line lengths without newlines.
  std::uint64_t line_bytes() const { return lines.bytes.size() - timestamps.size(); }
  // Sets what is told of the timestamps.
  void sum_up_timestamps();
};

// Immutable; safe for concurrent use. Always handled as shared_ptr<const push_frame>.
class push_frame {
 public:
  // Takes a copy of one Cap'n Proto segment as written by push_frame_builder. Every count and
  // offset is checked. Errors: corrupt.
  static result<std::shared_ptr<const push_frame>> parse(std::string_view bytes);
  // The same without a copy: `owner` keeps `bytes`, which are 8-byte aligned and never change. The
  // frame holds it.
  static result<std::shared_ptr<const push_frame>> parse_in_place(
      std::string_view bytes, std::shared_ptr<const void> owner);

  std::string_view tenant() const { return tenant_; }
  std::span<const stream_slice> slices() const { return slices_; }
  // What goes into the WAL and onto the wire: a multiple of 8 bytes.
  std::string_view bytes() const {
    return {reinterpret_cast<const char*>(words_), word_count_ * 8};
  }
  std::uint64_t rows() const { return rows_; }
  std::uint64_t line_bytes() const { return line_bytes_; }

 private:
  friend class push_frame_writer;
  push_frame() = default;
  result<void> index();

  std::unique_ptr<std::uint64_t[]> own_words_;  // or
  std::shared_ptr<const void> owner_;           // keeps
  const std::uint64_t* words_ = nullptr;
  std::size_t word_count_ = 0;
  std::string_view tenant_;
  std::vector<stream_slice> slices_;
  std::vector<metadata_pair> pairs_;  // of all slices
  std::uint64_t rows_ = 0;
  std::uint64_t line_bytes_ = 0;
};

using push_frame_ptr = std::shared_ptr<const push_frame>;
class push_frame_writer;

// push_frame_writer for callers whose bytes do not stay: copies all that it is given. One thread;
// reusable after finish().
class push_frame_builder {
 public:
  explicit push_frame_builder(std::string tenant);
  ~push_frame_builder();
  push_frame_builder(push_frame_builder&&) noexcept;

  // The entries added next belong to this stream. A stream may be begun more than once in a frame.
  void begin_stream(const stream_fingerprint& fingerprint, std::string_view canonical_labels);
  // Adds one entry to the stream begun last.
  void add(std::int64_t timestamp_ns, std::string_view line,
           std::span<const metadata_pair> metadata = {});

  bool empty() const { return rows() == 0; }
  std::size_t rows() const;

  // The frame of all entries since the last finish(). Streams without entries are left out.
  push_frame_ptr finish();

 private:
  std::string_view keep(std::string_view text);
  std::unique_ptr<push_frame_writer> writer_;
  std::deque<std::string> texts_;  // addresses stay
  std::vector<metadata_pair> pairs_;
};

}  // namespace skald
