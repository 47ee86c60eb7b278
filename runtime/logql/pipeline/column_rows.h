// SPDX-License-Identifier: Apache-2.0
// A column_plan at work on one block: which rows cannot reach the result, which are known without
// their line, and the samples and labels of the latter. Each distinct value of a column is tested
// and converted once per block. Belongs to one runner.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/pipeline/block_reader.h"
#include "runtime/logql/pipeline/column_plan.h"
#include "runtime/logql/scan/row_selection.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

// Bits: joining conditions joins their bits.
enum class row_verdict : std::uint8_t {
  known = 0,    // all conditions hold; nothing is to be learned from the line
  unknown = 1,  // the line decides
  refused = 2,  // cannot reach the result
};

// Rows of one run whose labels and samples come from columns.
struct known_rows {
  // Where a label's value comes from. Row r has values[codes[r] - field_column::first_value], or
  // not the label when that code is `absent`; without codes all rows have `fixed`, if any.
  struct source {
    std::span<const std::uint32_t> codes;
    std::span<const std::string_view> values;
    std::optional<std::string_view> fixed;
  };

  const row_run* run = nullptr;
  std::span<const std::uint32_t> rows;  // ascending
  std::span<const std::int64_t> timestamps;
  // Empty unless the plan is for sums of lines' bytes.
  std::span<const std::uint32_t> line_starts;
  std::span<const source> labels;  // in the order of column_plan::series_labels
  // Samples by code of sample_codes; 1 (or `sample`) for every row where there are no codes.
  std::span<const std::uint32_t> sample_codes;
  std::span<const double> samples;
  double sample = 1;
  // Changes with the block: codes of one block mean the same in all its runs.
  std::uint64_t block_number = 0;
};

class column_rows {
 public:
  // `plan` must outlive this.
  explicit column_rows(const column_plan& plan);

  const column_plan& plan() const { return plan_; }

  // Reads the columns of a block. False: it has none, so all rows are unknown.
  result<bool> open(log_block& block);

  // Fills verdicts[row] for the rows of `range`, all of `run`. `verdicts` has all rows of the
  // block.
  void judge(const row_run& run, const row_range& range, const metadata_column& metadata,
             std::span<row_verdict> verdicts);

  // Labels and samples for known rows of a run, `rows` left empty. Valid until the next call.
  known_rows describe(const row_run& run);

 private:
  static constexpr std::uint8_t untested = 0xff;
  struct tested_values {
    std::uint32_t label = 0;
    const value_test* test = nullptr;
    bool absent_is_unknown = false;
    std::vector<std::uint8_t> by_code;  // of row_verdict, or untested
  };

  void add_tests(const column_condition& condition);
  void enter_run(const row_run& run);
  void judge_condition(const column_condition& condition, const row_range& range,
                       std::span<row_verdict> out, std::size_t& test, std::size_t depth);
  void judge_test(tested_values& values, const row_range& range, std::span<row_verdict> out) const;
  void judge_sample(const row_range& range, std::span<row_verdict> out);
  std::uint8_t convert_sample(std::uint32_t code);
  void apply_metadata(const row_range& range, const metadata_column& metadata,
                      std::span<row_verdict> out) const;
  bool is_relevant(std::string_view metadata_name) const;

  const column_plan& plan_;
  std::vector<tested_values> tests_;  // of the conditions, in the order of a walk

  // Of the block.
  std::vector<const field_column*> columns_;  // one per label
  std::vector<double> samples_;               // by code
  std::vector<std::uint8_t> sample_states_;   // by code: of row_verdict, or untested
  std::uint64_t block_number_ = 0;

  // Of the run.
  std::vector<std::optional<std::string_view>> stream_values_;  // by label; set where the stream's
                                                                // own label hides the column
  std::vector<known_rows::source> sources_;
  std::vector<std::vector<row_verdict>> scratch_;  // by depth of the condition
};

}  // namespace skald::logql
