// SPDX-License-Identifier: Apache-2.0
// What the lines of an answer must hold, as far as a skip filter can tell: made from positive line
// filters and equality label filters of a pipeline, only where leaving out a block cannot change
// the answer. In doubt nothing is claimed.
#pragma once

#include <span>
#include <vector>

#include "runtime/logql/plan/query_plan.h"
#include "runtime/logql/syntax/ast.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

struct stage_probes {
  skip_probe lines;                   // holds for every stream
  std::vector<label_probe> by_label;  // each holds for streams without its labels
};

stage_probes probes_of(std::span<const stage_expr> stages);

// Both hold. `always` parts vanish.
skip_probe both(skip_probe a, skip_probe b);

}  // namespace skald::logql
