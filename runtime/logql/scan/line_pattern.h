// SPDX-License-Identifier: Apache-2.0
// Pattern texts: literals and `<name>` captures. The reader serves the pattern parser stage and the
// pattern line filter; line_pattern is the latter's matcher.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/scan/literal_search.h"

namespace skald::logql {

// A literal, or a capture; `<_>` has the name "_".
struct pattern_node {
  bool is_capture = false;
  std::string text;  // the literal, or the capture's name
  friend bool operator==(const pattern_node&, const pattern_node&) = default;
};

// Splits a pattern. A `<` that starts no `<name>` is literal. Never two literals in a row.
std::vector<pattern_node> split_pattern(std::string_view pattern);

// |> and !>: the first literal is searched anywhere, each further one behind the first occurrence
// of the one before, with at least one byte between; no backtracking.
class line_pattern {
 public:
  // Errors: invalid_argument for named or adjacent captures, with Loki's text.
  static result<line_pattern> compile(std::string_view pattern);
  bool matches(std::string_view line) const;
  // Every literal that a matching line contains.
  const std::vector<literal_search>& literals() const { return literals_; }
  bool is_empty() const { return is_empty_; }

 private:
  std::vector<literal_search> literals_;
  bool is_empty_ = false;
  bool starts_with_wildcard_ = false;
  bool ends_with_wildcard_ = false;
};

}  // namespace skald::logql
