// SPDX-License-Identifier: Apache-2.0
// `| regexp "...(?P<name>...)..."`: named groups of the first match become labels.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/pipeline/stage.h"

namespace re2 {
class RE2;
}

namespace skald::logql {

// Compiled once, shared by the stages of all runners.
class regexp_extraction {
 public:
  // Errors: invalid_argument with Loki's text, without the prefix "invalid regexp parser: ".
  static result<std::shared_ptr<const regexp_extraction>> compile(std::string_view pattern);

  const re2::RE2& regex() const { return *regex_; }
  // Group number and label name, by group number.
  const std::vector<std::pair<int, std::string>>& groups() const { return groups_; }

  ~regexp_extraction();

 private:
  regexp_extraction();
  std::unique_ptr<re2::RE2> regex_;
  std::vector<std::pair<int, std::string>> groups_;
};

class regexp_parser : public stage {
 public:
  regexp_parser(label_builder& labels, std::shared_ptr<const regexp_extraction> extraction);
  ~regexp_parser() override;
  bool process(row_context& row) override;

 private:
  struct scratch;
  std::shared_ptr<const regexp_extraction> extraction_;
  std::vector<name_id> names_;  // one per group
  std::unique_ptr<scratch> scratch_;
};

}  // namespace skald::logql
