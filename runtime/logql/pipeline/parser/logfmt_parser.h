// SPDX-License-Identifier: Apache-2.0
// `| logfmt` and `| logfmt a="key", b`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/logql/pipeline/parser/key_cache.h"
#include "runtime/logql/pipeline/stage.h"

namespace skald::logql {

struct logfmt_options {
  bool strict = false;
  bool keep_empty = false;
};

class logfmt_parser : public stage {
 public:
  logfmt_parser(label_builder& labels, const logfmt_options& options);
  bool process(row_context& row) override;

 private:
  logfmt_options options_;
  key_cache keys_;
  name_id preserve_name_;
};

class logfmt_expression_parser : public stage {
 public:
  struct target {
    std::string name;
    std::string key;
  };
  // Of targets with one name the last counts.
  logfmt_expression_parser(label_builder& labels, const std::vector<target>& targets, bool strict);
  bool process(row_context& row) override;

 private:
  // The target that a key of the line goes to, or names_.size().
  std::size_t target_of(const key_cache::node& key) const;
  bool store(std::size_t target, std::string_view value, row_context& row) const;

  std::vector<name_id> names_;
  std::vector<std::string> line_keys_;  // of the targets in names_
  bool strict_;
  key_cache keys_;
  name_id preserve_name_;
};

}  // namespace skald::logql
