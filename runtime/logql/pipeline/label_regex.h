// SPDX-License-Identifier: Apache-2.0
// =~ and !~ of label filters, with Loki's simplification: meant to match the whole value, some
// shapes of expressions are tested by "contains" instead (`foo.*`, `.*foo`, `foo(bar|qux)`).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/scan/literal_search.h"
#include "runtime/logql/scan/regex_filter.h"

namespace skald::logql {

// Immutable; safe to use from many threads.
class label_regex {
 public:
  // Errors: invalid_argument with Go's text.
  static result<label_regex> compile(std::string_view regex);
  bool matches(std::string_view value) const;

  // One alternative of a simplified expression.
  struct test {
    enum class kind { always, not_empty, equals, contains };
    kind what;
    std::string text;  // lower case when ignore_case
    bool ignore_case;
    friend bool operator==(const test&, const test&) = default;
  };
  // Empty when the expression runs as an anchored regular expression.
  const std::vector<test>& tests() const { return tests_; }

 private:
  std::vector<test> tests_;               // any may hold
  std::vector<literal_search> searches_;  // one per test
  std::optional<regex_filter> regex_;
};

// What a line filter's expression comes down to when Loki's simplification changes what it matches:
// alternatives that every line passes are dropped (`a|.*` is `a`), unless there are no others,
// which gives an empty text. Nothing when the expression means what it says.
std::optional<std::string> line_regex_in_effect(std::string_view regex);

}  // namespace skald::logql
