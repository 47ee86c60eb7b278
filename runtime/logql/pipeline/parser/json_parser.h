// SPDX-License-Identifier: Apache-2.0
// `| json`: every scalar of a JSON object becomes a label, nested names joined with '_'.
#pragma once

#include <string>
#include <string_view>

#include "runtime/logql/pipeline/parser/json_scanner.h"
#include "runtime/logql/pipeline/parser/key_cache.h"
#include "runtime/logql/pipeline/stage.h"

namespace skald::logql {

inline constexpr std::string_view json_parser_error = "JSONParserErr";

class json_parser : public stage {
 public:
  explicit json_parser(label_builder& labels);
  bool process(row_context& row) override;

 private:
  json_error parse_object(std::string_view text, std::uint32_t parent, int depth, row_context& row);
  json_error parse_member(std::uint32_t parent, std::string_view key, const json_value& value,
                          int depth, row_context& row);
  json_error extract(const key_cache::node& node, const json_value& value, row_context& row);

  key_cache keys_;
  json_object_ends ends_;
  name_id preserve_name_;
  bool rejected_ = false;  // an early filter dropped the row
};

}  // namespace skald::logql
