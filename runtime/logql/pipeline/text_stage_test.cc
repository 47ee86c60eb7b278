// SPDX-License-Identifier: Apache-2.0
// logfmt, regexp, pattern, decolorize and line filters, end to end.
#include <gtest/gtest.h>

#include "runtime/logql/pipeline/pipeline_fixture.h"

namespace skald::logql {
namespace {

class TextStage : public testing::TestWithParam<stage_case> {};
TEST_P(TextStage, AnswersAsLoki) {
  EXPECT_EQ(run_case(GetParam()), GetParam().expected)
      << GetParam().stages << " on " << GetParam().line;
}

#define LOGFMT_ERROR(text) "__error__=\"LogfmtParserErr\", __error_details__=\"" text "\""

INSTANTIATE_TEST_SUITE_P(
    Logfmt, TextStage,
    testing::Values(
        stage_case{"| logfmt", "a=1 b=\"x y\" c-d=2 1a=3 e",
                   R"({_1a="3", a="1", b="x y", c_d="2"})"},
        stage_case{"| logfmt", "a=b=c d= e=1", R"({e="1"})"},
        stage_case{"| logfmt --keep-empty", "a=b=c d= e=1 f g=\"\"",
                   R"({d="", e="1", f="", g=""})"},
        stage_case{"| logfmt", R"(a="q\"\\\n\u00e9\ud83d\ude80" b="\ud800x")",
                   "{a=\"q\"\\\né🚀\", b=\" x\"}"},
        stage_case{"| logfmt", R"(a="\q" b=1)", R"({b="1"})"},
        stage_case{"| logfmt", R"(a="b"c=1)", R"({a="b", c="1"})"},
        stage_case{"| logfmt", R"(a"b=1 =2 c=3"4 d=5)", R"({d="5"})"},
        stage_case{"| logfmt", R"(a=1 b="open c=2)", R"({a="1"})"},
        stage_case{"| logfmt", "e= e=2 e=3", R"({e="2"})"},
        stage_case{"| logfmt",
                   "a=x\xFF"
                   "y b\xFF=1 c=\xEF\xBF\xBD",
                   R"({a="x y", c=" "})"},
        stage_case{"| logfmt", "a=1\tb=2\nc=3", R"({a="1", b="2", c="3"})"},
        stage_case{"| logfmt", "app=y", R"({app_extracted="y"})"},
        stage_case{"| logfmt --strict", "a=1 b=c=d e=2",
                   "{" LOGFMT_ERROR("logfmt syntax error at pos 8 : unexpected '='") ", a=\"1\"}"},
        stage_case{"| logfmt --strict", "a\"",
                   "{" LOGFMT_ERROR("logfmt syntax error at pos 2 : unexpected '\"'") "}"},
        stage_case{
            "| logfmt --strict", "a=\"x",
            "{" LOGFMT_ERROR("logfmt syntax error at pos 5 : unterminated quoted value") "}"},
        stage_case{"| logfmt --strict", R"(a="\q")",
                   "{" LOGFMT_ERROR("logfmt syntax error at pos 7 : invalid quoted value") "}"},
        stage_case{"| logfmt --strict", "a=1  ", R"({a="1"})"},
        stage_case{R"(| logfmt x="a", y="zz")", "a=1 a=2", R"({x="2", y=""})"},
        stage_case{R"(| logfmt a="b", b="a")", "a=1 b=2", R"({a="2", b="1"})"},
        stage_case{R"(| logfmt a="b")", "b=2 a=1", R"({a="1"})"},
        stage_case{R"(| logfmt a="x", b="none")", "b=1 x=3", R"({a="3", b="1"})"},
        stage_case{R"(| logfmt a="x", b="x")", "x=3", R"({a="3", b=""})"},
        stage_case{R"(| logfmt a="b", a="none")", "b=1", R"({a=""})"},
        stage_case{R"(| logfmt a_b="none")", "a-b=7 a.b=8", R"({a_b="8"})"},
        stage_case{R"(| logfmt app="none")", "app=7", R"({app_extracted="7"})"},
        stage_case{R"(| logfmt a="b \"c\" \"d\"")", "b=1", R"({a=""})"},
        stage_case{R"(| logfmt app="a", x="b")", "a=1 b=\xFF", R"({app_extracted="1", x=""})"}));

INSTANTIATE_TEST_SUITE_P(
    Regexp, TextStage,
    testing::Values(stage_case{"| regexp `(?P<m>[A-Z]+) (?P<p>/\\S*)( (?P<z>z))?`", "x GET /a/b",
                               R"({m="GET", p="/a/b", z=""})"},
                    stage_case{"| regexp `(?P<app>\\d+)`", "a 12 b 34", R"({app_extracted="12"})"},
                    stage_case{"| regexp `(?P<n>\\d+)`", "none", "{}"},
                    stage_case{"| logfmt | regexp `n=(?P<n>\\w)`", "n=12", R"({n="12"})"}));

INSTANTIATE_TEST_SUITE_P(
    Pattern, TextStage,
    testing::Values(stage_case{R"(| pattern "<ip> - <_> \"<m> <p>\"")", R"(1.1.1.1 - - "GET /x")",
                               R"({ip="1.1.1.1", m="GET", p="/x"})"},
                    stage_case{R"(| pattern "<a>  <b>")", "GET /x", R"({a="GET /x"})"},
                    stage_case{R"(| pattern "<a> <b>")", "abc", R"({a="abc"})"},
                    stage_case{R"(| pattern "<a> <b>")", "abc ", R"({a="abc", b=""})"},
                    stage_case{R"(| pattern "x<a>")", "yx1", "{}"},
                    stage_case{R"(| pattern "<a>x")", "1x2", R"({a="1"})"},
                    stage_case{R"(| pattern "<a>")", "", "{}"},
                    stage_case{R"(| pattern "<app>-<b>")", "1-2",
                               R"({app_extracted="1", b="2"})"}));

