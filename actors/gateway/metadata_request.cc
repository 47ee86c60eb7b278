// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/metadata_request.h"

#include <algorithm>
#include <memory>

#include "actors/gateway/frontend_call.h"
#include "runtime/base/units.h"
#include "runtime/logql/plan/query_policy.h"
#include "runtime/logql/syntax/parser.h"
#include "runtime/loki_api/error_body.h"
#include "runtime/loki_api/result_json.h"
#include "runtime/loki_api/tenant_header.h"

namespace skald {

result<metadata_request> read_metadata_request(const gateway_context& context,
                                               const http_request& request) {
  metadata_request out;
  SKALD_TRY_ASSIGN(out.tenant, resolve_tenant(request, context.tenants));
  SKALD_TRY_ASSIGN(out.form, request_form(request));
  out.snapshot = context.limits->get();
  out.now_ns = context.time->wall_now_ns();
  return out;
}

result<void> check_query_length(const tenant_limits& limits, std::int64_t start_ns,
                                std::int64_t end_ns) {
  return logql::check_query_length(start_ns, end_ns, limits.max_query_length.count());
}

result<void> check_query_range(const tenant_limits& limits, std::int64_t start_ns,
                               std::int64_t end_ns) {
  SKALD_TRY(check_query_length(limits, start_ns, end_ns));
  if (start_ns <= end_ns) return {};
  return error{errc::invalid_argument,
               "this data is no longer available, it is past now - max_query_lookback (" +
                   format_prometheus_duration(limits.max_query_lookback.count()) + ")"};
}

result<selector_list> parse_optional_selector(std::string_view text) {
  if (text.empty()) return selector_list();
  SKALD_TRY_ASSIGN(auto matchers, logql::parse_selector(text));
  return selector_list{std::move(matchers)};
}

void ask_streams(const gateway_context_ptr& context, const metadata_request& request,
                 stream_question question, responder&& answer) {
  const auto started = context->time->now();
  auto cancel = std::make_shared<cancellation>(
      started +
      std::chrono::duration_cast<std::chrono::steady_clock::duration>(
          std::max<limit_duration>(request.limits().query_timeout, std::chrono::seconds(1))));
  answer.on_disconnect([cancel] { cancel->cancel(); });
  auto waiting = std::make_shared<responder>(std::move(answer));
  one_shot<stream_summaries> reply(
      [context, waiting, started, type = question.type,
       render = std::move(question.render)](result<stream_summaries> found) {
        if (context->metrics != nullptr) {
          context->metrics->get_histogram(metric_names::query_duration, {{"type", type}})
              .observe(std::chrono::duration<double>(context->time->now() - started).count());
        }
        if (!found.ok()) return waiting->send(query_error_response(found.error()));
        waiting->send(query_json_response(render(*found)));
      });
  series_call call;
  call.tenant = request.tenant;
  call.selectors = std::move(question.selectors);
  call.range = question.range;
  call.cancel = std::move(cancel);
  call.reply = std::move(reply);
  call.detail = question.detail;
  call.in_order = question.in_order;
  tell_frontend(*context, std::move(call));
}

http_handler answering_errors(const gateway_context_ptr& context, fallible_handler handle) {
  return [context, handle](http_request&& request, responder&& answer) {
    if (auto done = handle(context, request, answer); !done.ok()) {
      answer.send(query_error_response(done.error()));
    }
  };
}

}  // namespace skald
