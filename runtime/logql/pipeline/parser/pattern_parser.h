// SPDX-License-Identifier: Apache-2.0
// `| pattern "<ip> - <_> \"<method>"`: captures between literals become labels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/pipeline/stage.h"
#include "runtime/logql/scan/line_pattern.h"

namespace skald::logql {

// Splits and checks a pattern. Errors: invalid_argument with Loki's text, without the prefix
// "invalid pattern parser: ".
result<std::vector<pattern_node>> compile_parser_pattern(std::string_view pattern);

class pattern_parser : public stage {
 public:
  // `nodes` come from compile_parser_pattern.
  pattern_parser(label_builder& labels, const std::vector<pattern_node>& nodes);
  bool process(row_context& row) override;

 private:
  // A capture and the literal behind it, which is empty at the end of the pattern.
  struct capture {
    name_id name;  // no_name for `<_>`
    std::string literal;
  };
  bool store(name_id found, std::string_view value, row_context& row);

  std::string leading_;  // literal before the first capture
  std::vector<capture> captures_;
};

}  // namespace skald::logql
