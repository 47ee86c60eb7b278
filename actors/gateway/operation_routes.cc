// SPDX-License-Identifier: Apache-2.0
#include <caf/send.hpp>
#include <memory>

#include "actors/gateway/gateway_context.h"
#include "actors/gateway/routes.h"
#include "actors/ingester/ingester_interface.h"
#include "runtime/base/log.h"
#include "runtime/http/form_values.h"
#include "runtime/loki_api/error_body.h"
#include "runtime/loki_api/json_writer.h"
#include "runtime/loki_api/result_json.h"

namespace skald {
namespace {

http_response plain_ok(std::string body) {
  http_response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  response.compressible = true;
  return response;
}

http_response json_ok(std::string body) {
  http_response response;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

// Adds a route whose answer needs nothing but the context.
template <class F>
void add_simple(route_table& routes, std::vector<std::string> methods, std::string pattern,
                F&& make) {
  routes.add({std::move(methods), std::move(pattern),
              [make = std::forward<F>(make)](http_request&& request, responder&& answer) {
                answer.send(make(request));
              }});
}

http_response set_log_level_from(const http_request& request) {
  const auto form = request_form(request);
  const std::string wanted(form.ok() ? form->get("log_level") : "");
  const auto level = parse_log_level(wanted);
  if (!level.ok()) {
    std::string body = "{\"status\":\"failed\",\"message\":";
    append_json_string(body, "unrecognized log level \"" + wanted + "\"");
    http_response response = json_ok(body + "}\n");
    response.status = 400;
    return response;
  }
  set_log_level(*level);
  return json_ok("{\"status\":\"success\",\"message\":\"Log level set to " + wanted + "\"}\n");
}

void handle_flush(const gateway_context_ptr& context, responder&& answer) {
  auto waiting = std::make_shared<responder>(std::move(answer));
  caf::anon_send(
      context->ingester, flush_request{one_shot<bool>([waiting](const result<bool>& done) {
        waiting->send(done.ok() ? empty_response(204) : plain_error_response(done.error()));
      })});
}

http_response tenant_limits_response(const gateway_context& context, const http_request& request) {
  const auto tenant = resolve_tenant(request, context.tenants);
  if (!tenant.ok()) return plain_error_response(tenant.error());
  return plain_ok(context.tenant_limits_yaml(*tenant));
}

}  // namespace

void add_operation_routes(route_table& routes, const gateway_context_ptr& context) {
  add_simple(routes, {"GET"}, "/ready", [context](const http_request&) {
    const readiness state = context->ready();
    return state.ready ? plain_ok("ready\n") : plain_text_response(503, state.text);
  });
  add_simple(routes, {"GET"}, "/metrics", [context](const http_request&) {
    http_response response = plain_ok(context->metrics->render_text());
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    return response;
  });
  add_simple(routes, {"GET"}, "/config",
             [context](const http_request&) { return plain_ok(context->config_yaml); });
  add_simple(routes, {"GET"}, "/config/tenant/v1/limits", [context](const http_request& request) {
    return tenant_limits_response(*context, request);
  });
  add_simple(routes, {"GET"}, "/services",
             [context](const http_request&) { return plain_ok(context->services()); });
  add_simple(routes, {"GET"}, "/log_level", [](const http_request&) {
    return json_ok("{\"message\":\"Current log level is " +
                   std::string(to_string(current_log_level())) + "\"}\n");
  });
  add_simple(routes, {"POST"}, "/log_level", set_log_level_from);
  add_simple(routes, {"GET"}, "/loki/api/v1/status/buildinfo",
             [context](const http_request&) { return json_ok(render_build_info(context->build)); });
  if (context->ingester) {
    routes.add_get_post("/flush", [context](http_request&&, responder&& answer) {
      handle_flush(context, std::move(answer));
    });
  }
}

}  // namespace skald
