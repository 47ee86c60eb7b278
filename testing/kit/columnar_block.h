// SPDX-License-Identifier: Apache-2.0
// A log_block that answers fields, lines of some rows and text look-ups as a block with typed
// columns may, by parsing its lines with the query engine's own parsers. It is as unhelpful as the
// contract allows: some rows are unknown, candidates are too many, values repeat, and lines die as
// early as they may.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/model/log_block.h"
#include "testing/kit/memory_block.h"

namespace skald {

struct columnar_block_options {
  std::uint64_t seed = 1;
  // Percent of rows whose value of a label is not known, and of rows of which no value is.
  unsigned unknown_values = 5;
  unsigned unknown_rows = 5;
  // Percent of blocks without columns for a parser, and of look-ups that find nothing out.
  unsigned refusals = 10;
};

// How often what was asked.
struct columnar_block_reads {
  int all_lines = 0;
  std::uint64_t line_rows = 0;  // asked for by lines_of()
  int fields = 0;
  int texts = 0;
};

class columnar_block final : public log_block {
 public:
  explicit columnar_block(std::unique_ptr<memory_block> rows, columnar_block_options options = {});
  ~columnar_block() override;

  std::span<const row_run> runs() const override { return rows_->runs(); }
  std::uint64_t arrival_order() const override { return rows_->arrival_order(); }
  bool in_memory() const override { return rows_->in_memory(); }
  bool may_match(const skip_probe& probe) override { return rows_->may_match(probe); }
  result<std::span<const std::int64_t>> timestamps() override { return rows_->timestamps(); }
  result<line_column> lines() override;
  result<std::span<const std::uint32_t>> line_starts() override;
  result<line_column> lines_of(std::span<const std::uint32_t> rows) override;
  bool has_fields() const override { return true; }
  result<metadata_column> metadata() override { return rows_->metadata(); }
  text_flags flags() const override { return rows_->flags(); }
  result<const field_column*> field(line_format_kind format, std::string_view label) override;
  result<std::optional<std::vector<std::uint32_t>>> rows_with_text(std::string_view text,
                                                                   bool ignore_case) override;
  block_read_stats read_stats() const override { return rows_->read_stats(); }
  void release() override { rows_->release(); }

  const columnar_block_reads& reads() const { return reads_; }

 private:
  struct parsed_rows;
  struct owned_column;
  bool percent(unsigned share) { return random_() % 100 < share; }
  line_column keep(std::string bytes, std::vector<std::uint32_t> starts);
  const parsed_rows& parse(line_format_kind format);
  std::unique_ptr<owned_column> make_column(const parsed_rows& rows, std::string_view label);

  std::unique_ptr<memory_block> rows_;
  columnar_block_options options_;
  columnar_block_reads reads_;
  std::mt19937_64 random_;
  line_column stored_;
  std::string bytes_;  // of the last answer with lines
  std::vector<std::uint32_t> starts_;
  std::deque<std::pair<std::string, std::vector<std::uint32_t>>> dead_;  // answers before
  std::map<line_format_kind, std::unique_ptr<parsed_rows>> parsed_;
  std::map<std::pair<line_format_kind, std::string>, std::unique_ptr<owned_column>> columns_;
};

}  // namespace skald
