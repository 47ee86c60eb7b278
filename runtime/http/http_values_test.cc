// SPDX-License-Identifier: Apache-2.0
// Forms, paths, lists, budgets and responders.
#include <gtest/gtest.h>

#include "runtime/http/byte_budget.h"
#include "runtime/http/form_values.h"
#include "runtime/http/http_message.h"
#include "runtime/http/responder.h"

namespace skald {
namespace {

TEST(FormValues, ParsesPairs) {
  const auto form = parse_form("a=1&b=x+y%20z&a=2&c&=d&&e=%e2%82%ac");
  ASSERT_TRUE(form.ok());
  EXPECT_EQ(form->get("a"), "1");
  EXPECT_EQ(form->all("a"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_EQ(form->get("b"), "x y z");
  EXPECT_TRUE(form->has("c"));
  EXPECT_EQ(form->get("c"), "");
  EXPECT_EQ(form->get("e"), "€");
  EXPECT_FALSE(form->has("missing"));
}

TEST(FormValues, RefusesBadEscapesAndSemicolons) {
  EXPECT_EQ(parse_form("a=%zz").error().message, "invalid URL escape \"%zz\"");
  EXPECT_EQ(parse_form("a=%2").error().message, "invalid URL escape \"%2\"");
  EXPECT_EQ(parse_form("a=1;b=2").error().message, "invalid semicolon separator in query");
}

TEST(FormValues, BodyPairsComeFirst) {
  http_request request;
  request.method = "POST";
  request.query = "query=url&limit=5";
  request.body = "query=body";
  request.headers = {{"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
  EXPECT_EQ(request_form(request)->get("query"), "body");
  EXPECT_EQ(request_form(request)->get("limit"), "5");
  request.method = "GET";
  EXPECT_EQ(request_form(request)->get("query"), "url");
  request.method = "POST";
  request.headers = {{"Content-Type", "application/json"}};
  EXPECT_EQ(request_form(request)->get("query"), "url");
}

TEST(FormValues, SetReplacesAllValues) {
  form_values form;
  form.append("a", "1");
  form.append("a", "2");
  form.set("a", "3");
  EXPECT_EQ(form.all("a"), (std::vector<std::string_view>{"3"}));
}

TEST(CleanPath, RemovesDotsAndDoubledSlashes) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/a/b", "/a/b"},  {"/a/b/", "/a/b/"}, {"//a///b", "/a/b"}, {"/a/./b", "/a/b"},
      {"/a/../b", "/b"}, {"/../../b", "/b"}, {"/a/..", "/"},      {"", "/"},
      {"/", "/"},        {"/a/.", "/a/"},
  };
  for (const auto& [path, clean] : cases) EXPECT_EQ(clean_path(path), clean) << path;
}

TEST(HeaderLists, KnowQualities) {
  EXPECT_TRUE(list_accepts("gzip", "gzip"));
  EXPECT_TRUE(list_accepts("br, GZIP;q=0.1", "gzip"));
  EXPECT_FALSE(list_accepts("gzip;q=0", "gzip"));
  EXPECT_FALSE(list_accepts("gzip;q=0.000", "gzip"));
  EXPECT_FALSE(list_accepts("xgzip, br", "gzip"));
  EXPECT_FALSE(list_accepts("", "gzip"));
  EXPECT_EQ(media_type(" Application/JSON ; charset=utf-8"), "application/json");
  EXPECT_EQ(media_type(""), "");
}

TEST(HttpRequest, LooksHeadersUpWithoutCase) {
  http_request request;
  request.headers = {{"X-Scope-OrgID", "t1"}, {"x-scope-orgid", "t2"}};
  EXPECT_EQ(request.header("x-SCOPE-orgid"), "t1");
  EXPECT_EQ(request.header("other"), "");
}

TEST(ByteBudget, CountsLeases) {
  const auto budget = std::make_shared<byte_budget>(100);
  byte_lease a;
  byte_lease b;
  EXPECT_TRUE(budget->reserve(60, a));
  EXPECT_FALSE(budget->reserve(41, b));
  EXPECT_TRUE(budget->reserve(40, b));
  EXPECT_FALSE(b.grow(1));
  a.release();
  EXPECT_EQ(budget->bytes_used(), 40u);
  EXPECT_TRUE(b.grow(60));
  byte_lease moved = std::move(b);
  EXPECT_EQ(budget->bytes_used(), 100u);
  EXPECT_FALSE(budget->reserve(~std::uint64_t{0}, a));
  moved = byte_lease();
  EXPECT_EQ(budget->bytes_used(), 0u);
}

struct recording_exchange final : http_exchange {
  void send(http_response&& response) override { statuses.push_back(response.status); }
  void on_disconnect(std::function<void()>) override {}
  std::vector<int> statuses;
};

TEST(Responder, AnswersOnceAndNeverForgets) {
  const auto exchange = std::make_shared<recording_exchange>();
  {
    responder answer(exchange);
    answer.send(empty_response(204));
    EXPECT_FALSE(answer);
    answer.send(empty_response(200));
  }
  EXPECT_EQ(exchange->statuses, (std::vector<int>{204}));
  { responder dropped(exchange); }
  EXPECT_EQ(exchange->statuses, (std::vector<int>{204, 500}));
  {
    responder first(exchange);
    responder second = std::move(first);
    second = responder();
    EXPECT_EQ(exchange->statuses.size(), 3u);
  }
  EXPECT_EQ(exchange->statuses.size(), 3u);
}

TEST(PlainText, EndsWithANewline) {
  const http_response response = not_found_response();
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "404 page not found\n");
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(response.headers, (std::vector<http_header>{{"X-Content-Type-Options", "nosniff"}}));
}

}  // namespace
}  // namespace skald
