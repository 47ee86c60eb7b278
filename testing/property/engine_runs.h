// SPDX-License-Identifier: Apache-2.0
// The engine's answer for a data set, with its entries in blocks and groups of several makings.
#pragma once

#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/engine/query_result.h"
#include "runtime/logql/plan/query_limits.h"
#include "testing/property/random_data.h"

namespace skald::logql::property {

enum class block_layout {
  whole,      // one block
  by_time,    // slices of time, each read alone
  by_stream,  // a block per stream, each read alone
  columns,    // one block that answers as one with columns may
  pack,       // one real pack, lines as columns
  spread,     // by arrival, some entries twice, of all kinds, groups of any size in any order
};
constexpr block_layout all_layouts[] = {block_layout::whole,     block_layout::by_time,
                                        block_layout::by_stream, block_layout::columns,
                                        block_layout::pack,      block_layout::spread};
const char* to_string(block_layout layout);

// Errors: those of planning and of the query.
result<query_result> run_engine(const query_request& request, const data_set& data,
                                block_layout layout, random_source& random);

}  // namespace skald::logql::property
