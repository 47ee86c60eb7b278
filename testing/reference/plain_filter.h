// SPDX-License-Identifier: Apache-2.0
// Line filters and label filters, one line at a time.
#pragma once

#include <set>
#include <string>

#include "runtime/logql/syntax/ast.h"
#include "testing/reference/line_labels.h"

namespace skald::logql::reference {

bool passes(const line_filter_expr& filter, const std::string& line);
// A failed conversion is recorded in the labels and lets the line pass.
bool passes(const label_filter_expr& filter, line_labels& labels);
// The labels that a filter reads.
std::set<std::string> names_of(const label_filter_expr& filter);

// RE2 on text that need not be valid UTF-8, anywhere in the text or over all of it.
bool regex_finds(const std::string& regex, const std::string& text);
bool regex_covers(const std::string& regex, const std::string& text);

}  // namespace skald::logql::reference
