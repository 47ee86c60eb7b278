// SPDX-License-Identifier: Apache-2.0
// String literals as Go writes and reads them (strconv.Quote and Unquote): label values, LogQL
// strings and canonical label text all use them. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/base/utf8.h"

namespace skald {

struct go_string_token {
  std::string value;       // unescaped
  std::size_t length = 0;  // bytes of the literal in the input, quotes included
};

// Reads one literal ("..." with escapes, or `...` raw) at the start of `text`.
// Errors: invalid_argument for a missing quote, a bad escape or a newline inside double quotes.
result<go_string_token> scan_go_string(std::string_view text);

// Appends `value` as strconv.Quote writes it, quotes included: printable Unicode as is, others as
// \a \b \f \n \r \t \v \xNN \uNNNN \UNNNNNNNN.
void append_go_quoted(std::string& out, std::string_view value);

}  // namespace skald
