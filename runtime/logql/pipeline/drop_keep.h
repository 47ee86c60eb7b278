// SPDX-License-Identifier: Apache-2.0
// drop and keep: remove labels by name, or by name and value.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/pipeline/stage.h"
#include "runtime/logql/syntax/ast.h"
#include "runtime/model/label_matcher.h"

namespace skald::logql {

// An entry of either list.
struct label_choice {
  std::string name;
  std::optional<label_matcher> matcher;
};
// Errors: invalid_argument for a bad regular expression.
result<std::vector<label_choice>> compile_label_choices(
    const std::vector<named_label_matcher>& labels);

class drop_stage : public stage {
 public:
  drop_stage(label_builder& labels, std::vector<label_choice> choices);
  bool process(row_context& row) override;

 private:
  std::vector<label_choice> choices_;
  std::vector<name_id> names_;
};

class keep_stage : public stage {
 public:
  explicit keep_stage(std::vector<label_choice> choices) : choices_(std::move(choices)) {}
  bool process(row_context& row) override;

 private:
  bool is_kept(std::string_view name, std::string_view value) const;
  std::vector<label_choice> choices_;
  std::vector<name_id> doomed_;
};

}  // namespace skald::logql
