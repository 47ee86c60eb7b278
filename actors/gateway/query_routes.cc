// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "actors/gateway/gateway_context.h"
#include "actors/gateway/query_launch.h"
#include "actors/gateway/routes.h"
#include "runtime/logql/syntax/parser.h"
#include "runtime/logql/syntax/printer.h"
#include "runtime/loki_api/error_body.h"
#include "runtime/loki_api/query_params.h"
#include "runtime/loki_api/result_json.h"
#include "runtime/loki_api/tenant_header.h"

namespace skald {
namespace {

void run_query(const gateway_context_ptr& context, const http_request& request, std::string tenant,
               const tenant_limits& limits, const logql::query_request& query, responder&& answer) {
  encoding_flags flags = parse_encoding_flags(request);
  flags.all_labels_in_stream = !context->queries_are_sharded;
  launch_query(
      context, request, std::move(tenant), limits, query,
      [flags, bytes_max = context->query_memory_bytes](const logql::query_result& found) {
        return render_query_result(found, flags, bytes_max);
      },
      std::move(answer));
}

void handle_query_range(const gateway_context_ptr& context, http_request&& request,
                        responder&& answer) {
  auto tenant = resolve_tenant(request, context->tenants);
  if (!tenant.ok()) return answer.send(query_error_response(tenant.error()));
  const auto form = request_form(request);
  if (!form.ok()) return answer.send(query_error_response(form.error()));
  const std::int64_t now = context->time->wall_now_ns();
  auto params = parse_range_query(*form, now);
  if (!params.ok()) return answer.send(query_error_response(params.error()));
  const limits_snapshot_ptr snapshot = context->limits->get();
  const tenant_limits& limits = snapshot->for_tenant(*tenant);
  logql::query_request query;
  query.query = params->query;
  query.start_ns = params->start_ns;
  query.end_ns = params->end_ns;
  if (!clip_to_lookback(limits, now, query.start_ns, query.end_ns)) query.start_ns = query.end_ns;
  query.step_ns = params->step_ns;
  query.interval_ns = params->interval_ns;
  query.limit = params->limit;
  query.forward = params->direction == query_direction::forward;
  run_query(context, request, std::move(*tenant), limits, query, std::move(answer));
}

void handle_instant_query(const gateway_context_ptr& context, http_request&& request,
                          responder&& answer) {
  auto tenant = resolve_tenant(request, context->tenants);
  if (!tenant.ok()) return answer.send(query_error_response(tenant.error()));
  const auto form = request_form(request);
  if (!form.ok()) return answer.send(query_error_response(form.error()));
  auto params = parse_instant_query(*form, context->time->wall_now_ns());
  if (!params.ok()) return answer.send(query_error_response(params.error()));
  const limits_snapshot_ptr snapshot = context->limits->get();
  const tenant_limits& limits = snapshot->for_tenant(*tenant);
  logql::query_request query;
  query.query = params->query;
  query.start_ns = query.end_ns = params->time_ns;
  query.limit = params->limit;
  query.forward = params->direction == query_direction::forward;
  query.instant = true;
  run_query(context, request, std::move(*tenant), limits, query, std::move(answer));
}

void handle_format_query(http_request&& request, responder&& answer) {
  const auto form = request_form(request);
  if (!form.ok()) return answer.send(format_query_error_response(form.error()));
  const auto parsed = logql::parse_for_printing(form->get("query"));
  if (!parsed.ok()) return answer.send(format_query_error_response(parsed.error()));
  http_response response = query_json_response(render_format_query(logql::pretty_print(*parsed)));
  response.content_type = "application/json; charset=utf-8";
  answer.send(std::move(response));
}

}  // namespace

void add_query_routes(route_table& routes, const gateway_context_ptr& context) {
  routes.add_get_post("/loki/api/v1/format_query", [](http_request&& request, responder&& answer) {
    handle_format_query(std::move(request), std::move(answer));
  });
  if (!context->frontend) return;
  routes.add_get_post("/loki/api/v1/query_range",
                      [context](http_request&& request, responder&& answer) {
                        handle_query_range(context, std::move(request), std::move(answer));
                      });
  routes.add_get_post("/loki/api/v1/query", [context](http_request&& request, responder&& answer) {
    handle_instant_query(context, std::move(request), std::move(answer));
  });
}

}  // namespace skald
