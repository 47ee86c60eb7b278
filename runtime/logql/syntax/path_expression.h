// SPDX-License-Identifier: Apache-2.0
// The small languages inside `json x="..."` (a path into a document) and `logfmt x="..."` (a key).
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/result.h"

namespace skald::logql {

// A member's name or an array index.
using json_path_step = std::variant<std::string, std::int64_t>;
using json_path = std::vector<json_path_step>;

// field | ["key"] | [n], then any number of .field ["key"] [n]. Never empty.
// Errors: invalid_argument, `cannot parse expression [a..b]: syntax error: unexpected DOT, ...`.
result<json_path> parse_json_path(std::string_view text);

// An identifier or a quoted key. Quoted keys may follow, with which no key of a line is equal: then
// the parts stand in the answer with spaces between.
// Errors: invalid_argument as above.
result<std::string> parse_logfmt_key(std::string_view text);

}  // namespace skald::logql
