// SPDX-License-Identifier: Apache-2.0
// The `stats` object of query answers, in the shape that Grafana's query inspector and logcli read.
#pragma once

#include <string>

#include "runtime/logql/engine/query_stats.h"

namespace skald {

// Appends the object, without a key.
void append_stats_json(std::string& out, const logql::query_stats& stats);

}  // namespace skald
