// SPDX-License-Identifier: Apache-2.0
// label_replace(v, dst, replacement, src, regex): sets a label from the parts of another one.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/logql/metric/series_matrix.h"
#include "runtime/logql/metric/work_bounds.h"
#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

// Series whose labels become equal both stay. Errors: invalid_argument when the expression does not
// compile, resource_exhausted for labels of over 16 MiB, and those of `bounds`.
result<series_matrix> replace_labels(const label_replace_expr& expression, series_matrix input,
                                     const work_bounds& bounds = {});

}  // namespace skald::logql
