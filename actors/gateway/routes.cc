// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/routes.h"

namespace skald {

route_table make_routes(const gateway_context_ptr& context) {
  route_table routes(context->path_prefix);
  add_push_routes(routes, context);
  add_query_routes(routes, context);
  add_metadata_routes(routes, context);
  add_volume_routes(routes, context);
  add_detected_routes(routes, context);
  add_operation_routes(routes, context);
  return routes;
}

}  // namespace skald
