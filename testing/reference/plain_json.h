// SPDX-License-Identifier: Apache-2.0
// The tolerant reading of JSON that `json`, `json x="..."` and `unpack` share: one pass that finds
// members and where values end, and does not check what it passes over.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "runtime/logql/syntax/ast.h"
#include "testing/reference/line_labels.h"

namespace skald::logql::reference {

enum class json_kind { string, number, boolean, null, array, object };

struct json_value {
  json_kind kind = json_kind::null;
  std::string text;       // as in the line; a string without its quotes
  std::size_t begin = 0;  // where the value stands in the text, quotes included
  std::size_t end = 0;
};

// Thrown by the readers below: the text of __error_details__.
struct json_failure {
  std::string text;
};

// The value at or after `at`. Throws json_failure.
json_value read_json_value(const std::string& text, std::size_t at);
// Members of the object at the start of the text, until `visit` returns false. Throws json_failure.
void each_json_member(const std::string& text,
                      const std::function<bool(const std::string&, const json_value&)>& visit);
// Nothing when an escape is invalid.
std::optional<std::string> unescape_json(const std::string& text);
// The value as a label shows it.
std::string json_label_value(const json_value& value);

// `json x="path", ...` on a line. Found values, and the errors of values, arrive in line order.
// Returns the number of values found.
std::size_t extract_json_paths(const json_parser_expr& parser, const std::string& line,
                               line_labels& labels);

}  // namespace skald::logql::reference
