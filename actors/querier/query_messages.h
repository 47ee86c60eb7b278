// SPDX-License-Identifier: Apache-2.0
// Messages between the actors of one query: root, intervals, range workers. Local to one process.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <cstddef>
#include <memory>
#include <vector>

#include "actors/querier/querier_interface.h"
#include "actors/querier/query_root_core.h"
#include "runtime/base/result.h"
#include "runtime/logql/engine/engine.h"
#include "runtime/logql/engine/query_stats.h"

namespace skald {

using start_atom = caf::atom_constant<caf::atom("start")>;
using cancel_atom = caf::atom_constant<caf::atom("cancel")>;
using sweep_atom = caf::atom_constant<caf::atom("sweep")>;

// What every actor of a query shares.
struct query_context {
  std::string tenant;
  logql::query_plan_ptr plan;
  cancellation_ptr cancel;
  // What the workers of a log query tell each other.
  std::shared_ptr<logql::answer_bound> bound;
};
using query_context_ptr = std::shared_ptr<const query_context>;

// A part's result with what it cost. Held by pointer, since messages must be copyable and block
// lists are not.
struct leaf_answer {
  result<logql::leaf_result> value = logql::leaf_result();
  logql::query_stats stats;
};
using leaf_answer_ptr = std::shared_ptr<leaf_answer>;

// interval -> root: all sub-ranges of the interval are evaluated and merged, or one failed.
struct interval_done {
  std::size_t leaf = 0;
  std::size_t number = 0;
  leaf_answer_ptr answer;
};

// range_worker -> interval.
struct subrange_done {
  std::size_t number = 0;
  leaf_answer_ptr answer;
};

// pool -> range_worker.
struct subrange_evaluated {
  leaf_answer_ptr answer;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::interval_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::subrange_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::subrange_evaluated)
