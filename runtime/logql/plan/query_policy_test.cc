// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/plan/query_policy.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "runtime/logql/plan/query_plan.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::string error_of(std::string query, const query_limits& limits, bool instant = false) {
  query_request request;
  request.query = std::move(query);
  request.end_ns = 100 * second;
  request.step_ns = second;
  request.instant = instant;
  const auto plan = query_plan::make(request, limits);
  return plan.ok() ? "" : plan.error().message;
}

TEST(QueryPolicy, RangeQueriesNameTheRequiredLabels) {
  query_limits limits;
  limits.required_labels = {"env", "team"};
  EXPECT_EQ(error_of("{app=\"a\", env=~\"p.+\"}", limits),
            "stream selector is missing required matchers [team], labels present in the query were "
            "[app, env]");
  EXPECT_EQ(error_of("{app=\"a\"} | env=\"x\"", limits),
            "stream selector is missing required matchers [env, team], labels present in the query "
            "were [app]");
  EXPECT_EQ(error_of("{env=\"a\", team!=\"b\"}", limits), "");
  const std::string good = "rate({env=\"a\", team=\"b\"}[1m])";
  EXPECT_EQ(
      error_of(good + " + label_replace(sum(" + good + "), \"a\", \"\", \"b\", \"\") > 1", limits),
      "");
  EXPECT_EQ(error_of(good + " / sum(rate({env=\"a\"}[1m]))", limits),
            "stream selector is missing required matchers [team], labels present in the query were "
            "[env]");
  EXPECT_EQ(error_of("vector(1)", limits), "");
  EXPECT_EQ(error_of("rate({app=\"a\"}[1m])", limits, true), "") << "instant queries are free";
}

TEST(QueryPolicy, SelectorsHaveTheLeastNumberOfMatchers) {
  query_limits limits;
  limits.min_matchers = 3;
  EXPECT_EQ(error_of("{app=\"a\", app!=\"b\"}", limits),
            "stream selector has less label matchers than required: (present: [app, app], "
            "number_present: 2, required_number_label_matchers: 3)");
  EXPECT_EQ(error_of("{app=\"a\", app!=\"b\", c=\"\"}", limits), "");
}

TEST(QueryPolicy, EntriesAreCheckedBeforeLabelsAndLabelsBeforeTheLength) {
  query_limits limits;
  limits.required_labels = {"env"};
  limits.max_query_length_ns = 50 * second;
  EXPECT_TRUE(error_of("{app=\"a\"}", limits).starts_with("stream selector is missing"));
  EXPECT_TRUE(error_of("{env=\"a\"}", limits).starts_with("the query time range exceeds"));
  limits.max_entries = 10;
  EXPECT_TRUE(error_of("{app=\"a\"}", limits).starts_with("max entries limit"));
}

struct block_case {
  query_block block;
  std::string query;
  bool blocked;
};

query_block expression(const std::string& pattern, std::vector<std::string> types = {}) {
  return {pattern, std::make_shared<const re2::RE2>(pattern), std::move(types), 0, {}};
}

TEST(QueryPolicy, BlocksByTextRegexHashAndKind) {
  const block_case cases[] = {
      {{"{app=\"a\"}", nullptr, {}, 0, {}}, " {app=\"a\"}\n", true},
      {{" {app=\"a\"} ", nullptr, {}, 0, {}}, "{app=\"a\"}", true},
      {{"{app=\"a\"}", nullptr, {}, 0, {}}, "{app=\"a\"} |= \"x\"", false},
      {{"{app=\"a\"} | json", nullptr, {}, 0, {}}, "{ app=`a` }|json", true},  // as printed
      {expression("app=\"a\""), "rate({app=\"a\"}[1m])", true},
      {expression("^app"), "rate({app=\"a\"}[1m])", false},
      {{"(", nullptr, {}, 0, {}}, "{app=\"(\"}", false},  // of no kind that could be compiled
      {{"", nullptr, {}, 0, {}}, "vector(1)", true},
      {{"", nullptr, {"metric"}, 0, {}}, "vector(1)", true},
      {{"", nullptr, {"metric"}, 0, {}}, "{app=\"a\"}", false},
      {{"", nullptr, {"limited"}, 0, {}}, "{app=\"a\"} | json", true},
      {{"", nullptr, {"limited"}, 0, {}}, "{app=\"a\"} | json | x=\"y\"", false},
      {{"", nullptr, {"metric", "filter"}, 0, {}}, "{app=\"a\"} |= \"x\"", true},
      {{"nothing like it", nullptr, {"filter"}, 2166136261U, {}}, "{app=\"a\"}", false},
      {{"nothing like it", nullptr, {"filter"}, 0xDAFFFB82, {}}, "{app=\"a\"}", false},
      {{"nothing like it", nullptr, {"limited"}, 0xDAFFFB82, {}}, "{app=\"a\"}", true},
  };
  for (const block_case& item : cases) {
    query_limits limits;
    limits.blocks = {item.block};
    EXPECT_EQ(error_of(item.query, limits), item.blocked ? "query blocked by policy" : "")
        << item.block.pattern << " on " << item.query;
  }
}

