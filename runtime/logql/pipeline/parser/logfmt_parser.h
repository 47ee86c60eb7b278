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
  logfmt_expression_parser(label_builder& labels, std::vector<target> targets, bool strict);
  bool process(row_context& row) override;

 private:
  std::vector<target> targets_;
  std::vector<name_id> names_;
  bool strict_;
  key_cache keys_;
};

}  // namespace skald::logql
