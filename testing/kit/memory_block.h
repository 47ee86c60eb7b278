// SPDX-License-Identifier: Apache-2.0
// A log_block made of vectors, for tests of the query engine. It counts which columns were read,
// and can answer skip probes from its rows, so that a test sees both what the engine reads and what
// it asks.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/model/log_block.h"

namespace skald {

struct memory_entry {
  std::int64_t timestamp_ns = 0;
  std::string line;
  std::vector<label> metadata;
  friend bool operator==(const memory_entry&, const memory_entry&) = default;
};

struct memory_stream {
  stream_ptr stream;
  std::vector<memory_entry> entries;  // in order of arrival
};

struct memory_block_options {
  std::uint64_t arrival_order = 0;
  bool in_memory = true;
  // Answer may_match() from the rows; else every probe gives true.
  bool filters = false;
};

struct memory_block_reads {
  int timestamps = 0;
  int lines = 0;
  int metadata = 0;
  int probes = 0;
};

class memory_block final : public log_block {
 public:
  // Sorts each stream's entries by time, equal times in order of arrival, and drops repeated
  // entries, as storage does.
  explicit memory_block(std::vector<memory_stream> streams, memory_block_options options = {});

  std::span<const row_run> runs() const override { return runs_; }
  std::uint64_t arrival_order() const override { return options_.arrival_order; }
  bool in_memory() const override { return options_.in_memory; }
  bool may_match(const skip_probe& probe) override;
  result<std::span<const std::int64_t>> timestamps() override;
  result<line_column> lines() override;
  result<metadata_column> metadata() override;
  text_flags flags() const override { return flags_; }
  block_read_stats read_stats() const override;
  void release() override { ++releases_; }

  const memory_block_reads& reads() const { return reads_; }
  int releases() const { return releases_; }

 private:
  void append(const memory_stream& stream);

  memory_block_options options_;
  memory_block_reads reads_;
  int releases_ = 0;
  text_flags flags_;
  std::vector<row_run> runs_;
  std::vector<std::int64_t> timestamps_;
  std::string text_;
  std::vector<std::uint32_t> line_starts_;
  std::vector<std::unique_ptr<label>> metadata_text_;  // what the pairs point to
  std::vector<metadata_pair> pairs_;
  std::vector<std::uint32_t> pair_starts_;
};

// The stream with these labels, e.g. `{app="x", env="prod"}`. Aborts on bad text.
stream_ptr stream_of(std::string_view labels);

}  // namespace skald
