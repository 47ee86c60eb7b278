// SPDX-License-Identifier: Apache-2.0
#include <caf/send.hpp>
#include <memory>
#include <optional>

#include "actors/distributor/distributor_interface.h"
#include "actors/gateway/distributor_core_pool.h"
#include "actors/gateway/gateway_context.h"
#include "actors/gateway/routes.h"
#include "runtime/loki_api/error_body.h"
#include "runtime/loki_api/push_codec.h"
#include "runtime/loki_api/tenant_header.h"

namespace skald {
namespace {

void count_push(const gateway_context& context, const std::string& tenant,
                const prepared_push& push) {
  if (context.metrics == nullptr) return;
  const metric_labels labels = {{"tenant", tenant}};
  context.metrics->get_counter(metric_names::distributor_lines_received, labels)
      .add(static_cast<double>(push.received_lines));
  context.metrics->get_counter(metric_names::distributor_bytes_received, labels)
      .add(static_cast<double>(push.received_bytes));
  const auto count = [&](const metric_definition& lines, const metric_definition& bytes,
                         const reason_count& reason) {
    const metric_labels with_reason = {{"tenant", tenant}, {"reason", std::string(reason.reason)}};
    context.metrics->get_counter(lines, with_reason).add(static_cast<double>(reason.lines));
    context.metrics->get_counter(bytes, with_reason).add(static_cast<double>(reason.bytes));
  };
  for (const reason_count& r : push.discarded) {
    count(metric_names::discarded_samples, metric_names::discarded_bytes, r);
  }
  for (const reason_count& r : push.mutated) {
    count(metric_names::mutated_samples, metric_names::mutated_bytes, r);
  }
}

http_response response_of(const push_answer& answer) {
  if (answer.status == 204) return push_accepted_response();
  http_response response = plain_text_response(answer.status, answer.text);
  if (answer.status == 429 || answer.status == 503) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(answer.retry_after).count();
    response.headers.emplace_back("Retry-After",
                                  std::to_string(std::max<std::int64_t>(1, seconds)));
  }
  return response;
}

// What a push becomes: an answer at once, or frames for the distributor.
struct push_work {
  std::optional<http_response> refusal;
  std::shared_ptr<prepared_push> push;
};

push_work prepare_push(const gateway_context& context, http_request& request,
                       const std::string& tenant, distributor_core& core, push_scratch& scratch) {
  const push_decode_options options{context.inflated_bytes_max, context.budget, &scratch};
  auto decoded = decode_push_in(request.header("Content-Type"), request.header("Content-Encoding"),
                                request.body, options);
  if (!decoded.ok()) return {decode_error_response(decoded.error()), nullptr};
  if (decoded->streams.empty()) return {no_streams_response(), nullptr};
  const limits_snapshot_ptr limits = context.limits->get();
  push_request_context rules;
  rules.tenant = tenant;
  rules.limits = &limits->for_tenant(tenant);
  rules.wall_now_ns = context.time->wall_now_ns();
  rules.now = context.time->now();
  push_work out{std::nullopt, std::make_shared<prepared_push>(core.prepare(*decoded, rules))};
  scratch.give_back(std::move(*decoded));
  return out;
}

void handle_push(const gateway_context_ptr& context, http_request&& request, responder&& answer) {
  auto tenant = resolve_tenant(request, context->tenants);
  if (!tenant.ok()) return answer.send(push_error_response(tenant.error()));
  if (const readiness state = context->ready(); !state.ready) {
    return answer.send(push_error_response({errc::unavailable, state.text}));
  }
  push_work work =
      context->distributor_cores->with_core([&](distributor_core& core, push_scratch& scratch) {
        return prepare_push(*context, request, *tenant, core, scratch);
      });
  if (work.refusal) return answer.send(std::move(*work.refusal));
  count_push(*context, *tenant, *work.push);

  auto waiting = std::make_shared<responder>(std::move(answer));
  one_shot<push_answer> reply([waiting](result<push_answer> outcome) {
    waiting->send(outcome.ok() ? response_of(*outcome) : push_error_response(outcome.error()));
  });
  caf::anon_send(context->distributor,
                 push_call{std::move(*tenant), std::move(work.push), std::move(reply)});
}

}  // namespace

void add_push_routes(route_table& routes, const gateway_context_ptr& context) {
  if (!context->distributor) return;
  routes.add({{"POST"}, "/loki/api/v1/push", [context](http_request&& request, responder&& answer) {
                handle_push(context, std::move(request), std::move(answer));
              }});
}

}  // namespace skald
