// SPDX-License-Identifier: Apache-2.0
// Bounds the regular expressions of one query: a short text like `(.{100}){9}` makes a large
// program, and a query has room for thousands of them.
#pragma once

#include <cstddef>
#include <string_view>

#include "runtime/base/result.h"

namespace skald::logql {

// Instructions of all expressions of a query together. Common expressions have less than 100; the
// largest single one that compiles has some 100,000.
constexpr std::size_t regex_instructions_max = 500'000;

class regex_budget {
 public:
  // Compiles the expression to check it, and counts its size.
  // Errors: invalid_argument with Go's text, or when the budget is used up.
  result<void> check(std::string_view regex);

 private:
  std::size_t used_ = 0;
};

}  // namespace skald::logql
