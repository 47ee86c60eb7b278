// SPDX-License-Identifier: Apache-2.0
// Label filters, line_format, label_format, drop, keep and structured metadata, end to end.
#include <gtest/gtest.h>

#include "runtime/logql/pipeline/label_regex.h"
#include "runtime/logql/pipeline/pipeline_fixture.h"

namespace skald::logql {
namespace {

class LabelStage : public testing::TestWithParam<stage_case> {};
TEST_P(LabelStage, AnswersAsLoki) {
  EXPECT_EQ(run_case(GetParam()), GetParam().expected)
      << GetParam().stages << " on " << GetParam().line;
}

#define FILTER_ERROR(text) "__error__=\"LabelFilterErr\", __error_details__=\"" text "\""

INSTANTIATE_TEST_SUITE_P(
    Filters, LabelStage,
    testing::Values(
        stage_case{R"(| logfmt | missing!=1)", "a=1", "-"},
        stage_case{R"(| logfmt | missing!="x")", "a=1", R"({a="1"})"},
        stage_case{R"(| logfmt | missing="")", "a=1", R"({a="1"})"},
        stage_case{
            R"(| logfmt | s>1)", "s=foo",
            "{" FILTER_ERROR("strconv.ParseFloat: parsing \"foo\": invalid syntax") ", s=\"foo\"}"},
        stage_case{R"(| logfmt | d>1h)", "d=1d",
                   "{" FILTER_ERROR("time: unknown unit \"d\" in duration \"1d\"") ", d=\"1d\"}"},
        stage_case{R"(| logfmt | d>5s)", "d=5",
                   "{" FILTER_ERROR("time: missing unit in duration \"5\"") ", d=\"5\"}"},
        stage_case{R"(| logfmt --keep-empty | d>5s)",
                   "d=", "{" FILTER_ERROR("time: invalid duration \"\"") ", d=\"\"}"},
        stage_case{R"(| logfmt | d>5s)", "d=1m", R"({d="1m"})"},
        stage_case{R"(| logfmt | v==5050B)", "v=5050B", R"({v="5050B"})"},
        stage_case{R"(| logfmt | v>1MB)", "v=\"5 MB\"", R"({v="5 MB"})"},
        stage_case{R"(| logfmt | s>1 | n>100)", "s=foo n=50", "-"},
        stage_case{R"(| logfmt | n!=5)", "n=nan", R"({n="nan"})"},
        stage_case{R"(| logfmt | n<5)", "n=nan", "-"},
        stage_case{R"(| logfmt | n>=16)", "n=0x1p4", R"({n="0x1p4"})"},
        stage_case{R"(| logfmt | x="9", y="2" or y="2")", "x=1 y=2", "-"},
        stage_case{R"(| logfmt | x="9" and y="2" or y="2")", "x=1 y=2", R"({x="1", y="2"})"},
        stage_case{R"(| logfmt | x="1" or s>1)", "x=1 s=foo", R"({s="foo", x="1"})"},
        stage_case{R"(| logfmt | a=ip("10.0.0.0/8"))", "a=\"from 10.1.2.3\"",
                   R"({a="from 10.1.2.3"})"},
        stage_case{R"(| logfmt | a!=ip("10.0.0.0/8"))", "a=none", R"({a="none"})"},
        stage_case{R"(| logfmt | b!=ip("10.0.0.0/8"))", "a=none", "-"}));

TEST(LabelRegex, SimplifiesLikeLoki) {
  using test = label_regex::test;
  using kind = test::kind;
  struct shape {
    const char* regex;
    std::vector<test> expected;
  };
  const std::vector<shape> shapes{
      {"foo", {{kind::equals, "foo", false}}},
      {"foo|bar", {{kind::equals, "foo", false}, {kind::equals, "bar", false}}},
      {".*", {{kind::always, "", false}}},
      {".+", {{kind::not_empty, "", false}}},
      {".*foo.*", {{kind::contains, "foo", false}}},
      {"foo(bar|qux.*)", {{kind::contains, "foobar", false}, {kind::contains, "fooqux", false}}},
      {"(?i)foo.*", {{kind::contains, "foo", true}}},
      {"|foo", {{kind::equals, "foo", false}}},
      {"foo|.*", {{kind::equals, "foo", false}}},
      {"foo|.+", {{kind::equals, "foo", false}, {kind::not_empty, "", false}}},
      {"|.*", {{kind::always, "", false}, {kind::always, "", false}}},
      {".*a.*b", {}},
      {"foo(bar)", {}},
      {"(foo|bar).*", {}},
      {".{2,}", {}},
      {".{0,5}", {}},
      {"foo.+", {}},
      {"(?i)é.*", {}},
  };
  for (const shape& item : shapes) {
    const auto regex = label_regex::compile(item.regex);
    ASSERT_TRUE(regex.ok());
    EXPECT_EQ(regex->tests(), item.expected) << item.regex;
  }
}

TEST(LabelRegex, TellsWhatLineFiltersComeDownTo) {
  EXPECT_EQ(line_regex_in_effect("a.b|"), std::nullopt);
  EXPECT_EQ(line_regex_in_effect("foo|bar"), std::nullopt);
  EXPECT_EQ(line_regex_in_effect(".*"), "");
  EXPECT_EQ(line_regex_in_effect("()"), "");
  EXPECT_EQ(line_regex_in_effect("|foo.x"), std::nullopt);
  EXPECT_EQ(line_regex_in_effect("|foo\\.x|(?i)bar"), "(?:foo\\.x)|(?i:bar)");
  EXPECT_EQ(line_regex_in_effect(".*|.+"), "(?s:.)");
}

INSTANTIATE_TEST_SUITE_P(
    Formats, LabelStage,
    testing::Values(
        stage_case{R"(| logfmt | line_format "{{.a}}-{{.app}}-{{.no}}")", "a=1", R"(1-x- {a="1"})"},
        stage_case{R"(| logfmt | line_format "{{.a}}")", "a=1", R"(1 {a="1"})"},
        stage_case{R"(| json | line_format "{{.__error__}}")", "x",
                   " {__error__=\"JSONParserErr\", __error_details__=\"Value looks like object, "
                   "but can't find closing '}' symbol\"}"},
        stage_case{R"(| logfmt | label_format b=a)", "a=1", R"({b="1"})"},
        stage_case{R"(| logfmt | label_format b=zz)", "a=1", R"({a="1"})"},
        stage_case{R"(| logfmt | label_format a="1", b="{{.a}}")", "x=1",
                   R"({a="1", b="", x="1"})"},
        stage_case{R"(| logfmt | label_format y=x, z="{{.x}}/{{.y}}", w="w")", "x=1",
                   R"({w="w", y="1", z="/1"})"},
        stage_case{R"(| logfmt | label_format z="{{.x}}/{{.y}}", y=x, w="w")", "x=1",
                   R"({w="w", y="1", z="1/"})"},
        stage_case{R"(| json | label_format e=__error__)", "{}", "{}"},
        stage_case{R"(| label_format app="new")", "l", R"({app="new"})"},
        stage_case{R"(| label_format env=app)", "l", R"({env="x"})"}));

INSTANTIATE_TEST_SUITE_P(
    DropKeep, LabelStage,
    testing::Values(stage_case{R"(| logfmt | drop a, b="2")", "a=1 b=3 c=4", R"({b="3", c="4"})"},
                    stage_case{R"(| logfmt | drop a=~"1|2")", "a=1 b=3", R"({b="3"})"},
                    stage_case{R"(| logfmt | drop app)", "a=1", R"({a="1"})"},
                    stage_case{R"(| logfmt | keep a, b="2")", "a=1 b=3 c=4", R"({a="1"})"},
                    stage_case{R"(| logfmt --strict | keep z)", "a\"",
                               "{__error__=\"LogfmtParserErr\", __error_details__=\"logfmt syntax "
                               "error at pos 2 : unexpected '\"'\"}"}));

#define NO_OBJECT "__error_details__=\"Value looks like object, but can't find closing '}' symbol\""

// Details that lost their error show as soon as anything else was changed.
INSTANTIATE_TEST_SUITE_P(
    OrphanedDetails, LabelStage,
    testing::Values(
        stage_case{R"(| json | drop __error__)", "x", "{}"},
        stage_case{R"(| json | drop __error__ | drop none)", "x", "{}"},
        stage_case{R"(| json | drop __error__ | drop none="z")", "x", "{}"},
        stage_case{R"(| json | drop __error__ | drop none="")", "x", "{" NO_OBJECT "}"},
        stage_case{R"(| json | drop __error__ | line_format "[{{.__error_details__}}]")", "x",
                   "[] {}"},
        stage_case{R"(| json | drop __error__ | label_format d="[{{.__error_details__}}]")", "x",
                   "{" NO_OBJECT ", d=\"[]\"}"},
        stage_case{R"(| json | drop __error__ | drop none="" | line_format "{{len .}}")", "x",
                   "2 {" NO_OBJECT "}"}));

INSTANTIATE_TEST_SUITE_P(
    TemplatesWithoutLabels, LabelStage,
    testing::Values(stage_case{R"(| drop app | label_format a="1", b="{{.a}}", c="{{.b}}")", "x",
                               R"({a="1", b="1", c=""})"},
                    stage_case{R"(| label_format a="1", b="{{.a}}")", "x", R"({a="1", b=""})"}));

INSTANTIATE_TEST_SUITE_P(
    RegexFilters, LabelStage,
    testing::Values(stage_case{R"(| logfmt | s=~"oo.*")", "s=foo", R"({s="foo"})"},
                    stage_case{R"(| logfmt | s=~".*fo")", "s=foo", R"({s="foo"})"},
                    stage_case{R"(| logfmt | s!~"oo.*")", "s=foo", "-"},
                    stage_case{R"(| logfmt | s=~"o+")", "s=foo", "-"},
                    stage_case{R"(| logfmt | s=~"fo|oo")", "s=foo", "-"},
                    stage_case{"| logfmt | t=~`fo(o|x)`", "t=xfoox", "-"},
                    stage_case{R"(| logfmt | t=~"f.o")", "t=xfoox", "-"},
                    stage_case{R"(| logfmt | s=~"(?i)FOO")", "s=foo", R"({s="foo"})"},
                    stage_case{R"(| logfmt | s=~"(?i)CHLOÉ")", "s=chloé", R"({s="chloé"})"},
                    stage_case{R"(| logfmt | nosuch=~".*")", "s=foo", R"({s="foo"})"},
                    stage_case{R"(| logfmt | nosuch!~".+")", "s=foo", R"({s="foo"})"},
                    stage_case{R"(| logfmt | level=~"warn|error")", "level=errors", "-"}));

pipeline_input with_metadata() {
  return {"{app=\"x\"}", {{"sm", "1"}, {"app", "y"}}, 0};
}

TEST(StructuredMetadata, IsPartOfTheLabels) {
  EXPECT_EQ(run_stages("", "l", with_metadata()), R"(l {app="x", app_extracted="y", sm="1"})");
  EXPECT_EQ(run_stages(R"(| sm="2")", "l", with_metadata()), "-");
  EXPECT_EQ(run_stages("| logfmt", "sm=2", with_metadata()),
            R"(sm=2 {app="x", app_extracted="y", sm="1", sm_extracted="2"})");
  EXPECT_EQ(run_stages("| drop sm | logfmt", "sm=2", with_metadata()),
            R"(sm=2 {app="x", app_extracted="y", sm="2"})");
  EXPECT_EQ(run_stages("| label_format sm=`z` | logfmt", "sm=2", with_metadata()),
            R"(sm=2 {app="x", app_extracted="y", sm="z"})");
}

TEST(Unpack, AsksForClashesByTheKeyAsItStands) {
  const pipeline_input input{"{a_b=\"s\"}", {}, 0};
  EXPECT_EQ(run_stages("| unpack", R"({"a-b":"1","_entry":"e"})", input), R"(e {a_b="1"})");
  EXPECT_EQ(run_stages("| unpack", R"({"a_b":"1","_entry":"e"})", input),
            R"(e {a_b="s", a_b_extracted="1"})");
}

TEST(StructuredMetadata, CategoriesFollowTheLastWriter) {
  const auto stream = make_stream("{app=\"x\"}");
  const pipeline_input input = with_metadata();
  printing_sink sink;
  pipeline_runner plain(compile_stages("| logfmt"));
  ASSERT_TRUE(plain.run_line(*stream, input.metadata, 0, "z=1", sink));
  EXPECT_EQ(sink.categories, "smmp");
  pipeline_runner renaming(compile_stages("| label_format app=`n`, q=sm"));
  ASSERT_TRUE(renaming.run_line(*stream, input.metadata, 0, "z=1", sink));
  EXPECT_EQ(sink.text, R"(z=1 {app="n", app_extracted="y", q="1"})");
  EXPECT_EQ(sink.categories, "pmp");
}

TEST(StructuredMetadata, MayCarryAnError) {
  const pipeline_input input{
      "{app=\"x\"}", {{"__error__", "Old"}, {"__error_details__", "why"}}, 0};
  EXPECT_EQ(run_stages("", "l", input), R"(l {__error__="Old", __error_details__="why", app="x"})");
  // A stream label of that name comes first.
  const pipeline_input taken{"{__error__=\"Own\"}", {{"__error__", "Old"}}, 0};
  EXPECT_EQ(run_stages("", "l", taken), R"(l {__error__="Own", __error___extracted="Old"})");
}

}  // namespace
}  // namespace skald::logql
