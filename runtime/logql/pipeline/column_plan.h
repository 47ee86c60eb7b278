// SPDX-License-Identifier: Apache-2.0
// What of a pipeline can be decided from typed columns (log_block::field) instead of lines: label
// conditions that every row of the result meets, and, where the whole pipeline is one parser with
// conditions behind it, everything. Made once per pipeline, immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/logql/pipeline/label_filter.h"
#include "runtime/logql/syntax/ast.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

// A claim about the labels that the parser gives. Evaluates to "holds", "does not hold" or "ask
// the line".
struct column_condition {
  enum class kind : std::uint8_t {
    test,     // of one label's value
    all_of,   // all children hold
    any_of,   // the first child that holds decides; one before it that asks the line does so too
    unknown,  // ask the line
  };
  kind what = kind::unknown;
  std::uint32_t label = 0;  // of a test: index into column_plan::labels
  std::shared_ptr<const value_test> test;
  // A later parser may add the label where the first one did not find it.
  bool absent_is_unknown = false;
  std::vector<column_condition> children;
};

struct column_sample {
  std::uint32_t label = 0;  // the unwrapped one
  unwrap_conversion conversion = unwrap_conversion::none;
};

struct column_plan {
  line_format_kind format = line_format_kind::json;
  // Labels whose columns are read, by the names that the parser gives them.
  std::vector<std::string> labels;
  // All hold for every row that reaches the result, or some asks the line.
  std::vector<column_condition> conditions;

  // Rows for which no condition asks the line need no line at all: nothing else decides, and the
  // result shows no labels but series_labels.
  bool complete = false;
  // Of a complete plan:
  bool drops_clean_rows = false;             // a test of __error__ refuses rows without error
  std::vector<std::uint32_t> series_labels;  // indices into labels
  std::optional<column_sample> sample;
};

// `stages` in the order in which they run; their filters must have compiled before. `series_labels`
// are the labels that the result shows, when these are known. Nothing when columns do not help.
std::optional<column_plan> plan_columns(
    std::span<const stage_expr* const> stages, const unwrap_expr* unwrap,
    const std::optional<std::vector<std::string>>& series_labels);

}  // namespace skald::logql
