// SPDX-License-Identifier: Apache-2.0
// Joins the parts of a regular expression as Go's parser does: neighbouring literals of a
// concatenation, common prefixes of an alternation. Internal to this folder.
#pragma once

#include <vector>

#include "runtime/logql/scan/regex_syntax.h"

namespace skald::logql {

regex_node join_concat(std::vector<regex_node> items);
regex_node join_alternate(std::vector<regex_node> branches);

}  // namespace skald::logql
