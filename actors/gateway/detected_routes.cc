// SPDX-License-Identifier: Apache-2.0
// detected_labels, detected_fields, detected_field/{name}/values and patterns.
#include <vector>

#include "actors/gateway/metadata_request.h"
#include "actors/gateway/query_launch.h"
#include "actors/gateway/routes.h"
#include "runtime/logql/syntax/parser.h"
#include "runtime/loki_api/detected_fields.h"
#include "runtime/loki_api/query_params.h"
#include "runtime/loki_api/result_json.h"

namespace skald {
namespace {

result<void> handle_detected_labels(const gateway_context_ptr& context, const http_request& request,
                                    responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_metadata_request(*context, request));
  SKALD_TRY_ASSIGN(const label_query_params params, parse_detected_labels(who.form, who.now_ns));
  SKALD_TRY_ASSIGN(selector_list selectors, parse_optional_selector(params.query));
  SKALD_TRY(check_query_length(who.limits(), params.start_ns, params.end_ns));
  stream_question question{std::move(selectors),
                           {params.start_ns, params.end_ns},
                           "detected_labels",
                           stream_detail::names,
                           {}};
  question.render = [](const stream_summaries& found) {
    std::vector<const label_set*> streams;
    streams.reserve(found.size());
    for (const stream_summary& one : found) streams.push_back(&one.stream->labels);
    return render_detected_labels(detect_labels(streams));
  };
  ask_streams(context, who, std::move(question), std::move(answer));
  return {};
}

// Fields, or the values of the field in the path: from the newest lines of a log query.
result<void> handle_detected_fields(const gateway_context_ptr& context, const http_request& request,
                                    responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_metadata_request(*context, request));
  SKALD_TRY_ASSIGN(const detected_fields_params params,
                   parse_detected_fields(who.form, who.now_ns));
  SKALD_TRY(logql::parse_log_query(params.query));
  logql::query_request query;
  query.query = params.query;
  query.start_ns = params.start_ns;
  query.end_ns = params.end_ns;
  if (!clip_to_lookback(who.limits(), who.now_ns, query.start_ns, query.end_ns)) {
    query.start_ns = query.end_ns;
  }
  query.step_ns = params.step_ns;
  query.limit = params.line_limit;
  query_renderer render = [name = std::string(request.path_value("name")),
                           limit = params.limit](const logql::query_result& found) {
    const auto& streams = std::get<logql::streams_result>(found.value);
    if (name.empty()) return render_detected_fields(detect_fields(streams, limit), limit);
    return render_detected_field_values(detect_field_values(streams, name, limit), limit);
  };
  // What selectors of queries must name is not asked of them here, and they read a few lines.
  tenant_limits limits = who.limits();
  limits.required_labels.clear();
  limits.minimum_labels_number = 0;
  limits.max_query_bytes_read = limits.max_querier_bytes_read = 0;
  launch_query(context, request, who.tenant, limits, query, std::move(render), std::move(answer));
  return {};
}

// Lines are not grouped into patterns yet: there are none to be found.
result<void> handle_patterns(const gateway_context_ptr& context, const http_request& request,
                             responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_metadata_request(*context, request));
  SKALD_TRY_ASSIGN(const label_query_params params, parse_patterns_query(who.form, who.now_ns));
  SKALD_TRY(logql::parse_log_query(params.query));
  if (context->patterns_enabled) {
    answer.send(query_json_response(render_patterns({})));
  } else {
    answer.send(empty_response(404));
  }
  return {};
}

}  // namespace

void add_detected_routes(route_table& routes, const gateway_context_ptr& context) {
  if (!context->frontend) return;
  routes.add_get_post("/loki/api/v1/detected_labels",
                      answering_errors(context, handle_detected_labels));
  routes.add_get_post("/loki/api/v1/detected_fields",
                      answering_errors(context, handle_detected_fields));
  routes.add_get_post("/loki/api/v1/detected_field/{name}/values",
                      answering_errors(context, handle_detected_fields));
  routes.add_get_post("/loki/api/v1/patterns", answering_errors(context, handle_patterns));
}

}  // namespace skald
