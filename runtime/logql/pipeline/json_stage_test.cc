// SPDX-License-Identifier: Apache-2.0
// json, json with expressions and unpack, end to end.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "runtime/logql/pipeline/pipeline_fixture.h"

namespace skald::logql {
namespace {

#define JSON_ERROR(text) "__error__=\"JSONParserErr\", __error_details__=\"" text "\""
#define NO_OBJECT JSON_ERROR("Value looks like object, but can't find closing '}' symbol")
#define NO_ARRAY JSON_ERROR("Value is array, but can't find closing ']' symbol")
#define NO_STRING JSON_ERROR("Value is string, but can't find closing '\"' symbol")
#define MALFORMED JSON_ERROR("Malformed JSON error")
#define UNKNOWN JSON_ERROR("Unknown value type")
#define ESCAPE JSON_ERROR("Encountered an invalid escape sequence in a string")

class JsonStage : public testing::TestWithParam<stage_case> {};
TEST_P(JsonStage, AnswersAsLoki) {
  EXPECT_EQ(run_case(GetParam()), GetParam().expected)
      << GetParam().stages << " on " << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(PathsToArrays, JsonStage,
                         testing::Values(stage_case{R"(| json a)", R"({"a":["x\u0041",  "\"",1]})",
                                                    R"({a="["xA",  """,1]"})"},
                                         stage_case{R"(| json a)", R"({"a":["x\q"]})", R"({a=""})"},
                                         stage_case{R"(| json a)", "{\"a\":[\"x\xEF\xBF\xBDy\"]}",
                                                    R"({a="["x y"]"})"},
                                         stage_case{R"(| json a)", R"({"a":{"k":"\u0041"}})",
                                                    R"({a="{"k":"\u0041"}"})"}));

INSTANTIATE_TEST_SUITE_P(
    Values, JsonStage,
    testing::Values(
        stage_case{"| json",
                   R"({"a":"1","b":2,"c":true,"d":null,"e":[1,{"x":"}"}],"f":{"g":{"h":1}}})",
                   R"({a="1", b="2", c="true", f_g_h="1"})"},
        stage_case{"| json", R"({"n":1.50,"m":1e5,"k":01,"j":1x,"l":-})",
                   R"({j="1x", k="01", l="-", m="1e5", n="1.50"})"},
        stage_case{"| json", R"({"f":{"":"x"},"":"y"," ":"z"})", R"({f="x"})"},
        stage_case{"| json", R"({"a":{"b":1},"a_b":2})", R"({a_b="1"})"},
        stage_case{"| json", R"({"a":"1","a":"2"})", R"({a="1"})"},
        stage_case{"| json", R"({"s":"\q","t":"\ud800","u":"\u00e9\n\"","v":"\ud83d\ude80"})",
                   "{s=\"\", t=\"\", u=\"é\n\"\", v=\"🚀\"}"},
        stage_case{"| json", "{\"a\":\"x\xEF\xBF\xBDy\xFFz\"}", R"({a="x y z"})"},
        stage_case{"| json", R"({"é":1,"sp ace":2,"a.b":3,"1k":4," t ":5})",
                   R"({_="1", _1k="4", a_b="3", sp_ace="2", t="5"})"},
        stage_case{"| json", R"({"\u0061b":1})", R"({ab="1"})"},
        stage_case{"| json", "{\"\xC3 \xA9\":1}", R"({___="1"})"},
        stage_case{"| json", R"({"a":1,}trailing)", R"({a="1"})"},
        stage_case{"| json", R"(  {"a":1} x)", R"({a="1"})"}, stage_case{"| json", "{}", "{}"},
        stage_case{"| json", R"({"app":"q"})", R"({app_extracted="q"})"}));

INSTANTIATE_TEST_SUITE_P(
    Errors, JsonStage,
    testing::Values(stage_case{"| json", "not json", "{" NO_OBJECT "}"},
                    stage_case{"| json", "", "{" NO_OBJECT "}"},
                    stage_case{"| json", "[1]", "{" NO_OBJECT "}"},
                    stage_case{"| json", "{a:1}", "{" NO_OBJECT "}"},
                    stage_case{"| json", R"({"a":1 "b":2})", "{" NO_OBJECT ", a=\"1\"}"},
                    stage_case{"| json", R"({"a":1)", "{" NO_ARRAY ", a=\"1\"}"},
                    stage_case{"| json", R"({"a":[1)", "{" NO_ARRAY "}"},
                    stage_case{"| json", R"({"a":{"b":1)", "{" NO_OBJECT "}"},
                    stage_case{"| json", R"({"a":"x)", "{" NO_STRING "}"},
                    stage_case{"| json", R"({"a":)", "{" MALFORMED "}"},
                    stage_case{"| json", R"({"a" 1})", "{" MALFORMED "}"},
                    stage_case{"| json", R"({"a)", "{" MALFORMED "}"},
                    stage_case{"| json", "{", "{" MALFORMED "}"},
                    stage_case{"| json", R"({"a":tru})", "{" UNKNOWN "}"},
                    stage_case{"| json", R"({"a":})", "{" UNKNOWN "}"},
                    stage_case{"| json", R"({"\q":1})", "{" ESCAPE "}"}));

INSTANTIATE_TEST_SUITE_P(
    Expressions, JsonStage,
    testing::Values(stage_case{R"(| json x="a.b[1].c", y="d")",
                               R"({"a":{"b":[0,{"c":"v"}]},"d":1})", R"({x="v", y="1"})"},
                    stage_case{R"(| json x="a")", R"({"a":{"k":[1, "s"]}})",
                               R"({x="{"k":[1, "s"]}"})"},
                    stage_case{R"(| json x="a")", R"({"a":[1, "s"]})", R"({x="[1, "s"]"})"},
                    stage_case{R"(| json x="a")", R"({"a":null})", R"({x=""})"},
                    stage_case{R"(| json x="zz")", R"({"a":1})", R"({x=""})"},
                    stage_case{R"(| json x="[1].a")", R"([{"a":0},{"a":"v"}])", R"({x="v"})"},
                    stage_case{R"(| json x="a[0]")", R"({"a":["s"]})", R"({x="s"})"},
                    stage_case{R"(| json x="a[5]")", R"({"a":["s"]})", R"({x=""})"},
                    stage_case{R"(| json x="a")", R"({"a":"1","a":"2"})", R"({x="1"})"},
                    stage_case{R"(| json x="a", x="c")", R"({"a":"1","c":"2"})", R"({x="2"})"},
                    stage_case{R"(| json app="a")", R"({"a":"1"})", R"({app_extracted="1"})"},
                    stage_case{R"(| json app="z")", R"({"a":"1"})", "{}"},
                    stage_case{R"(| json x="a")", R"({"a":1)", R"({x="1"})"},
                    stage_case{R"(| json x="a")", "{a:1}", R"({x=""})"},
                    stage_case{R"(| json x="a")", R"(  {"a":1})", R"({__error__="JSONParserErr"})"},
                    stage_case{R"(| json x="a")", "", "{}"},
                    stage_case{R"(| json x="ab")", R"({"\u0061b":1})", R"({x="1"})"},
                    stage_case{R"(| json x="a")", R"({"a":tru})", "{" UNKNOWN ", x=\"\"}"},
                    stage_case{R"(| json x="b")", R"({"a":[1,2)", R"({x=""})"},
                    stage_case{R"(| json x="[\"a b\"]")", R"({"a b":7})", R"({x="7"})"}));

INSTANTIATE_TEST_SUITE_P(
    Unpack, JsonStage,
    testing::Values(stage_case{"| unpack", R"({"a":"1","n":2,"app":"y","_entry":"the \"line\""})",
                               R"(the "line" {a="1", app_extracted="y"})"},
                    stage_case{"| unpack", R"({"a":"1"})", "{}"}, stage_case{"| unpack", "", "{}"},
                    stage_case{"| unpack", " {}",
                               "{" JSON_ERROR("expecting json object(6), but it is not") "}"},
                    stage_case{"| unpack", R"({"_entry":"\q"})", "{" ESCAPE "}"},
                    stage_case{"| unpack", R"({"_entry":"x")", "{" NO_ARRAY "}"}));

INSTANTIATE_TEST_SUITE_P(
    Traps, JsonStage,
    testing::Values(
        stage_case{R"(| json | label_format a="z" | a="z")", R"({"a":"1","c":"2"})", "-"},
        stage_case{R"(| json | drop a | a="")", R"({"a":"1","c":"2"})", "-"},
        stage_case{R"(| json | json a="c" | a="2")", R"({"a":"1","c":"2"})", "-"},
        stage_case{R"(| a="" | json)", R"({"a":"1","c":"2"})", "-"},
        stage_case{R"(| json | a="1" | label_format a="3" | a="3")", R"({"a":"1","c":"2"})",
                   R"({a="3", c="2"})"},
        stage_case{R"(| json | label_format a="z" | a=~"z|1")", R"({"a":"1","c":"2"})",
                   R"({a="z", c="2"})"},
        stage_case{R"(| label_format a="q" | json | a="q")", R"({"a":"1","c":"2"})",
                   R"({a="q", c="2"})"},
        stage_case{R"(| json | line_format "a=2 b=3" | logfmt)", R"({"a":"1"})",
                   R"(a=2 b=3 {a="1", b="3"})"},
        stage_case{R"(| json | drop a | line_format "a=2" | logfmt)", R"({"a":"1"})", "a=2 {}"},
        stage_case{R"(| json | __error_details__=~".+")", R"({"a":)", "-"},
        stage_case{R"(| json | __error__!="")", R"({"a":)", "{" MALFORMED "}"},
        stage_case{R"(| json | drop __error__)", R"({"a":)", "{}"},
        stage_case{R"(| json | drop __error__)", R"({"x":1,"a":)",
                   R"({__error_details__="Malformed JSON error", x="1"})"},
        stage_case{R"(| json | drop __error__, __error_details__)", R"({"x":1,"a":)", R"({x="1"})"},
        stage_case{R"(| json | label_format x=x)", R"({"x":"1"})", "{}"},
        stage_case{R"(| drop app | json)", R"({"app":"q"})", R"({app_extracted="q"})"}));

std::string times(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(JsonBounds, DeepObjectsAreRead) {
  for (const int depth : {1, 5, 6, 7, 8, 100, 499}) {
    const std::string line = times(R"({"b":{"c":2},"a":)", depth) + R"({"v":"x","w":{"y":1}})" +
                             times(R"(,"d":"}"})", depth);
    const std::string out =
        run_stages("| json | keep " + times("a_", depth) + "v, " + times("a_", depth) + "w_y, " +
                       times("a_", depth - 1) + "d, " + times("a_", depth - 1) + "b_c",
                   line);
    const std::string expected[] = {
        times("a_", depth) + "v=\"x\"", times("a_", depth) + "w_y=\"1\"",
        times("a_", depth - 1) + "d=\"}\"", times("a_", depth - 1) + "b_c=\"2\""};
    for (const std::string& label : expected) {
      EXPECT_NE(out.find(label), std::string::npos) << depth;
    }
  }
  // Deeper ones are not entered.
  EXPECT_EQ(
      run_stages("| json | line_format \"\"", times("{\"a\":", 5000) + "1" + times("}", 5000)),
      " {app=\"x\"}");
}

TEST(JsonBounds, LongPathsFindNothing) {
  const std::string line = times("[", 600) + times("]", 600);
  const auto query = [](int steps) {
    return "| json x=`" + times("[0]", steps) + "` | line_format \"\"";
  };
  EXPECT_EQ(run_stages(query(499), line),
            " {app=\"x\", x=\"" + times("[", 101) + times("]", 101) + "\"}");
  EXPECT_EQ(run_stages(query(501), line), " {app=\"x\", x=\"\"}");
}

// Each key of the inner object repeats the long one: 4,000 labels of 60 kB.
TEST(JsonBounds, PathsOfKeysAreBounded) {
  std::string line = "{\"" + std::string(60'000, 'k') + "\":{";
  for (int i = 0; i < 4000; ++i) line += "\"" + std::to_string(i) + "\":1,";
  line += "\"last\":1},\"short\":1}";
  const std::string out = run_stages("| json | line_format \"\"", line);
  const auto count = std::count(out.begin(), out.end(), '=');
  EXPECT_GT(count, 1000);
  EXPECT_LT(count, 1300);
}

}  // namespace
}  // namespace skald::logql
