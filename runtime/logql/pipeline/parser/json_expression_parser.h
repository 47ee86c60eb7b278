// SPDX-License-Identifier: Apache-2.0
// `| json a="x.y[0]", b`: named paths of a JSON text become labels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/logql/pipeline/parser/json_scanner.h"
#include "runtime/logql/pipeline/stage.h"
#include "runtime/logql/syntax/path_expression.h"

namespace skald::logql {

class json_expression_parser : public stage {
 public:
  struct target {
    std::string name;
    json_path path;
  };
  json_expression_parser(label_builder& labels, std::vector<target> targets);
  bool process(row_context& row) override;

 private:
  struct scan_state;
  void scan(std::string_view text, row_context& row);
  bool on_key(scan_state& state, std::size_t colon, std::string_view key);
  bool on_array(scan_state& state);
  void fail(row_context& row, std::string_view details) const;
  void found(std::size_t target, std::string_view text, std::size_t at, row_context& row);

  std::vector<target> targets_;
  std::vector<name_id> names_;
  std::size_t longest_path_ = 0;
  name_id preserve_name_;
  // Scratch of the current line.
  std::vector<bool> matched_;
  std::size_t matched_count_ = 0;
  std::size_t delivered_count_ = 0;
  std::vector<std::string_view> open_keys_;
};

}  // namespace skald::logql