INSTANTIATE_TEST_SUITE_P(
    Decolorize, TextStage,
    testing::Values(stage_case{"| decolorize", "\x1B[31mer\x1B[0mror", "error {}"},
                    stage_case{"| decolorize", "\x1B[1;32;40mok\x1B[m", "ok {}"},
                    stage_case{"| decolorize", "\x1B]0;title\x07text", "text {}"},
                    stage_case{"| decolorize",
                               "\xC2\x9B"
                               "0mx",
                               "x {}"},
                    stage_case{"| decolorize", "plain", "{}"},
                    stage_case{"| decolorize |= \"error\"", "\x1B[31mer\x1B[0mror", "-"},
                    stage_case{R"(| decolorize | app="x" |= "error")", "\x1B[31mer\x1B[0mror",
                               "error {}"}));

INSTANTIATE_TEST_SUITE_P(
    LineFilters, TextStage,
    testing::Values(stage_case{R"(|= "b")", "abc", "{}"}, stage_case{R"(!= "b")", "abc", "-"},
                    stage_case{R"(|= "")", "x", "{}"}, stage_case{R"(!= "")", "x", "-"},
                    stage_case{R"(|~ "")", "", "{}"}, stage_case{R"(!~ "")", "x", "-"},
                    stage_case{R"(|~ ".*")", "a\nb", "{}"}, stage_case{R"(|~ ".+")", "", "-"},
                    stage_case{R"(!~ ".+")", "", "{}"}, stage_case{R"(|= "" or "AB")", "xyz", "-"},
                    stage_case{R"(|= "" or "AB")", "xABz", "{}"},
                    stage_case{R"(!= "a" or "b")", "b", "-"},
                    stage_case{R"(!= "a" or "b")", "c", "{}"},
                    stage_case{R"(|= "a" or "b")", "b", "{}"},
                    stage_case{R"(|= ip("1.1.1.1") or "AB")", "AB", "{}"},
                    stage_case{R"(|= ip("1.1.1.1") or "AB")", "1.1.1.1", "{}"},
                    stage_case{R"(!= ip("1.1.1.1"))", "1.1.1.1", "-"},
                    stage_case{R"(|~ "(?i)ERR" or "warn")", "xerrx", "{}"},
                    stage_case{R"(|> "dur=5ms")", "level=info dur=5ms", "{}"},
                    stage_case{R"(!> "")", "x", "{}"}, stage_case{R"(!> "")", "", "-"},
                    stage_case{R"(| line_format "new" |= "old")", "old", "-"},
                    stage_case{R"(| logfmt |= "a")", "a=1", R"({a="1"})"}));

}  // namespace
}  // namespace skald::logql
