// SPDX-License-Identifier: Apache-2.0
// The HTTP API by family: each function adds its routes to a table. Handlers run on io threads,
// turn requests into messages for the actors, and answer from whichever thread the reply comes on.
#pragma once

#include "actors/gateway/gateway_context.h"
#include "runtime/http/route_table.h"

namespace skald {

// POST /loki/api/v1/push.
void add_push_routes(route_table& routes, const gateway_context_ptr& context);
// query, query_range, format_query.
void add_query_routes(route_table& routes, const gateway_context_ptr& context);
// labels, label values, series, index statistics.
void add_metadata_routes(route_table& routes, const gateway_context_ptr& context);
// index/volume, index/volume_range.
void add_volume_routes(route_table& routes, const gateway_context_ptr& context);
// detected_labels, detected_fields, detected_field/{name}/values, patterns.
void add_detected_routes(route_table& routes, const gateway_context_ptr& context);
// ready, metrics, config, services, log_level, flush, buildinfo, drilldown-limits.
void add_operation_routes(route_table& routes, const gateway_context_ptr& context);

// All of the above, with request metrics around every handler.
route_table make_routes(const gateway_context_ptr& context);

}  // namespace skald
