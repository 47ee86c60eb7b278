// SPDX-License-Identifier: Apache-2.0
// What valid queries mean, by their canonical print and by their trees.
#include "runtime/logql/syntax/parser.h"

#include <gtest/gtest.h>

#include "runtime/logql/syntax/printer.h"

namespace skald::logql {
namespace {

std::string print_of(std::string_view text) {
  const auto query = parse_query(text);
  return query.ok() ? to_string(*query) : "!" + query.error().message;
}

struct print_case {
  std::string_view text;
  std::string_view print;
};

TEST(Parser, ReadsLabelFiltersByLokisPrecedence) {
  const print_case cases[] = {
      {"a=1, b=2 or c=3", "( a==1 , ( b==2 or c==3 ) )"},
      {"a=1 b=2 or c=3", "( a==1 , ( b==2 or c==3 ) )"},
      {"a=1 or b=2, c=3", "( a==1 or ( b==2 , c==3 ) )"},
      {"a=1 and b=2, c=3 or d=4", "( a==1 , ( b==2 , ( c==3 or d==4 ) ) )"},
      {"a=1, b=2, c=3", "( a==1 , ( b==2 , c==3 ) )"},
      {"a=1 or b=2 and c=3", "( a==1 or ( b==2 , c==3 ) )"},
      {"a=1 and b=2 or c=3", "( ( a==1 , b==2 ) or c==3 )"},
      {"(a=1 or b=2) and c=3", "( ( a==1 or b==2 ) , c==3 )"},
      {"a=1 or b=2 or c=3", "( ( a==1 or b==2 ) or c==3 )"},
      {"a>-5m", "a>-5m0s"},
      {"a<=1.5KB", "a<=1.5kB"},
      {"a==5050B", "a==5050B"},
      {"a!=+3", "a!=3"},
      {"a=ip(\"10.0.0.0/8\")", "a=ip(\"10.0.0.0/8\")"},
      {"a=~\"foo.*\" and b!~\"o+\"", "( a=~\"foo.*\" , b!~`o+` )"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(print_of("{x=\"y\"} | " + std::string(c.text)),
              "{x=\"y\"} | " + std::string(c.print));
  }
}

TEST(Parser, ReadsEveryStage) {
  const print_case cases[] = {
      {"{a=\"b\",c!~`d`}|=\"x\"or`y`!=\"z\"or\"w\"|>\"<_>q\"",
       "{a=\"b\", c!~\"d\"} |= \"x\" or \"y\" != \"z\" != \"w\" |> \"<_>q\""},
      {"{a=\"b\"} |= ip(\"1.2.3.4\") or \"x\"", "{a=\"b\"} |= ip(\"1.2.3.4\") or \"x\""},
      {"{a=\"b\"}|json x,y=\"z[0]\"|logfmt --strict --keep-empty k|unpack|decolorize",
       "{a=\"b\"} | json x=\"x\",y=\"z[0]\" | logfmt --strict --keep-empty k=\"k\" | unpack | "
       "decolorize"},
      {"{a=\"b\"}|regexp \"(?P<n>.)\"|pattern \"<p> x\"",
       "{a=\"b\"} | regexp \"(?P<n>.)\" | pattern \"<p> x\""},
      {"{a=\"b\"}|line_format \"{{.x}}\"|label_format q=r,s=\"{{.t}}\"|drop a,b=\"c\"|keep d",
       "{a=\"b\"} | line_format \"{{.x}}\" | label_format q=r,s=\"{{.t}}\" | drop a,b=\"c\" | "
       "keep d"},
      {"{a=~\"(?<n>[<(?<])\"} |~ \"(?<n>x)\"", "{a=~\"(?<n>[<(?<])\"} |~ \"(?<n>x)\""},
      {"({a=\"b\"} |= \"x\")", "{a=\"b\"} |= \"x\""},
      {"{rate=\"b\", sum=\"c\"}", "{rate=\"b\", sum=\"c\"}"},
  };
  for (const auto& c : cases) EXPECT_EQ(print_of(c.text), c.print) << c.text;
}

TEST(Parser, ReadsEveryOrderOfARange) {
  const print_case cases[] = {
      {"rate({a=\"b\"}[5m] |= \"x\")", "rate({a=\"b\"} |= \"x\"[5m])"},
      {"rate({a=\"b\"}[5m] offset 1m |= \"x\")", "rate({a=\"b\"} |= \"x\"[5m] offset 1m0s)"},
      {"rate({a=\"b\"} |= \"x\" [5m] offset -1m)", "rate({a=\"b\"} |= \"x\"[5m] offset -1m0s)"},
      {"rate((({a=\"b\"}[1h])))", "rate({a=\"b\"}[1h])"},
      {"rate(({a=\"b\"})[1h] offset 1h)", "rate({a=\"b\"}[1h] offset 1h0m0s)"},
      {"rate(({a=\"b\"} | json)[1h])", "rate({a=\"b\"} | json[1h])"},
      {"sum_over_time(({a=\"b\"} | unwrap x)[1h])", "sum_over_time({a=\"b\"} | unwrap x[1h])"},
      {"sum_over_time(({a=\"b\"})[1h] | unwrap x)", "sum_over_time({a=\"b\"} | unwrap x[1h])"},
      {"sum_over_time({a=\"b\"}[1h] | json | unwrap duration(x) | x>1)",
       "sum_over_time({a=\"b\"} | json | unwrap duration(x) | x>1[1h])"},
      {"max_over_time({a=\"b\"} | unwrap x [1d]) by (l,m)",
       "max_over_time({a=\"b\"} | unwrap x[1d]) by (l,m)"},
      {"quantile_over_time(0.99, {a=\"b\"} | unwrap bytes(x) [1w]) without ()",
       "quantile_over_time(0.99,{a=\"b\"} | unwrap bytes(x)[1w]) without ()"},
  };
  for (const auto& c : cases) EXPECT_EQ(print_of(c.text), c.print) << c.text;
}

TEST(Parser, ReadsMetricExpressions) {
  const print_case cases[] = {
      {"sum(rate({a=\"b\"}[5m])) by (x)", "sum by (x)(rate({a=\"b\"}[5m]))"},
      {"TOPK(3, rate({a=\"b\"}[5m])) without (x)", "topk without (x)(3,rate({a=\"b\"}[5m]))"},
      {"sum by () (vector(1))", "sum(vector(1.000000))"},
      {"label_replace(vector(1),\"d\",\"$1\",\"s\",\"(.*)\")",
       "label_replace(vector(1.000000),\"d\",\"$1\",\"s\",\"(.*)\")"},
      {"vector(1) + vector(2) * vector(3)",
       "(vector(1.000000) + (vector(2.000000) * vector(3.000000)))"},
      {"vector(1) - vector(2) - vector(3)",
       "((vector(1.000000) - vector(2.000000)) - vector(3.000000))"},
      {"vector(2) ^ vector(3) ^ vector(4)",
       "(vector(2.000000) ^ (vector(3.000000) ^ vector(4.000000)))"},
      {"vector(1) > bool on(a,b) group_left(c) vector(2)",
       "(vector(1.000000) > bool on (a,b) group_left (c) vector(2.000000))"},
      {"vector(1) and ignoring(x) vector(2) or vector(3)",
       "((vector(1.000000) and ignoring (x)  vector(2.000000)) or vector(3.000000))"},
      {"1 + 2 * 3", "7"},
      {"-2 ^ 2", "4"},
      {"2 ^ 3 ^ 2", "512"},
      {"1 - -2", "3"},
      {"-5 % 3", "-2"},
      {"1 / 0", "NaN"},
      {"1 > bool 2", "0"},
      {"1 + on(a) 2", "3"},
      {"1e100", "1e+100"},
  };
  for (const auto& c : cases) EXPECT_EQ(print_of(c.text), c.print) << c.text;
}

TEST(Parser, KeepsExactValuesInTheTree) {
  const auto query = parse_query("{a=\"b\"} | x>=5050B | y=\"z\"");
  ASSERT_TRUE(query.ok());
  const log_expr& log = *query->log();
  ASSERT_EQ(log.stages.size(), 2u);
  const auto& filter = std::get<label_filter_expr>(log.stages[0]);
  EXPECT_EQ(std::get<bytes_label_filter>(filter.node),
            (bytes_label_filter{"x", compare_op::greater_or_equal, 5050}));
  EXPECT_EQ(query->metric(), nullptr);
}

TEST(Parser, ReadsSelectorsAndLogQueries) {
  const auto matchers = parse_selector("{a=\"b\", c=~\"d|e\"}");
  ASSERT_TRUE(matchers.ok());
  ASSERT_EQ(matchers->size(), 2u);
  EXPECT_EQ((*matchers)[1].value(), "d|e");
  EXPECT_EQ(parse_selector("{a=\"b\"} |= \"x\"").error().message,
            "only label matchers are supported");
  EXPECT_EQ(parse_selector("rate({a=\"b\"}[1m])").error().message,
            "only label matchers are supported");
  EXPECT_TRUE(parse_log_query("{a=\"b\"} |= \"x\"").ok());
  EXPECT_EQ(parse_log_query("rate({a=\"b\"}[1m])").error().message,
            "only log selector is supported");
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Parser, BoundsHostileQueries) {
  EXPECT_EQ(print_of(std::string(query_bytes_limit, ' ')),
            "!parse error : input size too long (131072 > 131072)");
  EXPECT_EQ(print_of(std::string(query_bytes_limit - 1, ' ')),
            "!parse error at line 1, col 131072: syntax error: unexpected $end");
  const std::string_view deep = "!parse error : expression nests too deeply";
  EXPECT_EQ(print_of(std::string(100000, '(')), deep);
  EXPECT_EQ(print_of(repeated("sum(", 20000)), deep);
  EXPECT_EQ(print_of("rate" + std::string(100000, '(')), deep);
  EXPECT_EQ(print_of(repeated("1^", 60000)), deep);
  EXPECT_EQ(print_of(repeated("vector(1)+", 10000) + "1"), deep);
  EXPECT_EQ(print_of(repeated("1+", 60000) + "1"), "60001");
  const std::string_view large =
      "!parse error : the regular expressions of the query are too large";
  EXPECT_EQ(print_of("{" + repeated("a=~\"(.{100}){9}\",", 6000) + "b=\"c\"}"), large);
  EXPECT_EQ(
      print_of(repeated("label_replace(", 1500) + "vector(1)" +
               repeated(",\"a\",\"b\",\"c\",\"(.{100}){9}\")", 1500)),
      "!parse error : invalid regex in label_replace: the regular expressions of the query are "
      "too large");
  EXPECT_EQ(print_of("{b=\"c\"}" + repeated(" |~ \"(.{100}){9}\"", 6000)).substr(0, 20),
            "!parse error : stage");
  const std::string filters = "{a=\"b\"} | ";
  const std::string_view deep_filter = "!parse error : label filter nests too deeply";
  EXPECT_EQ(print_of(filters + std::string(100000, '(')), deep_filter);
  EXPECT_EQ(print_of(filters + repeated("x=1,", 30000)), deep_filter);
  EXPECT_EQ(print_of(filters + repeated("x=1 or ", 15000)), deep_filter);
}

}  // namespace
}  // namespace skald::logql
