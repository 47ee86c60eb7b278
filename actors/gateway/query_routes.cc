// SPDX-License-Identifier: Apache-2.0
#include <caf/send.hpp>
#include <chrono>
#include <memory>

#include "actors/gateway/gateway_context.h"
#include "actors/gateway/routes.h"
#include "actors/querier/querier_interface.h"
#include "runtime/base/log.h"
#include "runtime/logql/plan/query_plan.h"
#include "runtime/logql/syntax/parser.h"
#include "runtime/logql/syntax/printer.h"
#include "runtime/loki_api/error_body.h"
#include "runtime/loki_api/query_params.h"
#include "runtime/loki_api/result_json.h"
#include "runtime/loki_api/tenant_header.h"

namespace skald {
namespace {

logql::query_limits limits_of(const tenant_limits& tenant, const http_request& request) {
  logql::query_limits limits;
  limits.max_entries = static_cast<std::uint32_t>(std::max<std::int64_t>(0, tenant.max_entries_limit_per_query));
  limits.max_series = static_cast<std::uint32_t>(std::max<std::int64_t>(0, tenant.max_query_series));
  limits.max_query_length_ns = tenant.max_query_length.count();
  limits.max_range_ns = tenant.max_query_range.count();
  limits.max_streams_matchers =
      static_cast<std::uint32_t>(std::max<std::int64_t>(0, tenant.max_streams_matchers_per_query));
  limits.partial_series =
      request.header("X-Query-Tags").find("Source=grafana-lokiexplore-app") != std::string_view::npos;
  return limits;
}

// One query from request to answer.
void run_query(const gateway_context_ptr& context, const http_request& request, std::string tenant,
               const tenant_limits& limits, const logql::query_request& query, responder&& answer) {
  auto plan = logql::query_plan::make(query, limits_of(limits, request));
  if (!plan.ok()) return answer.send(query_error_response(plan.error()));
  const auto started = context->time->now();
  auto cancel = std::make_shared<cancellation>(
      limits.query_timeout.count() > 0
          ? started + std::chrono::duration_cast<std::chrono::steady_clock::duration>(limits.query_timeout)
          : std::chrono::steady_clock::time_point::max());
  answer.on_disconnect([cancel] { cancel->cancel(); });
  auto waiting = std::make_shared<responder>(std::move(answer));
  const char* type = (*plan)->is_log_query() ? "log" : "metric";
  one_shot<logql::query_result> reply([context, waiting, started, type,
                                       flags = parse_encoding_flags(request)](
                                          result<logql::query_result> outcome) {
    const double seconds = std::chrono::duration<double>(context->time->now() - started).count();
    if (context->metrics != nullptr) {
      context->metrics->get_histogram(metric_names::query_duration, {{"type", type}}).observe(seconds);
      context->metrics
          ->get_counter(metric_names::queries,
                        {{"type", type},
                         {"outcome", outcome.ok() ? "ok" : std::string(to_string(outcome.error().code))}})
          .add();
    }
    if (!outcome.ok()) return waiting->send(query_error_response(outcome.error()));
    outcome->stats.exec_seconds = seconds;
    http_response response = query_json_response(render_query_result(*outcome, flags));
    waiting->send(std::move(response));
  });
  caf::anon_send(context->frontend,
                 query_call{std::move(tenant), std::move(*plan), std::move(cancel), std::move(reply)});
}

// A range older than max_query_lookback is cut; false when nothing of it is left.
bool clip_to_lookback(const tenant_limits& limits, std::int64_t now_ns, std::int64_t& start_ns,
                      std::int64_t end_ns) {
  if (limits.max_query_lookback.count() <= 0) return true;
  start_ns = std::max(start_ns, now_ns - limits.max_query_lookback.count());
  return start_ns < end_ns;
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
  logql::query_request query;
  query.query = params->query;
  query.start_ns = query.end_ns = params->time_ns;
  query.limit = params->limit;
  query.forward = params->direction == query_direction::forward;
  query.instant = true;
  run_query(context, request, std::move(*tenant), snapshot->for_tenant(*tenant), query,
            std::move(answer));
}

void handle_format_query(http_request&& request, responder&& answer) {
  const auto form = request_form(request);
  if (!form.ok()) return answer.send(format_query_error_response(form.error()));
  const auto parsed = logql::parse_for_printing(form->get("query"));
  if (!parsed.ok()) return answer.send(format_query_error_response(parsed.error()));
  http_response response =
      query_json_response(render_format_query(logql::pretty_print(*parsed)));
  response.content_type = "application/json; charset=utf-8";
  answer.send(std::move(response));
}

}  // namespace

void add_query_routes(route_table& routes, const gateway_context_ptr& context) {
  routes.add_get_post("/loki/api/v1/format_query",
                      [](http_request&& request, responder&& answer) {
                        handle_format_query(std::move(request), std::move(answer));
                      });
  if (!context->frontend) return;
  routes.add_get_post("/loki/api/v1/query_range",
                      [context](http_request&& request, responder&& answer) {
                        handle_query_range(context, std::move(request), std::move(answer));
                      });
  routes.add_get_post("/loki/api/v1/query",
                      [context](http_request&& request, responder&& answer) {
                        handle_instant_query(context, std::move(request), std::move(answer));
                      });
}

}  // namespace skald
