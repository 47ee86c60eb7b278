// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/request_metrics.h"

#include <chrono>
#include <memory>
#include <string>

namespace skald {
namespace {

// The first path segments, with the variable part of label values folded: few values for the
// metric's label.
std::string metric_route(const http_request& request) {
  constexpr std::string_view api = "/loki/api/v1/";
  const std::string& path = request.path;
  if (path.starts_with(api)) {
    if (path.starts_with("/loki/api/v1/label/")) return "loki_api_v1_label_name_values";
    static constexpr std::string_view known[] = {
        "push",   "query",        "query_range", "labels",       "label",
        "series", "format_query", "index/stats", "index/volume", "status/buildinfo"};
    for (const std::string_view name : known) {
      if (std::string_view(path).substr(api.size()) == name) {
        return route_metric_label(path);
      }
    }
    return "other";
  }
  static constexpr std::string_view known[] = {"/ready",  "/metrics",  "/flush",
                                               "/config", "/services", "/log_level"};
  for (const std::string_view name : known) {
    if (path == name) return path.substr(1);
  }
  return "other";
}

class timed_exchange final : public http_exchange {
 public:
  timed_exchange(const gateway_context& context, responder&& inner, std::string route,
                 std::string method)
      : context_(context),
        inner_(std::move(inner)),
        route_(std::move(route)),
        method_(std::move(method)),
        started_(context.time->now()) {}

  void send(http_response&& response) override {
    const double seconds = std::chrono::duration<double>(context_.time->now() - started_).count();
    context_.metrics
        ->get_histogram(metric_names::request_duration,
                        {{"route", route_},
                         {"method", method_},
                         {"status_code", std::to_string(response.status)}})
        .observe(seconds);
    inner_.send(std::move(response));
  }
  void on_disconnect(std::function<void()> callback) override {
    inner_.on_disconnect(std::move(callback));
  }

 private:
  const gateway_context& context_;
  responder inner_;
  std::string route_;
  std::string method_;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace

http_handler with_request_metrics(const gateway_context& context, http_handler inner) {
  if (context.metrics == nullptr) return inner;
  return [&context, inner = std::move(inner)](http_request&& request, responder&& answer) {
    static constexpr std::string_view methods[] = {"GET", "POST", "PUT", "DELETE", "HEAD"};
    std::string method = "other";
    for (const std::string_view known : methods) {
      if (request.method == known) method = known;
    }
    auto timed = std::make_shared<timed_exchange>(context, std::move(answer), metric_route(request),
                                                  std::move(method));
    inner(std::move(request), responder(std::move(timed)));
  };
}

}  // namespace skald
