// SPDX-License-Identifier: Apache-2.0
// One matcher of a stream selector: name, operator, value. Regular expressions are anchored at both
// ends and use RE2, whose syntax is Go's. A missing label has the empty value (Prometheus' rule).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/labels.h"

namespace re2 {
class RE2;
}

namespace skald {

enum class match_op { equal, not_equal, regex, not_regex };

// "=", "!=", "=~", "!~".
std::string_view to_string(match_op op);

// Copyable; copies share the compiled expression. Safe for concurrent use.
class label_matcher {
 public:
  // Errors: invalid_argument with RE2's reason when `value` is no valid expression.
  static result<label_matcher> make(std::string name, match_op op, std::string value);

  const std::string& name() const { return name_; }
  match_op op() const { return op_; }
  const std::string& value() const { return value_; }

  // Whether a label with this value passes.
  bool matches(std::string_view value) const;
  // Whether a stream without the label passes.
  bool matches_empty() const { return matches_empty_; }
  // For =~ and !~ whose expression is a plain alternation of literals ("a|b|c"): those values, so
  // that an index can look them up. Empty when it is anything else.
  const std::vector<std::string>& literal_alternatives() const { return alternatives_; }

  friend bool operator==(const label_matcher& a, const label_matcher& b) {
    return a.name_ == b.name_ && a.op_ == b.op_ && a.value_ == b.value_;
  }

 private:
  label_matcher() = default;
  std::string name_;
  match_op op_ = match_op::equal;
  std::string value_;
  bool matches_empty_ = false;
  std::vector<std::string> alternatives_;
  std::shared_ptr<const re2::RE2> regex_;
};

// Whether all matchers pass for this label set.
bool matches_all(const std::vector<label_matcher>& matchers, const label_set& labels);

}  // namespace skald
