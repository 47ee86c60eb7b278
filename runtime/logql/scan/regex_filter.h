// SPDX-License-Identifier: Apache-2.0
// Regular expressions over lines with Go's semantics: RE2, but behind a literal search wherever the
// expression requires a literal, and over repaired text where a line is not valid UTF-8 (Go's `.`
// matches an invalid byte as U+FFFD, RE2's does not).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/scan/literal_search.h"
#include "runtime/logql/scan/row_selection.h"
#include "runtime/model/log_block.h"

namespace re2 {
class RE2;
}

namespace skald::logql {

enum class regex_anchoring { unanchored, whole_text };

// Immutable after compile; copies share the compiled expression. Safe to use from many threads.
class regex_filter {
 public:
  // Errors: invalid_argument with Go's text (error parsing regexp: ...).
  static result<regex_filter> compile(std::string_view regex, regex_anchoring anchoring);

  const std::string& pattern() const { return pattern_; }
  bool matches(std::string_view text) const;

  // Appends the rows of `ranges` (ascending, disjoint) whose line matches.
  void select(const line_column& lines, const text_flags& flags, std::span<const row_range> ranges,
              row_selection& out) const;
  // Keeps only the rows whose line matches (or, with `keep_hits` false, does not).
  void narrow(const line_column& lines, const text_flags& flags, row_selection& rows,
              bool keep_hits = true) const;

 private:
  struct program;
  explicit regex_filter(std::shared_ptr<const program> code);
  std::shared_ptr<const program> code_;
  std::string pattern_;
};

}  // namespace skald::logql
