// SPDX-License-Identifier: Apache-2.0
// `| unpack`: undoes a pack stage: string members become labels, `_entry` becomes the line.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "runtime/logql/pipeline/parser/json_scanner.h"
#include "runtime/logql/pipeline/parser/key_cache.h"
#include "runtime/logql/pipeline/stage.h"

namespace skald::logql {

class unpack_parser : public stage {
 public:
  explicit unpack_parser(label_builder& labels);
  bool process(row_context& row) override;

 private:
  void fail(row_context& row, std::string_view details);
  // Where a member of that key is stored; no_name when it is not extracted.
  name_id target_of(std::string_view key, label_builder& labels);

  key_cache keys_;
  name_id preserve_name_;
  std::vector<std::pair<name_id, std::string_view>> found_;
};

}  // namespace skald::logql
