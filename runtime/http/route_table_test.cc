// SPDX-License-Identifier: Apache-2.0
#include "runtime/http/route_table.h"

#include <gtest/gtest.h>

#include "runtime/http/form_values.h"

namespace skald {
namespace {

struct recording_exchange final : http_exchange {
  void send(http_response&& sent) override { response = std::move(sent); }
  void on_disconnect(std::function<void()>) override {}
  http_response response;
};

// Serves one request; the handlers of these tests answer with the route and the path values.
http_response serve(const route_table& table, std::string method, std::string target) {
  http_request request;
  request.method = std::move(method);
  request.target = target;
  const std::size_t question = target.find('?');
  request.raw_path = target.substr(0, question);
  if (question != std::string::npos) request.query = target.substr(question + 1);
  request.path = percent_decode(request.raw_path, false).value();
  const auto exchange = std::make_shared<recording_exchange>();
  table.serve(std::move(request), responder(exchange));
  return exchange->response;
}

void echo(http_request&& request, responder&& answer) {
  http_response response;
  response.body = request.route;
  for (const auto& [name, value] : request.path_values) {
    response.body += " " + name + "=" + value;
  }
  answer.send(std::move(response));
}

route_table make_table(std::string prefix = "") {
  route_table table(std::move(prefix));
  table.add({{"POST"}, "/loki/api/v1/push", echo});
  table.add_get_post("/loki/api/v1/labels", echo);
  table.add_get_post("/loki/api/v1/label/{name}/values", echo);
  table.add({{"GET"}, "/loki/api/v1/rules/{ns}/{group}", echo, true});
  table.add({{"DELETE"}, "/loki/api/v1/rules/{ns}/{group}", echo, true});
  table.add({{"GET"}, "/ready", echo});
  return table;
}

TEST(RouteTable, FindsRoutesAndTheirValues) {
  const route_table table = make_table();
  EXPECT_EQ(serve(table, "POST", "/loki/api/v1/push").body, "loki_api_v1_push");
  EXPECT_EQ(serve(table, "GET", "/loki/api/v1/labels?x=1").body, "loki_api_v1_labels");
  EXPECT_EQ(serve(table, "GET", "/loki/api/v1/label/app%20x/values").body,
            "loki_api_v1_label_name_values name=app x");
  EXPECT_EQ(serve(table, "DELETE", "/loki/api/v1/rules/My%2FSpace/g").body,
            "loki_api_v1_rules_ns_group ns=My/Space group=g");
}

TEST(RouteTable, AnswersUnknownPathsWithGosText) {
  const route_table table = make_table();
  for (const std::string target :
       {"/", "/healthz", "/loki/api/v1/push/", "/loki/api/v1/label/app%2Fx/values",
        "/loki/api/v1/label/values", "/loki", "/ready/"}) {
    const http_response response = serve(table, "GET", target);
    EXPECT_EQ(response.status, 404) << target;
    EXPECT_EQ(response.body, "404 page not found\n");
    EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  }
}

TEST(RouteTable, AnswersOtherMethodsWithAnEmptyBody) {
  const route_table table = make_table();
  for (const auto& [method, target] : std::vector<std::pair<std::string, std::string>>{
           {"GET", "/loki/api/v1/push"}, {"HEAD", "/ready"}, {"OPTIONS", "/ready"}}) {
    const http_response response = serve(table, method, target);
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(response.content_type, "");
    EXPECT_TRUE(response.headers.empty());
  }
}

TEST(RouteTable, RedirectsUncleanPaths) {
  const route_table table = make_table();
  const http_response response = serve(table, "GET", "//loki/./api/v1/../v1/labels?a=b%20c");
  EXPECT_EQ(response.status, 301);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.headers,
            (std::vector<http_header>{{"Location", "/loki/api/v1/labels?a=b%20c"}}));
}

TEST(RouteTable, PutsAPrefixBeforeEveryRoute) {
  const route_table table = make_table("logs/");
  EXPECT_EQ(serve(table, "GET", "/logs/ready").body, "ready");
  EXPECT_EQ(serve(table, "GET", "/ready").status, 404);
}

}  // namespace
}  // namespace skald
