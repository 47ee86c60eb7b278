// SPDX-License-Identifier: Apache-2.0
// Starts queries for the routes whose answer comes from one: limits, deadline, cancellation when
// the client goes away, and metrics are the same for all of them.
#pragma once

#include <functional>
#include <string>

#include "actors/gateway/gateway_context.h"
#include "runtime/base/result.h"
#include "runtime/http/responder.h"
#include "runtime/limits/limits_snapshot.h"
#include "runtime/logql/engine/query_result.h"
#include "runtime/logql/plan/query_plan.h"

namespace skald {

using query_renderer = std::function<result<std::string>(const logql::query_result&)>;

// Plans and runs the query and answers with the rendered body, or with the error.
void launch_query(const gateway_context_ptr& context, const http_request& request,
                  std::string tenant, const tenant_limits& limits, logql::query_request query,
                  query_renderer render, responder&& answer);

// Cuts a range that is older than max_query_lookback; false when nothing of it is left.
bool clip_to_lookback(const tenant_limits& limits, std::int64_t now_ns, std::int64_t& start_ns,
                      std::int64_t end_ns);

}  // namespace skald
