// SPDX-License-Identifier: Apache-2.0
// What Loki makes of a label regex that is an alternation of plain texts. Go's parser factors out
// what neighbouring texts begin with; a prefix with its rests is then tested by "contains", while
// texts that stand alone are compared as a whole: `web|web-20` finds `xweb`, `web|api` does not.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace skald::logql::reference {

// Nothing when the expression keeps its anchors: rests of one character each become a class.
std::optional<bool> alternation_matches(const std::vector<std::string>& texts,
                                        const std::string& value);

}  // namespace skald::logql::reference
