// SPDX-License-Identifier: Apache-2.0
// Every function of the template language, by the examples that were seen on Loki.
#include <gtest/gtest.h>

#include "runtime/logql/template/template.h"

namespace skald::logql {
namespace {

class two_fields final : public template_fields {
 public:
  std::string_view get(std::string_view name) const override {
    if (name == "n") return "7";
    if (name == "f") return "2.5";
    return {};
  }
  void append_all(std::vector<std::pair<std::string_view, std::string_view>>& out) const override {
    out.emplace_back("n", "7");
    out.emplace_back("f", "2.5");
  }
};

// The value of one action, or "!" and the part of the error behind the position.
std::string call(const std::string& action) {
  const auto compiled = compiled_template::parse("line", "{{" + action + "}}");
  if (!compiled.ok()) return "!" + compiled.error().message;
  const two_fields fields;
  std::string out;
  const auto done = compiled->execute({&fields, "a line", 1793491200123456789}, out);
  if (done.ok()) return out;
  const std::string& message = done.error().message;
  return "!" + message.substr(message.find(">: ") + 3);
}

struct call_case {
  std::string action;
  std::string output;
};

void expect_all(const std::vector<call_case>& cases) {
  for (const call_case& c : cases) EXPECT_EQ(call(c.action), c.output) << c.action;
}

TEST(TemplateFunctions, Texts) {
  expect_all({
      {R"(lower "ÀB")", "àb"},
      {R"(upper "straße ÿ")", "STRAßE Ÿ"},
      {R"(title "hello wORLD foo-bar")", "Hello WORLD Foo-Bar"},
      {R"(trunc 3 "hello")", "hel"},
      {R"(trunc -2 "hello")", "lo"},
      {R"(trunc 9 "hello")", "hello"},
      {R"(substr 1 3 "hello")", "el"},
      {R"(substr -1 3 "hello")", "hel"},
      {R"(substr 2 -1 "hello")", "llo"},
      {R"(substr 2 99 "hello")", "llo"},
      {R"(substr 50 60 "hello world")",
       "!error calling substr: runtime error: slice bounds out of range [50:11]"},
      {R"(substr 3 1 "hello")",
       "!error calling substr: runtime error: slice bounds out of range [3:1]"},
      {R"(contains "l" "hello")", "true"},
      {R"(hasPrefix "he" "hello")", "true"},
      {R"(hasSuffix "x" "hello")", "false"},
      {R"(replace "l" "L" "hello")", "heLLo"},
      {R"(replace "" "-" "ab")", "-a-b-"},
      {R"(Replace "aaa" "a" "b" 2)", "bba"},
      {R"(repeat 2 "ab")", "abab"},
      {R"(repeat -1 "ab")", "!error calling repeat: strings: negative Repeat count"},
      {R"(trim " a ")", "a"},
      {R"(trimAll "ac," "a,b,c")", "b"},
      {R"(Trim "a,b,c" "ca")", ",b,"},
      {R"(TrimLeft "a,b" "a,")", "b"},
      {R"(TrimRight "a,b" "b")", "a,"},
      {R"(trimPrefix "a" "ab")", "b"},
      {R"(TrimPrefix "ab" "a")", "b"},
      {R"(trimSuffix "b" "ab")", "a"},
      {R"(TrimSuffix "ab" "b")", "a"},
      {R"(indent 2 "a\nb")", "  a\n  b"},
      {R"(nindent 1 "a")", "\n a"},
      {R"(alignLeft 8 "日本語")", "日本語     "},
      {R"(alignLeft 2 "日本語")", "日本"},
      {R"(alignRight 5 "abc")", "  abc"},
      {R"(alignRight 2 "abc")", "bc"},
      {R"(alignRight -1 "abc")", "abc"},
      {R"(default "d" "")", "d"},
      {R"(.missing | default "d")", "d"},
      {R"(default "d" 0)", "d"},
      {R"(default "d" .n)", "7"},
      {"__line__", "a line"},
  });
}

TEST(TemplateFunctions, Regexes) {
  expect_all({
      {R"--(regexReplaceAll "(?P<l>[a-z])" "ab1" "<${l}>")--", "<a><b>1"},
      {R"--(regexReplaceAll "([a-z]),([a-z])" "a,b,c" "$2-$1")--", "b-a,c"},
      {R"--(regexReplaceAll "x*" "abc" "-")--", "-a-b-c-"},
      {R"--(regexReplaceAll "\\B" "_é☺" "-")--", "_é-☺-"},
      {R"--(count "\\B" "_é☺")--", "2"},
      {R"--(regexReplaceAll "a" "aa" "$$$1x")--", "$$"},
      {R"--(regexReplaceAllLiteral "([a-z])" "ab" "$1")--", "$1$1"},
      {R"--(count "[a-z]" "ab1")--", "2"},
      {R"--(count "" "abc")--", "4"},
      {R"--(regexReplaceAll "(" "a" "")--",
       "!error calling regexReplaceAll: error parsing regexp: missing closing ): `(`"},
  });
}

TEST(TemplateFunctions, Numbers) {
  expect_all({
      {"add .n .f", "9"},
      {"sub 1 2", "-1"},
      {"mul 2 3 4", "24"},
      {"div -7 2", "-3"},
      {"mod -7 2", "-1"},
      {"mod 1 0", "!error calling mod: runtime error: integer divide by zero"},
      {"addf 2.5 0.1 0.2", "2.8"},
      {"addf 0.1 0.2", "0.3"},
      {"addf -1.5 0.25", "-1.25"},
      {"subf 1 0.9", "0.1"},
      {"mulf 1e10 1e12", "1e+22"},
      {"divf 1 3", "0.3333333333333333"},
      {"divf 1 0", "!error calling divf: decimal division by 0"},
      {"max 1 2.7", "2"},
      {"min .n 10", "7"},
      {"maxf .f 1.25", "2.5"},
      {"minf .f .n", "2.5"},
      {"ceil 1.2", "2"},
      {"floor -1.5", "-2"},
      {"round 123.5555 3", "123.556"},
      {"round -1.5 0", "-2"},
      {"round 10.5 0 0.6", "10"},
      {R"(int "0x10")", "16"},
      {R"(int "010")", "8"},
      {R"(int "1.9")", "1"},
      {R"(int "08")", "0"},
      {R"(int " 5")", "0"},
      {"int 1e3", "1000"},
      {R"(float64 "x")", "0"},
      {R"(bytes "2.5MB")", "2.5e+06"},
      {R"(bytes "")", "!error calling bytes: strconv.ParseFloat: parsing \"\": invalid syntax"},
      {R"(duration "1h2m")", "3720"},
      {R"(duration "1d")", "!error calling duration: time: unknown unit \"d\" in duration \"1d\""},
      {R"(duration_seconds "1.5s")", "1.5"},
  });
}

TEST(TemplateFunctions, Encodings) {
  expect_all({
      {R"(b64enc "é")", "w6k="},
      {R"(b64dec "YWI")", "ab"},
      {R"(b64dec "YWJj")", "abc"},
      {R"(b64dec "@@")", "illegal base64 data at input byte 0"},
      {R"(b64dec "YW@j")", "illegal base64 data at input byte 2"},
      {R"(urlencode "a b&c=d/é")", "a+b%26c%3Dd%2F%C3%A9"},
      {R"(urldecode "a+b%26")", "a b&"},
      {R"(urldecode "%zz")", "!error calling urldecode: invalid URL escape \"%zz\""},
      {R"(html "<a&b>")", "&lt;a&amp;b&gt;"},
      {R"(js "a'b")", "a\\'b"},
      {R"(urlquery "a b")", "a+b"},
      {R"(html (index (fromJson "{}") "x") 1 "<")", "&lt;no value&gt;1&lt;"},
      {R"(js (fromJson "null"))", "\\u003Cno value\\u003E"},
  });
}

TEST(TemplateFunctions, FromJsonReadsWhatGoReads) {
  expect_all({
      {R"(fromJson "[18446744073709551616,-99999999999999999999,123456789012345678]")",
       "[1.8446744073709552e+19 -1e+20 1.2345678901234568e+17]"},
      {R"(fromJson "[1e999,2]")", "[<nil> 2]"},
      {R"(fromJson `["\ud800","\ud83d\ude00","\\ud800","9999999999999999999999"]`)",
       "[\xEF\xBF\xBD 😀 \\ud800 9999999999999999999999]"},
      {R"(fromJson (b64dec "WyL/Il0="))", "[\xEF\xBF\xBD]"},
      {R"(fromJson "[99999999999999999999,]")", "<no value>"},
      {R"(fromJson "[099999999999999999999]")", "<no value>"},
      {R"(fromJson "[--99999999999999999999]")", "<no value>"},
  });
}

TEST(TemplateFunctions, Builtins) {
  expect_all({
      {R"(print .n 1 2 "a" "b" 3)", "71 2ab3"},
      {R"(println .n 1)", "7 1\n"},
      {R"("é" | len)", "2"},
      {R"(index (fromJson "[10,20]") 1)", "20"},
      {R"(index . "n")", "7"},
      {R"(index "x" 5)", "!error calling index: index out of range: 5"},
      {R"(slice "hello" 1 3)", "el"},
      {R"(slice "hello" 3 1)", "!error calling slice: invalid slice index: 3 > 1"},
      {R"(eq .n "1" "7")", "true"},
      {R"(ne .n "7")", "false"},
      {"eq 1 1.0", "!error calling eq: incompatible types for comparison: int and float64"},
      {"lt 1 2", "true"},
      {"le 2 2", "true"},
      {"gt 1 2", "false"},
      {R"(ge "b" "a")", "true"},
      {"lt true false", "!error calling lt: invalid type for comparison"},
  });
}

TEST(TemplateFunctions, Printf) {
  expect_all({
      {R"(printf "%s|%5s|%-5s|%05d|%x|%q" .n .n .n 42 .n .n)", "7|    7|7    |00042|37|\"7\""},
      {R"(printf "%d" .n)", "%!d(string=7)"},
      {R"(printf "%05d|%-4d|%.2f" .n .n "3.75")",
       "%!d(string=00007)|%!d(string=7   )|%!f(string=3.)"},
      {R"(printf "%+d %b" 2.5 1.0)", "%!d(float64=+2.5) 4503599627370496p-52"},
      {R"(printf "%#v %#v %+v" "a`b" (fromJson "[1,\"x\",null]") 5)",
       "\"a`b\" []interface {}{1, \"x\", interface {}(nil)} 5"},
      {R"(mulf 0 -3)", "0"},
      {R"(divf 0 -3)", "0"},
      {R"(printf "%s")", "%!s(MISSING)"},
      {R"(printf "a" "x")", "a%!(EXTRA string=x)"},
      {R"(printf "%d %v %T" 1 2.5 "s")", "1 2.5 string"},
      {R"(printf "%6.2f|%e|%g|%+d|% d|%t|%%" 2.5 1500.0 1e6 7 7 true)",
       "  2.50|1.500000e+03|1e+06|+7| 7|true|%"},
      {R"(printf "%b %o %O %X %#x %c %U %q" 5 8 8 255 255 65 65 65)",
       "101 10 0o10 FF 0xff A U+0041 'A'"},
      {R"(printf "%*d|%-*d|%.2s|%[2]d %[1]d" 4 7 4 7 "abc")", "   7|7   |ab|7 4"},
      {R"(printf "100%")", "100%!(NOVERB)"},
      {R"(printf "%[9]d" 1)", "%!d(BADINDEX)"},
      {R"(printf "%v %d" (fromJson "[1,2]") (fromJson "[\"a\"]"))", "[1 2] [%!d(string=a)]"},
  });
}

TEST(TemplateFunctions, Times) {
  expect_all({
      {R"(unixToTime "1793491200" | unixEpoch)", "1793491200"},
      {R"(unixToTime "1793491200123" | unixEpochMillis)", "1793491200123"},
      {R"(unixToTime "1793491200123456" | unixEpochNanos)", "1793491200123456000"},
      {R"(unixToTime "20758" | unixEpoch)", "1793491200"},
      {R"(unixToTime "123")", "!error calling unixToTime: unable to parse time '123': %!w(<nil>)"},
      {R"(unixToTime "abc")",
       "!error calling unixToTime: unable to parse time 'abc': strconv.ParseInt: parsing "
       "\"abc\": invalid syntax"},
      {R"(toDate "bad" "2026")", "0001-01-01 00:00:00 +0000 UTC"},
      {R"(toDateInZone "2006-01-02 15:04" "America/New_York" "2026-07-04 12:00" | unixEpoch)",
       "1783180800"},
      {R"(toDateInZone "2006-01-02" "Nowhere/Bad" "2026-07-04" | unixEpoch)", "1783123200"},
      {"__timestamp__ | unixEpochNanos", "1793491200123456789"},
      {"__timestamp__.Year", "2026"},
      {R"(__timestamp__.Format "Jan 2")", "Nov 1"},
      {"__timestamp__.Month", "November"},
      {"__timestamp__.Nope", "!can't evaluate field Nope in type time.Time"},
      {R"(unixEpoch "x")", "!can't handle \"x\" for arg of type time.Time"},
  });
}

}  // namespace
}  // namespace skald::logql
