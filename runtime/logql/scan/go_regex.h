// SPDX-License-Identifier: Apache-2.0
// Compiling Go's regular expressions with RE2, the repair of text that is not valid UTF-8, and the
// case of letters.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace re2 {
class RE2;
}

namespace skald::logql {

// Errors: invalid_argument with Go's text, "error parsing regexp: missing closing ): `(`".
result<std::unique_ptr<re2::RE2>> compile_go_regex(std::string_view regex);

bool is_ascii_text(std::string_view text);
bool is_valid_utf8(std::string_view text);
// Each invalid byte becomes U+FFFD, as Go sees it.
std::string replace_invalid_utf8(std::string_view text);

// Of one character, as Go's unicode package.
char32_t to_lower(char32_t c);
char32_t to_upper(char32_t c);

}  // namespace skald::logql
