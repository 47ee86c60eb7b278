// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/error_body.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/loki_api/tenant_header.h"

namespace skald {
namespace {

bool has_header(const http_response& response, std::string_view name) {
  return std::any_of(response.headers.begin(), response.headers.end(),
                     [&](const auto& header) { return header.first == name; });
}

TEST(ErrorBody, MapsEveryCodeOnBothSides) {
  struct mapping {
    errc code;
    int query, push, decode;
  };
  const mapping cases[] = {
      {errc::invalid_argument, 400, 400, 400}, {errc::not_found, 404, 500, 500},
      {errc::already_exists, 400, 500, 500},   {errc::out_of_order, 400, 400, 400},
      {errc::overloaded, 429, 429, 503},       {errc::resource_exhausted, 500, 503, 413},
      {errc::timeout, 504, 503, 503},          {errc::unavailable, 503, 503, 503},
      {errc::shutting_down, 503, 503, 503},    {errc::corrupt, 500, 500, 500},
      {errc::unauthorized, 401, 401, 401},     {errc::cancelled, 499, 500, 500},
      {errc::unimplemented, 400, 500, 500},    {errc::internal, 500, 500, 500},
  };
  for (const auto& [code, query, push, decode] : cases) {
    const error why{code, "why"};
    for (const auto& [response, status] :
         {std::pair(query_error_response(why), query), std::pair(push_error_response(why), push),
          std::pair(decode_error_response(why), decode)}) {
      EXPECT_EQ(response.status, status) << to_string(code);
      EXPECT_EQ(has_header(response, "Retry-After"), status == 503) << to_string(code);
      EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
      EXPECT_TRUE(has_header(response, "X-Content-Type-Options"));
    }
  }
}

TEST(ErrorBody, EndsPushErrorsWithANewlineAndQueryErrorsWithout) {
  const error why{errc::invalid_argument, "parse error"};
  EXPECT_EQ(push_error_response(why).body, "parse error\n");
  EXPECT_EQ(query_error_response(why).body, "parse error");
  EXPECT_EQ(plain_error_response(why).body, "parse error\n");
  EXPECT_TRUE(has_header(query_error_response(why), "Vary"));
  EXPECT_FALSE(has_header(push_error_response(why), "Vary"));
  EXPECT_EQ(query_error_response({errc::unauthorized, "no org id"}).body, "no org id\n");
}

TEST(ErrorBody, HasLokisOwnTexts) {
  EXPECT_EQ(query_error_response({errc::cancelled, "x"}).body,
            "the request was cancelled by the client");
  EXPECT_TRUE(
      query_error_response({errc::timeout, "x"}).body.starts_with("request timed out, decrease"));
  EXPECT_EQ(no_streams_response().status, 422);
  EXPECT_EQ(no_streams_response().body,
            "error at least one valid stream is required for ingestion\n");
  EXPECT_EQ(decode_error_response(
                {errc::resource_exhausted, "message size too large than max (20001 vs 20000)"})
                .body,
            body_too_large_response(20001, 20000).body);
  EXPECT_EQ(format_query_error_response({errc::invalid_argument, "a \"b\""}).body,
            "{\"status\":\"invalid-query\",\"error\":\"a \\\"b\\\"\"}\n");
  EXPECT_EQ(push_accepted_response().status, 204);
}

http_request with_tenant(std::string id) {
  http_request request;
  request.headers = {{"X-Scope-OrgID", std::move(id)}};
  return request;
}

TEST(Tenant, IsFixedWithoutAuthentication) {
  EXPECT_EQ(*resolve_tenant(with_tenant("other|x/"), {}), "fake");
  EXPECT_EQ(*resolve_read_tenants(http_request(), {.no_auth_tenant = "solo"}),
            (std::vector<std::string>{"solo"}));
}

TEST(Tenant, IsCheckedWithAuthentication) {
  const tenant_options auth{.auth_enabled = true};
  EXPECT_EQ(*resolve_tenant(with_tenant("t1"), auth), "t1");
  EXPECT_EQ(*resolve_tenant(with_tenant("a.b!-_*'()9"), auth), "a.b!-_*'()9");
  EXPECT_EQ(*resolve_tenant(with_tenant("t1|t1"), auth), "t1");
  EXPECT_EQ(*resolve_tenant(with_tenant(std::string(150, 'x')), auth), std::string(150, 'x'));
  const std::pair<std::string, std::string> bad[] = {
      {"a|b", "multiple org IDs present"},
      {"bad/tenant", "tenant ID 'bad/tenant' contains unsupported character '/'"},
      {"\u00e9", "tenant ID '\u00e9' contains unsupported character '\u00e9'"},
      {"..", "tenant ID is '.' or '..'"},
      {".", "tenant ID is '.' or '..'"},
      {std::string(151, 'x'), "tenant ID is too long: max 150 characters"},
  };
  for (const auto& [id, message] : bad) {
    const auto tenant = resolve_tenant(with_tenant(id), auth);
    ASSERT_FALSE(tenant.ok()) << id;
    EXPECT_EQ(tenant.error().code, errc::invalid_argument);
    EXPECT_EQ(tenant.error().message, message);
  }
  for (const http_request& request : {http_request(), with_tenant("")}) {
    const auto tenant = resolve_tenant(request, auth);
    ASSERT_FALSE(tenant.ok());
    EXPECT_EQ(tenant.error(), (error{errc::unauthorized, "no org id"}));
  }
}

TEST(Tenant, ReadsMayNameSeveral) {
  tenant_options options{.auth_enabled = true};
  EXPECT_EQ(resolve_read_tenants(with_tenant("a|b"), options).error().message,
            "multiple org IDs present");
  options.multi_tenant_queries_enabled = true;
  EXPECT_EQ(*resolve_read_tenants(with_tenant("b|a|b"), options),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(resolve_read_tenants(with_tenant("a||b"), options).ok());
}

}  // namespace
}  // namespace skald
