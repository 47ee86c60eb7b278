// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/regex_budget.h"

#include <re2/re2.h>

#include <algorithm>

#include "runtime/logql/scan/go_regex.h"

namespace skald::logql {

result<void> regex_budget::check(std::string_view regex) {
  // A used budget is final: no further expression is compiled.
  if (used_ <= regex_instructions_max) {
    auto compiled = compile_go_regex(regex);
    if (!compiled.ok()) return std::move(compiled).error();
    used_ += static_cast<std::size_t>(std::max(0, (*compiled)->ProgramSize()));
  }
  if (used_ <= regex_instructions_max) return {};
  return {errc::invalid_argument, "the regular expressions of the query are too large"};
}

}  // namespace skald::logql
