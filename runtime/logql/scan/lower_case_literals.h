// SPDX-License-Identifier: Apache-2.0
// Literals under ignored case in line filters. Loki takes an expression that is no more than
// literals for a search and compares in lower case, character by character: U+0130 is an i then,
// and U+017F no s. Regular expressions compare by simple folding, where it is the other way round.
// Internal to this folder.
#pragma once

#include <optional>
#include <string>

#include "runtime/logql/scan/regex_syntax.h"

namespace skald::logql {

// The expression for RE2, with each letter replaced by those that it equals in lower case. Nothing
// when `node` is more than folded literals, alternations of them and `.*`, or when both ways of
// comparing are the same for its letters.
std::optional<std::string> with_lower_case_literals(const regex_node& node);

}  // namespace skald::logql
