// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/label_replace.h"

#include <re2/re2.h>

#include <string>
#include <vector>

#include "runtime/logql/scan/go_regex.h"
#include "runtime/logql/scan/regex_expansion.h"

namespace skald::logql {
namespace {

// Of one label: as much as a template may make in one call. Each of nested label_replaces may
// multiply the text of the one inside.
constexpr std::size_t value_bytes_max = 16 << 20;

}  // namespace

result<series_matrix> replace_labels(const label_replace_expr& expression, series_matrix input,
                                     const work_bounds& bounds) {
  const auto compiled = compile_go_regex("^(?:" + expression.regex + ")$");
  if (!compiled.ok()) {
    return error{errc::invalid_argument,
                 "invalid regex in label_replace: " + compiled.error().message};
  }
  const re2::RE2& regex = **compiled;
  const regex_expansion replacement(regex, expression.replacement);
  std::vector<re2::StringPiece> groups(regex.NumberOfCapturingGroups() + 1);
  bounded_work work(bounds);
  for (step_series& series : input) {
    const std::string source(series.labels.get(expression.source));
    SKALD_TRY(work.spend(source.size() + 1));
    if (!regex.Match(source, 0, source.size(), re2::RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size()))) {
      continue;
    }
    std::string value;
    replacement.append(value, groups, value_bytes_max);
    if (value.size() > value_bytes_max) {
      return error{errc::resource_exhausted, "label_replace makes a label of more than " +
                                                 std::to_string(value_bytes_max) +
                                                 " bytes; use a shorter replacement"};
    }
    SKALD_TRY(work.add(value.size()));
    series.labels = without_empty_labels(series.labels);
    if (value.empty()) {
      series.labels.erase(expression.destination);
    } else {
      series.labels.set(expression.destination, value);
    }
  }
  return input;
}

}  // namespace skald::logql
