// SPDX-License-Identifier: Apache-2.0
// Label filters: strings, numbers, durations, byte sizes, addresses, and their and/or.
#pragma once

#include <functional>
#include <memory>
#include <string>
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

// Appends the names of all labels that the filter reads.
void append_filter_names(const label_filter_expr& expression, std::vector<std::string>& names);

}  // namespace skald::logql
