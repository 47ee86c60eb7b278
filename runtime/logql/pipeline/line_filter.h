// SPDX-License-Identifier: Apache-2.0
// One line filter stage (|= != |~ !~ |> !> with `or` chains and ip()): compiled, immutable, usable
// on a line and on all lines of a block at once.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/scan/ip_matcher.h"
#include "runtime/logql/scan/line_pattern.h"
#include "runtime/logql/scan/literal_requirement.h"
#include "runtime/logql/scan/literal_search.h"
#include "runtime/logql/scan/regex_filter.h"
#include "runtime/logql/scan/row_selection.h"
#include "runtime/logql/syntax/ast.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

class line_filter {
 public:
  // Errors: invalid_argument, Loki's text without the stage prefix.
  static result<line_filter> compile(const line_filter_expr& expression);

  bool matches(std::string_view line) const;
  // Keeps the rows that pass. `all` tells that `rows` is not filled yet and stands for all rows of
  // `ranges`; then the filter scans the block's bytes in one go where that pays.
  void apply(const line_column& lines, const text_flags& flags, std::span<const row_range> ranges,
             bool all, row_selection& rows) const;

  // Passes every line; or none.
  bool always_passes() const { return operands_.empty() && !negative_; }
  bool never_passes() const { return operands_.empty() && negative_; }
  // Cheap filters run first.
  int cost() const;
  // True: a line passes when no operand matches.
  bool is_negative() const { return negative_; }
  // What a line must hold so that some operand matches it.
  const literal_requirement& literals() const { return literals_; }

 private:
  using operand = std::variant<literal_search, regex_filter, line_pattern, ip_matcher>;
  std::vector<operand> operands_;  // any may match
  bool negative_ = false;          // the line passes when none matches
  literal_requirement literals_;
};

}  // namespace skald::logql
