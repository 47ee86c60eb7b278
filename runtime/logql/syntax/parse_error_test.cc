// SPDX-License-Identifier: Apache-2.0
// The texts of all errors that clients see for wrong queries.
#include <gtest/gtest.h>

#include "runtime/logql/syntax/parser.h"

namespace skald::logql {
namespace {

struct error_case {
  std::string text;
  std::string message;  // behind "parse error "
};

void expect_errors(const std::vector<error_case>& cases) {
  for (const error_case& c : cases) {
    const auto query = parse_query(c.text);
    ASSERT_FALSE(query.ok()) << c.text;
    EXPECT_EQ(query.error().code, errc::invalid_argument);
    EXPECT_EQ(query.error().message, "parse error " + c.message) << c.text;
  }
}

TEST(ParseError, OfSyntax) {
  expect_errors({
      {"", ": syntax error: unexpected $end"},
      {" ", "at line 1, col 2: syntax error: unexpected $end"},
      {"{", "at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }"},
      {"{a}", "at line 1, col 3: syntax error: unexpected }, expecting = or =~ or !~ or !="},
      {"{a=\"b\"", "at line 1, col 7: syntax error: unexpected $end, expecting } or ,"},
      {"{a=\"b\",}", "at line 1, col 8: syntax error: unexpected }, expecting IDENTIFIER"},
      {"{a=b}", "at line 1, col 4: syntax error: unexpected IDENTIFIER, expecting STRING"},
      {"{a=='b'}", "at line 0, col 3: syntax error: unexpected ==, expecting = or =~ or !~ or !="},
      {"{a=\"b\"} |= a",
       "at line 1, col 12: syntax error: unexpected IDENTIFIER, expecting STRING or ip"},
      {"{a=\"b\"} |= |= \"x\"",
       "at line 0, col 12: syntax error: unexpected |=, expecting STRING or ip"},
      {"{a=\"b\"} |", "at line 1, col 10: syntax error: unexpected $end"},
      {"{a=\"b\"} foo", "at line 1, col 9: syntax error: unexpected IDENTIFIER"},
      {"{a=\"b\"} | unwrap x", "at line 1, col 11: syntax error: unexpected unwrap"},
      {"{a=\"b\"} | x=\"1\" and",
       "at line 1, col 20: syntax error: unexpected $end, expecting IDENTIFIER or ("},
      {"{a=\"b\"} | logfmt --foo",
       "at line 1, col 20: syntax error: unexpected IDENTIFIER, expecting NUMBER"},
      {"{a=\"b\"} | label_format x=",
       "at line 1, col 26: syntax error: unexpected $end, expecting IDENTIFIER or STRING"},
      {"{json=\"b\"}",
       "at line 1, col 2: syntax error: unexpected json, expecting IDENTIFIER or }"},
      {"({a=\"b\"}) |= \"x\"", "at line 0, col 11: syntax error: unexpected |="},
      {"{a=\"b\"}[5m]", "at line 0, col 8: syntax error: unexpected RANGE"},
      {"rate(", "at line 1, col 6: syntax error: unexpected $end, expecting NUMBER or { or ("},
      {"rate({a=\"b\"})", "at line 1, col 13: syntax error: unexpected )"},
      {"rate({a=\"b\"}[5m]", "at line 1, col 17: syntax error: unexpected $end, expecting )"},
      {"rate({a=\"b\"}[5m] |= \"x\" offset 1m)",
       "at line 1, col 25: syntax error: unexpected offset, expecting )"},
      {"rate({a=\"b\"} |= \"x\" [5m] | json)",
       "at line 1, col 26: syntax error: unexpected |, expecting )"},
      {"rate({a=\"b\"}[5x])", "at line 0, col 13: unknown unit \"x\" in duration \"5x\""},
      {"sum(rate({a=\"b\"}[5m])", "at line 1, col 22: syntax error: unexpected $end"},
      {"sum by a (vector(1))", "at line 1, col 1: syntax error: unexpected IDENTIFIER"},
      {"sum by (a) without (b) (vector(1))",
       "at line 1, col 12: syntax error: unexpected without, expecting ("},
      {"sum({a=\"b\"})", "at line 1, col 12: syntax error: unexpected )"},
      {"vector(-1)", "at line 1, col 8: syntax error: unexpected -, expecting NUMBER"},
      {"--1", "at line 1, col 2: syntax error: unexpected -, expecting NUMBER"},
      {"1 + on(a vector(1)",
       "at line 1, col 10: syntax error: unexpected VECTOR, expecting , or )"},
      {"1 + group_left(a) 2", "at line 1, col 5: syntax error: unexpected group_left"},
      {"avg_over_time({a=\"b\"} | unwrap",
       "at line 1, col 31: syntax error: unexpected $end, expecting IDENTIFIER or BYTES_CONV or "
       "DURATION_CONV or DURATION_SECONDS_CONV"},
      {"label_replace(vector(1), \"a\")",
       "at line 1, col 29: syntax error: unexpected ), expecting ,"},
      {"variants(1) of ({a=\"b\"})", "at line 1, col 1: syntax error: unexpected IDENTIFIER"},
  });
}

TEST(ParseError, OfSelectors) {
  const std::string no_matcher =
      ": queries require at least one regexp or equality matcher that does not have an "
      "empty-compatible value. For instance, app=~\".*\" does not meet this requirement, but "
      "app=~\".+\" will";
  for (const std::string text :
       {"{}", "{a=\"\"}", "{a=~\".*\"}", "{a=~\"x|\"}", "{a!=\"x\"}", "({})", "sum(1)",
        "rate({}[1m])", "sum(rate({a=\"b\"}[1m])) + sum(rate({a!=\"b\"}[1m]))"}) {
    expect_errors({{text, no_matcher}});
  }
  expect_errors({{"{a=~\"(\"}", ": error parsing regexp: missing closing ): `(`"}});
}

TEST(ParseError, OfStages) {
  expect_errors({
      {"{a=\"b\"} | x=~\"(\"", ": error parsing regexp: missing closing ): `(`"},
      {"{a=\"b\"} |= \"ok\" |~ \"(\"",
       ": stage '|= \"ok\" |~ \"(\"' : error parsing regexp: missing closing ): `(`"},
      {"{a=\"b\"} | regexp \"x\"",
       ": invalid regexp parser: at least one named capture must be "
       "supplied"},
      {"{a=\"b\"} | regexp \"(?P<a>x)(?P<a>y)\"",
       ": invalid regexp parser: duplicate extracted label name 'a'"},
      {"{a=\"b\"} | regexp \"(\" foo",
       ": invalid regexp parser: error parsing regexp: missing closing ): `(`"},
      {"{a=\"b\"} | pattern \"x\"", ": invalid pattern parser: at least one capture is required"},
      {"{a=\"b\"} | pattern \"<a><b>\"",
       ": invalid pattern parser: found consecutive capture '<a><b>': invalid expression"},
      {"{a=\"b\"} | pattern \"<a> <a>\"",
       ": invalid pattern parser: duplicate capture name (a): invalid expression"},
      {"{a=\"b\"} | pattern \"\"",
       ": invalid pattern parser: parse error at line 1, col 1: syntax error: unexpected $end, "
       "expecting IDENTIFIER or LITERAL"},
      {"{a=\"b\"} |> \"<a>\"",
       ": stage '|> \"<a>\"' : named captures are not allowed: found '<a>'"},
      {"{a=\"b\"} !> \"<_><_>\"",
       ": stage '!> \"<_><_>\"' : found consecutive capture '<_><_>': invalid expression"},
      {"{a=\"b\"} | line_format \"{{\"",
       ": stage '| line_format \"{{\"' : invalid line template: template: line:1: unclosed action"},
      {"{a=\"b\"} | label_format x=\"{{nope}}\"",
       ": stage '| label_format x=\"{{nope}}\"' : invalid template for label 'x': template: "
       "label:1: function \"nope\" not defined"},
      {"{a=\"b\"} | label_format x=a,x=b",
       ": stage '| label_format x=a,x=b' : multiple label name 'x' not allowed in a single format "
       "operation"},
      {"{a=\"b\"} | label_format __error__=a",
       ": stage '| label_format __error__=a' : __error__ cannot be formatted"},
      {"{a=\"b\"} |= ip(\"x\")", ": stage '|= ip(\"x\")' : ip: invalid pattern: \"x\""},
      {"{a=\"b\"} |~ ip(\"1.1.1.1\")", ": stage '|~ ip(\"1.1.1.1\")' : ip: invalid operation"},
      {"{a=\"b\"} | x=ip(\"x\")", ": stage '| x=ip(\"x\")' : ip: invalid pattern: \"x\""},
      {"{a=\"b\"} | json x=\"a..b\"",
       ": stage '| json x=\"a..b\"' : cannot parse expression [a..b]: syntax error: unexpected "
       "DOT, expecting FIELD"},
      {"{a=\"b\"} | x>0x1F",
       ": unable to parse literal as a float: strconv.ParseFloat: parsing \"0x1F\": invalid "
       "syntax"},
  });
  // Inside and/or a bad address is simply false.
  EXPECT_TRUE(parse_query("{a=\"b\"} | x=ip(\"x\") or y=\"z\"").ok());
  // No stage reads the line behind this template, so it is never compiled.
  EXPECT_TRUE(parse_query("rate({a=\"b\"} | line_format \"{{\" [1m])").ok());
  EXPECT_FALSE(parse_query("rate({a=\"b\"} | line_format \"{{\" | json [1m])").ok());
  EXPECT_FALSE(parse_query("bytes_rate({a=\"b\"} | line_format \"{{\" [1m])").ok());
  EXPECT_TRUE(parse_for_printing("{a=\"b\"} | line_format \"{{\"").ok());
}

TEST(ParseError, OfAggregations) {
  expect_errors({
      {"topk(vector(1))", ": parameter required for operation topk"},
      {"topk(1.5, vector(1))", ": invalid parameter topk(1.5,"},
      {"topk(0, vector(1))", ": invalid parameter (must be greater than 0) topk(0"},
      {"sum(1, vector(1))", ": unsupported parameter for operation sum(1,"},
      {"rate(1, {a=\"b\"}[1m])", ": parameter 1 not supported for operation rate"},
      {"quantile_over_time({a=\"b\"} | unwrap x [1m])",
       ": parameter required for operation quantile_over_time"},
      {"rate({a=\"b\"}[1m]) by (x)", ": grouping not allowed for rate aggregation"},
      {"max_over_time({a=\"b\"}[1m])", ": invalid aggregation max_over_time without unwrap"},
      {"count_over_time({a=\"b\"} | unwrap x [1m])",
       ": invalid aggregation count_over_time with unwrap"},
      {"sort by (x) (vector(1))", ": sort and sort_desc doesn't allow grouping by "},
      {"approx_topk by (x) (3, vector(1))", ": grouping not allowed for approx_topk aggregation"},
      {"sum(topk(0, rate({}[1m])))", ": invalid parameter (must be greater than 0) topk(0"},
  });
}

TEST(ParseError, OfBinaryOperations) {
  expect_errors({
      {"1 or vector(1)",
       ": unexpected literal for left leg of logical/set binary operation (or): 1.000000"},
      {"vector(1) and 2.5",
       ": unexpected literal for right leg of logical/set binary operation (and): 2.500000"},
      {"{a=\"b\"} + 1",
       ": unexpected type for left leg of binary operation (+): *syntax.MatchersExpr"},
      {"1 > {a=\"b\"} | json",
       ": unexpected type for right leg of binary operation (>): *syntax.PipelineExpr"},
      {"label_replace(vector(1),\"a\",\"b\",\"c\",\"(\")",
       ": invalid regex in label_replace: error parsing regexp: missing closing ): `^(?:()$`"},
      {"0x1F",
       ": unable to parse literal as a float: strconv.ParseFloat: parsing \"0x1F\": invalid "
       "syntax"},
  });
}

}  // namespace
}  // namespace skald::logql
