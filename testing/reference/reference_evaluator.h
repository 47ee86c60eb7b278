// SPDX-License-Identifier: Apache-2.0
// Answers a query by the definitions of the language: line by line, step by step, every window by a
// scan over all samples. Slow and plain on purpose; tests compare the engine with it.
#pragma once

#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/engine/query_result.h"
#include "runtime/logql/plan/query_limits.h"
#include "testing/reference/plain_pipeline.h"

namespace skald::logql::reference {

// `entries` are in order of arrival; of equal entries of a stream only the first counts. Tenant
// limits are not looked at.
// Errors: those that clients see.
result<query_result> evaluate(const query_request& request,
                              const std::vector<stored_entry>& entries);

}  // namespace skald::logql::reference
