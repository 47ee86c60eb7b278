// SPDX-License-Identifier: Apache-2.0
// Makes one pack (docs/formats/pack.md) of the rows of many streams. Context: one thread at a time;
// reuse one writer per flush thread, since it keeps its compression context and scratch memory
// (about 4 MiB). Pure: neither clock nor disk.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/chunk_ref.h"
#include "runtime/model/log_block.h"
#include "storage/chunk/pack_info.h"

namespace skald {

enum class column_use : std::uint8_t {
  never,
  where_smaller,
  always,  // also where it takes more bytes, for tests
};

struct pack_writer_options {
  // Raw bytes (lines with a newline each) that a segment aims at; segments get half to one and a
  // half of it. Larger compresses better and makes narrow reads dearer. 64 KiB to 4 MiB.
  std::uint32_t segment_bytes_target = 1U << 20;
  // zstd level of the lines, 1 to 19. Higher levels gain a tenth for several times the processor
  // time.
  int zstd_level = 1;
  // Share of bits set in a skip filter, 0.3 to 0.7. Lower is larger and more exact.
  double filter_fill = 0.5;
  // Whether to write skip filters at all.
  bool filters = true;
  // Whether JSON and logfmt lines are stored as columns.
  column_use columns = column_use::where_smaller;

  // All problems at once, for people; empty when there are none.
  std::vector<std::string> validate() const;
};

// What a caller knows of an input whose columns it has checked: the writer then looks at the rows
// only when their turn comes, which for small inputs all over memory is worth much.
struct input_facts {
  std::int64_t first_timestamp_ns = 0;
  std::int64_t last_timestamp_ns = 0;
  std::uint64_t metadata_bytes = 0;  // names and values
};

// Rows of one stream, sorted by time; rows with equal timestamps in order of arrival. Several
// inputs may be of one stream: their rows are merged by time, rows of an earlier input first. All
// views must stay valid during write().
struct pack_input {
  stream_ptr stream;
  std::span<const std::int64_t> timestamps;  // nanoseconds, rising, one per line
  line_column lines;                         // each line followed by '\n'
  metadata_column metadata;                  // empty, or one row per line
  std::optional<input_facts> facts = {};
};

struct written_pack {
  std::vector<std::string> parts;  // the pack's bytes are these, one behind the other
  std::uint64_t bytes = 0;         // sum of the parts' sizes
  std::vector<chunk_ref> chunks;   // in the order of the pack's directory; pack_key is left empty
  pack_info info;
  std::uint64_t filter_bytes = 0;  // share of the skip filters in `bytes`

  // For object_store::put.
  std::vector<std::string_view> views() const { return {parts.begin(), parts.end()}; }
};

class pack_writer {
 public:
  explicit pack_writer(pack_writer_options options = {});
  ~pack_writer();
  pack_writer(const pack_writer&) = delete;
  pack_writer& operator=(const pack_writer&) = delete;

  // Inputs without rows are left out. Errors: invalid_argument when there is no row at all, when an
  // input is malformed (unsorted, columns of different lengths, no stream), when one line is over
  // line_bytes_max, or when the labels of all streams do not fit into a section. Which segments get
  // columns also depends on what this writer wrote before: it remembers, by app, whether they paid.
  // Cost: about 2 CPU s per raw GB. Memory: about one segment and the result.
  result<written_pack> write(const pack_identity& identity, std::vector<pack_input> inputs);

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace skald
