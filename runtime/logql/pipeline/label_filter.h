// SPDX-License-Identifier: Apache-2.0
// Label filters: strings, numbers, durations, byte sizes, addresses, and their and/or.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/pipeline/stage.h"
#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

inline constexpr std::string_view label_filter_error = "LabelFilterErr";

// Makes a runner's stage of a filter; regular expressions are compiled once and shared.
using label_filter_maker = std::function<std::unique_ptr<stage>(label_builder&)>;

// Errors: invalid_argument with Loki's text.
result<label_filter_maker> compile_label_filter(const label_filter_expr& expression);
// The same for a filter behind unwrap, where a bad ip() pattern is no error: no address matches.
result<label_filter_maker> compile_post_filter(const label_filter_expr& expression);

// Appends the names of all labels that the filter reads.
void append_filter_names(const label_filter_expr& expression, std::vector<std::string>& names);

// What a filter on one label says of a row, from the label's value alone.
enum class label_verdict : std::uint8_t {
  passes,
  sets_error,  // the row passes, with an error when it had none
  fails,
};

// A filter on one label as a test of values. Immutable; safe to use from many threads.
class value_test {
 public:
  virtual ~value_test() = default;
  virtual label_verdict of_value(std::string_view value) const = 0;
  virtual label_verdict of_absent() const = 0;
};

// Null for filters that look at more than one label's value: and/or, ip() and the error labels.
// Errors: as compile_label_filter.
result<std::shared_ptr<const value_test>> compile_value_test(const label_filter_expr& expression);

}  // namespace skald::logql