TEST(QueryPolicy, FirstBlockThatNamesTheQueryDecides) {
  query_limits limits;
  limits.blocks = {expression("app", {"metric"}), expression("app")};
  EXPECT_EQ(error_of("{app=\"a\"}", limits), "");
  limits.blocks = {expression("other"), expression("app")};
  EXPECT_EQ(error_of("{app=\"a\"}", limits), "query blocked by policy");
  limits.blocks = {{"", nullptr, {}, 7, {}}, expression("app")};
  EXPECT_EQ(error_of("{app=\"a\"}", limits), "");
}

TEST(QueryPolicy, LimitsBytesWithLokisTexts) {
  query_limits limits;
  EXPECT_TRUE(check_query_bytes(UINT64_MAX, limits).ok());
  EXPECT_TRUE(check_querier_bytes(UINT64_MAX, limits).ok());
  limits.max_query_bytes = limits.max_querier_bytes = 1 << 20;
  EXPECT_TRUE(check_query_bytes(1 << 20, limits).ok());
  EXPECT_TRUE(check_querier_bytes(1 << 20, limits).ok());
  EXPECT_EQ(check_query_bytes(49 << 20, limits).error().message,
            "the query would read too many bytes (query: 49 MiB, limit: 1.0 MiB); consider adding "
            "more specific stream selectors or reduce the time range of the query");
  limits.max_querier_bytes = 1000;
  const error why = check_querier_bytes(161'061'273'600, limits).error();
  EXPECT_EQ(why.code, errc::invalid_argument);
  EXPECT_EQ(why.message,
            "query too large to execute on a single querier: (query: 150 GiB, limit: 1000 B); "
            "consider adding more specific stream selectors, reduce the time range of the query, "
            "or adjust parallelization settings");
}

TEST(QueryPolicy, PrintsSizesWithTwoDigits) {
  const std::pair<std::uint64_t, std::string> cases[] = {
      {1, "1 B"},           {1023, "1023 B"},        {1024, "1.0 KiB"},
      {10188, "9.9 KiB"},   {10230, "10 KiB"},       {1048575, "1024 KiB"},
      {1 << 20, "1.0 MiB"}, {1ULL << 40, "1.0 TiB"}, {1ULL << 60, "1.0 EiB"}};
  for (const auto& [bytes, text] : cases) {
    query_limits limits;
    limits.max_query_bytes = bytes;
    const auto refused = check_query_bytes(UINT64_MAX, limits);
    EXPECT_NE(refused.error().message.find("(query: 16 EiB, limit: " + text + ")"),
              std::string::npos)
        << refused.error().message;
  }
}

TEST(QueryPolicy, LimitsNoBytesOfLogQueriesWithoutFilter) {
  const std::pair<std::string, std::uint64_t> cases[] = {{"{app=\"a\"}", 0},
                                                         {"{app=\"a\"} | json", 0},
                                                         {"{app=\"a\"} |= \"x\"", 7},
                                                         {"{app=\"a\"} | json | x=\"y\"", 7},
                                                         {"rate({app=\"a\"}[1m])", 7}};
  for (const auto& [query, limit] : cases) {
    query_limits limits;
    limits.max_query_bytes = limits.max_querier_bytes = 7;
    query_request request;
    request.query = query;
    request.end_ns = request.step_ns = second;
    const auto plan = query_plan::make(request, limits);
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    EXPECT_EQ((*plan)->limits().max_query_bytes, limit) << query;
    EXPECT_EQ((*plan)->limits().max_querier_bytes, limit) << query;
  }
}

TEST(QueryPolicy, BlocksByTagsOfTheQuery) {
  const std::pair<std::string, bool> cases[] = {
      {"", false},
      {"Source=Grafana", false},
      {"Feature=beta", false},
      {"Source=Grafana,Feature=beta", true},
      {" feature = BETA ,x, Source=other , SOURCE=grafana", true},
      {"Source=Grafana,Feature=beta2", false},
      {"=,,=", false},
  };
  query_limits limits;
  limits.blocks = {{"", nullptr, {}, 0, {{"feature", "beta"}, {"source", "grafana"}}}};
  for (const auto& [tags, blocked] : cases) {
    limits.query_tags = tags;
    EXPECT_EQ(error_of("{app=\"a\"}", limits), blocked ? "query blocked by policy" : "") << tags;
  }
}

}  // namespace
}  // namespace skald::logql
