// SPDX-License-Identifier: Apache-2.0
// Strings as Go's JSON encoder writes them, for answers and for log lines. Text is copied in runs
// between the bytes that need an escape. Pure function.
#pragma once

#include <string>
#include <string_view>

namespace skald {

// `value` in quotes. Control bytes, quotes and backslashes are escaped; invalid UTF-8 becomes
// \ufffd; U+2028 and U+2029 are escaped as Go does. Other text stays as it is.
void append_json_string(std::string& out, std::string_view value);

}  // namespace skald
