// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/template.h"

#include <gtest/gtest.h>

#include <map>

namespace skald::logql {
namespace {

class map_fields final : public template_fields {
 public:
  explicit map_fields(std::map<std::string, std::string, std::less<>> values)
      : values_(std::move(values)) {}
  std::string_view get(std::string_view name) const override {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string_view() : std::string_view(found->second);
  }
  void append_all(std::vector<std::pair<std::string_view, std::string_view>>& out) const override {
    for (const auto& [name, value] : values_) out.emplace_back(name, value);
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

const map_fields& sample_fields() {
  static const map_fields fields({{"a", "7"}, {"b", "bb"}, {"json", R"({"k":"v","n":1.5})"}});
  return fields;
}

// The output, or "!" and the error.
std::string run(std::string_view text) {
  const auto compiled = compiled_template::parse("line", text);
  if (!compiled.ok()) return "!" + compiled.error().message;
  const template_input input{&sample_fields(), "the line", 1793491200123456789};
  std::string out;
  const auto done = compiled->execute(input, out);
  if (!done.ok()) {
    EXPECT_EQ(out, "");
    return "!" + done.error().message;
  }
  return out;
}

struct template_case {
  std::string_view text;
  std::string_view output;
};

TEST(Template, RunsEveryConstruct) {
  const template_case cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"{{.a}}-{{.b}}-{{.missing}}.", "7-bb-."},
      {"{{.}}", "map[a:7 b:bb json:{\"k\":\"v\",\"n\":1.5}]"},
      {"{{$.a}} {{$x := .b}}{{$x}}{{$x = \"z\"}}{{$x}}", "7 bbz"},
      {"x  {{- .a -}}  y {{- /* c */ -}} z", "x7yz"},
      {"{{/* c */}}a", "a"},
      {"{{if .missing}}y{{else}}n{{end}}", "n"},
      {"{{if .missing}}1{{else if .a}}2{{else}}3{{end}}", "2"},
      {"{{with .b}}{{.}}{{end}}{{with .missing}}x{{else with .a}}{{.}}{{end}}", "bb7"},
      {"{{range $i, $e := fromJson \"[5,6]\"}}{{$i}}={{$e}};{{end}}", "0=5;1=6;"},
      {"{{range fromJson \"[]\"}}x{{else}}none{{end}}", "none"},
      {"{{range $k, $v := fromJson .json}}{{$k}}:{{$v}} {{end}}", "k:v n:1.5 "},
      {"{{range 3}}{{.}}{{end}}", "012"},
      {"{{range 9}}{{if eq . 2}}{{continue}}{{end}}{{if eq . 4}}{{break}}{{end}}{{.}}{{end}}",
       "013"},
      {"{{define \"t\"}}<{{.}}>{{end}}{{template \"t\" .a}}", "<7>"},
      {"{{block \"b\" .a}}[{{.}}]{{end}}", "[7]"},
      {"{{(fromJson .json).k}}{{$j := fromJson .json}}{{$j.n}}", "v1.5"},
      {"{{.a | printf \"%s-%s\" \"x\"}}", "x-7"},
      {"{{1 | }}", "1"},
      {"{{'a'}} {{0x10}} {{0b11}} {{1e3}} {{2.50}} {{true}} {{`r`}}", "97 16 3 1000 2.5 true r"},
      {"{{and 1 \"\" 2}}{{or \"\" \"c\"}}{{not true}}", "cfalse"},
      {"{{fromJson \"nope\"}}", "<no value>"},
      {"{{(fromJson \"nope\").k}}{{$x := fromJson \"nope\"}}{{$x.k}}", "<no value><no value>"},
      {"{{range fromJson \"[null]\"}}{{.}}{{end}}", "<no value>"},
      {"{{fromJson \"[1,null,{\\\"a\\\":true}]\"}}", "[1 <nil> map[a:true]]"},
      {"{{__line__}} {{__timestamp__}}", "the line 2026-11-01 00:00:00.123456789 +0000 UTC"},
  };
  for (const auto& c : cases) EXPECT_EQ(run(c.text), c.output) << c.text;
}

TEST(Template, RefusesWithGosTexts) {
  const template_case cases[] = {
      {"{{", "!template: line:1: unclosed action"},
      {"a\n{{ .x\n", "!template: line:3: unclosed action started at line:2"},
      {"{{}}", "!template: line:1: missing value for command"},
      {"{{end}}", "!template: line:1: unexpected {{end}}"},
      {"{{else}}", "!template: line:1: unexpected {{else}}"},
      {"{{if .a}}x", "!template: line:1: unexpected EOF"},
      {"{{if}}{{end}}", "!template: line:1: missing value for if"},
      {"{{break}}", "!template: line:1: {{break}} outside {{range}}"},
      {"{{nosuch}}", "!template: line:1: function \"nosuch\" not defined"},
      {"{{.a}", "!template: line:1: bad character U+007D '}'"},
      {"{{.a.}}", "!template: line:1: unexpected <.> in operand"},
      {"{{(.a}}", "!template: line:1: unclosed left paren"},
      {"{{.a)}}", "!template: line:1: unexpected right paren"},
      {"{{| .a}}", "!template: line:1: unexpected \"|\" in command"},
      {"{{/* x }}", "!template: line:1: unclosed comment"},
      {"{{1x}}", "!template: line:1: bad number syntax: \"1x\""},
      {"{{\"a}}", "!template: line:1: unterminated quoted string"},
      {"{{$x}}", "!template: line:1: undefined variable \"$x\""},
      {"{{.a | 1}}", "!template: line:1: non executable command in pipeline stage 2"},
      {"{{\"s\".x}}", "!template: line:1: unexpected . after term \"\\\"s\\\"\""},
      {"{{99999999999999999999}}", "!template: line:1: integer overflow: \"99999999999999999999\""},
      {"{{if 1}}{{else}}{{else}}{{end}}", "!template: line:1: expected end; found {{else}}"},
      {"{{define \"x\"}}", "!template: line:1: unexpected EOF"},
      {"{{define \"x\"}}a{{end}}{{define \"x\"}}b{{end}}",
       "!template: line:1: template: multiple definition of template \"x\""},
      {"{{'ab'}}", "!template: line:1: malformed character constant: 'ab'"},
      {"{{''}}", "!template: line:1: invalid syntax"},
      {"{{define x}}{{end}}", "!template: line:1: unexpected \"x\" in define clause"},
  };
  for (const auto& c : cases) EXPECT_EQ(run(c.text), c.output) << c.text;
}

TEST(Template, ReportsWhereExecutionFailed) {
  const template_case cases[] = {
      {"{{ div 1 0 }}",
       "!template: line:1:3: executing \"line\" at <div 1 0>: error calling div: runtime error: "
       "integer divide by zero"},
      {"{{ .b.foo }}",
       "!template: line:1:5: executing \"line\" at <.b.foo>: can't evaluate field foo in type "
       "string"},
      {"x\n  {{ nil }}", "!template: line:2:5: executing \"line\" at <nil>: nil is not a command"},
      {"{{ gt .a 5 }}",
       "!template: line:1:3: executing \"line\" at <gt .a 5>: error calling gt: incompatible "
       "types for comparison: string and int"},
      {"{{ lower 5 }}", "!template: line:1:9: executing \"line\" at <5>: expected string; found 5"},
      {"{{ lower (len .a) }}",
       "!template: line:1:14: executing \"line\" at <.a>: wrong type for value; expected "
       "string; got int"},
      {"{{ lower }}",
       "!template: line:1:3: executing \"line\" at <lower>: wrong number of args for lower: want "
       "1 got 0"},
      {"{{ trunc }}",
       "!template: line:1:3: executing \"line\" at <trunc>: wrong number of args for trunc: want "
       "2 got 0"},
      {"{{ (fromJson \"{}\").k.z }}",
       "!template: line:1:13: executing \"line\" at <\"{}\">: nil pointer "
       "evaluating "
       "interface {}.z"},
      {"{{ .a 1 }}",
       "!template: line:1:3: executing \"line\" at <.a>: a is not a method but has arguments"},
      {"{{ range \"x\" }}{{end}}",
       "!template: line:1:9: executing \"line\" at <\"x\">: range can't iterate over x"},
      {"{{ range fromJson \"[1]\" }}{{ .x }}{{ end }}",
       "!template: line:1:29: executing \"line\" at <.x>: can't evaluate field x in type interface "
       "{}"},
      {"{{ (fromJson \"{\\\"k\\\":1}\").k.z }}",
       "!template: line:1:13: executing \"line\" at <\"{\\\"k\\\":1}\">: can't evaluate field z in "
       "type "
       "interface {}"},
      {"{{template \"t\"}}",
       "!template: line:1:11: executing \"line\" at <{{template \"t\"}}>: template \"t\" not "
       "defined"},
      {"{{define \"t\"}}{{template \"t\"}}{{end}}{{template \"t\"}}",
       "!template: line:1:25: executing \"t\" at <{{template \"t\"}}>: exceeded maximum template "
       "depth (100000)"},
  };
  for (const auto& c : cases) EXPECT_EQ(run(c.text), c.output) << c.text;
}

TEST(Template, StopsRunawayTemplates) {
  EXPECT_NE(run("{{range 1000000000}}x{{end}}").find("too many steps"), std::string::npos);
  EXPECT_NE(run("{{repeat 1000000000 \"xxxxx\"}}").find("too long"), std::string::npos);
  EXPECT_NE(run("{{$x := repeat 1000000 \"x\"}}{{range 99}}{{$x = print $x $x}}{{end}}")
                .find("result is too long"),
            std::string::npos);
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += '(';
  EXPECT_EQ(run("{{" + deep + "}}"), "!template: line:1: max expression depth exceeded");
  std::string nested;
  for (int i = 0; i < 1000; ++i) nested += "{{if 1}}";
  EXPECT_EQ(run(nested), "!template: line:1: max expression depth exceeded");
}

// Each of them once took gigabytes for one line.
TEST(Template, StopsTemplatesThatOnlyGrow) {
  const auto times = [](std::string_view text, int count) {
    std::string out;
    for (int i = 0; i < count; ++i) out += text;
    return out;
  };
  const std::string much = "{{$x := repeat 16000000 \"x\"}}";
  const std::string many = "{{$l := fromJson \"[" + times("0,", 999) + "0]\"}}";
  const std::string cases[] = {
      "{{range 400000}}" + times("y", 3000) + "{{end}}",
      "{{printf \"" + times("%1000000[1]d", 5000) + "\" 1}}",
      "{{printf \"%1000000d\" (fromJson \"[" + times("0,", 5000) + "0]\")}}",
      much + "{{print" + times(" $x", 5000) + "}}",
      much + "{{println" + times(" $x", 5000) + "}}",
      much + "{{html" + times(" $x", 5000) + "}}",
      much + "{{printf \"x\"" + times(" $x", 5000) + "}}",
      much + "{{regexReplaceAll \".*\" $x \"" + times("$0", 5000) + "\"}}",
      many + "{{range 100000}}{{$y := slice $l}}{{end}}",
      "{{range 100000}}{{$y := fromJson \"{" + times("\\\"a\\\":1,", 99) + "\\\"b\\\":[" +
          times("0,", 999) + "0]}\"}}{{end}}",
  };
  for (const std::string& text : cases) {
    const std::string out = run(text);
    EXPECT_NE(out.find("too long"), std::string::npos) << text.substr(0, 60);
    EXPECT_LT(out.size(), text.size() + 200'000) << text.substr(0, 60);
  }
}

TEST(Template, PlainTemplatesAreBounded) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "{{.big}}";
  struct : template_fields {
    std::string value = std::string(100'000, 'x');
    std::string_view get(std::string_view) const override { return value; }
    void append_all(std::vector<std::pair<std::string_view, std::string_view>>&) const override {}
  } fields;
  std::string out = "before";
  const auto done = compiled_template::parse("line", text)->execute({&fields, "", 0}, out);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().message, "template: line: output is too long");
  EXPECT_EQ(out, "before");
}

TEST(Template, EndsWithItsQuery) {
  struct : template_fields {
    std::string_view get(std::string_view) const override { return {}; }
    void append_all(std::vector<std::pair<std::string_view, std::string_view>>&) const override {}
  } fields;
  cancellation cancelled;
  cancelled.cancel();
  std::string out;
  const auto done = compiled_template::parse("line", "{{range 1000000000}}{{end}}")
                        ->execute({&fields, "", 0, &cancelled}, out);
  ASSERT_FALSE(done.ok());
  EXPECT_NE(done.error().message.find("query cancelled"), std::string::npos);
}

TEST(Template, TellsWhatItReads) {
  const auto plain = *compiled_template::parse("line", "{{.b}} {{ if .a }}{{$.c}}{{end}}");
  EXPECT_EQ(plain.field_names(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_FALSE(plain.reads_all_fields());
  EXPECT_EQ(plain.single_field(), "");
  EXPECT_TRUE(compiled_template::parse("line", "{{.}}")->reads_all_fields());
  EXPECT_EQ(compiled_template::parse("line", "{{ .x }}")->single_field(), "x");
  EXPECT_EQ(compiled_template::parse("line", "{{.x}} ")->single_field(), "");
  EXPECT_EQ(compiled_template::parse("line", "{{.x | lower}}")->single_field(), "");
}

TEST(Template, LeavesTheBufferAsItWasOnFailure) {
  const auto compiled = *compiled_template::parse("line", "text {{div 1 0}}");
  std::string out = "before";
  EXPECT_FALSE(compiled.execute({&sample_fields(), "", 0}, out).ok());
  EXPECT_EQ(out, "before");
}

}  // namespace
}  // namespace skald::logql
