// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/query_launch.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "actors/gateway/frontend_call.h"
#include "actors/querier/querier_interface.h"
#include "runtime/loki_api/error_body.h"
#include "runtime/loki_api/result_json.h"

namespace skald {
namespace {

logql::query_limits limits_of(const gateway_context& context, const tenant_limits& tenant,
                              const http_request& request) {
  logql::query_limits limits;
  limits.max_memory_bytes = context.query_memory_bytes;
  limits.all_queries_memory = context.all_queries_memory;
  limits.max_entries =
      static_cast<std::uint32_t>(std::max<std::int64_t>(0, tenant.max_entries_limit_per_query));
  limits.max_series =
      static_cast<std::uint32_t>(std::max<std::int64_t>(0, tenant.max_query_series));
  limits.max_query_length_ns = tenant.max_query_length.count();
  limits.max_range_ns = tenant.max_query_range.count();
  limits.instant_split_ns = tenant.split_instant_metric_queries_by_interval.count();
  limits.max_streams_matchers =
      static_cast<std::uint32_t>(std::max<std::int64_t>(0, tenant.max_streams_matchers_per_query));
  limits.max_query_bytes = tenant.max_query_bytes_read;
  limits.max_querier_bytes = tenant.max_querier_bytes_read;
  limits.required_labels = tenant.required_labels;
  limits.min_matchers =
      static_cast<std::uint32_t>(std::max<std::int64_t>(0, tenant.minimum_labels_number));
  for (const blocked_query& block : tenant.blocked_queries) {
    limits.blocks.push_back(
        {block.pattern, block.compiled, block.types, block.hash, block.query_tags});
  }
  limits.query_tags = request.header("X-Query-Tags");
  limits.partial_series =
      limits.query_tags.find("Source=grafana-lokiexplore-app") != std::string::npos;
  return limits;
}

}  // namespace

void launch_query(const gateway_context_ptr& context, const http_request& request,
                  std::string tenant, const tenant_limits& limits, logql::query_request query,
                  query_renderer render, responder&& answer) {
  query.early_rejection = context->early_rejection;
  auto plan = logql::query_plan::make(query, limits_of(*context, limits, request));
  if (!plan.ok()) return answer.send(query_error_response(plan.error()));
  const auto started = context->time->now();
  auto cancel = std::make_shared<cancellation>(
      limits.query_timeout.count() > 0
          ? started + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                          limits.query_timeout)
          : std::chrono::steady_clock::time_point::max());
  answer.on_disconnect([cancel] { cancel->cancel(); });
  auto waiting = std::make_shared<responder>(std::move(answer));
  const char* type = (*plan)->is_log_query() ? "log" : "metric";
  one_shot<logql::query_result> reply([context, waiting, started, type, render = std::move(render)](
                                          result<logql::query_result> outcome) {
    const double seconds = std::chrono::duration<double>(context->time->now() - started).count();
    result<std::string> body = std::string();
    if (outcome.ok()) {
      outcome->stats.exec_seconds = seconds;
      body = render(*outcome);
    } else {
      body = std::move(outcome).error();
    }
    if (context->metrics != nullptr) {
      context->metrics->get_histogram(metric_names::query_duration, {{"type", type}})
          .observe(seconds);
      context->metrics
          ->get_counter(metric_names::queries,
                        {{"type", type},
                         {"outcome", body.ok() ? "ok" : std::string(to_string(body.error().code))}})
          .add();
    }
    if (!body.ok()) return waiting->send(query_error_response(body.error()));
    waiting->send(query_json_response(std::move(*body)));
  });
  tell_frontend(*context, query_call{std::move(tenant), std::move(*plan), std::move(cancel),
                                     std::move(reply)});
}

bool clip_to_lookback(const tenant_limits& limits, std::int64_t now_ns, std::int64_t& start_ns,
                      std::int64_t end_ns) {
  if (limits.max_query_lookback.count() <= 0) return true;
  start_ns = std::max(start_ns, now_ns - limits.max_query_lookback.count());
  return start_ns < end_ns;
}

}  // namespace skald
