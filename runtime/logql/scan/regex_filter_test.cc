// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/regex_filter.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "runtime/logql/scan/go_regex.h"

namespace skald::logql {
namespace {

regex_filter compile(std::string_view regex, regex_anchoring anchoring) {
  auto filter = regex_filter::compile(regex, anchoring);
  EXPECT_TRUE(filter.ok()) << (filter.ok() ? "" : filter.error().message);
  return *filter;
}

struct match_case {
  const char* regex;
  const char* text;
  bool unanchored;
  bool whole;
};

class RegexFilterTable : public testing::TestWithParam<match_case> {};

TEST_P(RegexFilterTable, MatchesAsGoDoes) {
  const match_case& item = GetParam();
  EXPECT_EQ(compile(item.regex, regex_anchoring::unanchored).matches(item.text), item.unanchored)
      << item.regex << " on " << item.text;
  EXPECT_EQ(compile(item.regex, regex_anchoring::whole_text).matches(item.text), item.whole)
      << item.regex << " on " << item.text;
}

INSTANTIATE_TEST_SUITE_P(
    Semantics, RegexFilterTable,
    testing::Values(
        match_case{"foo", "a foo b", true, false}, match_case{"foo", "foo", true, true},
        match_case{"a|ab", "ab", true, true}, match_case{"", "", true, true},
        match_case{"", "x", true, false}, match_case{".*", "x\ny", true, false},
        match_case{"a.b", "a\nb", false, false}, match_case{"(?s)a.b", "a\nb", true, true},
        match_case{"^b", "a\nb", false, false}, match_case{"(?m)^b", "a\nb", true, false},
        match_case{"(?i)Time", "xTIMEx", true, false}, match_case{"(?i)àé", "ÀÉ", true, true},
        match_case{"(?i)kiss", "\xE2\x84\xAAiss", true, true},  // U+212A
        match_case{"(?i)x\xC4\xB0", "axIb", true, false},
        match_case{"(?i)kiss", "ki\xC5\xBFs", false, true},  // U+017F is no capital S
        match_case{"(?i)ki.s", "ki\xC5\xBFs", true, true},
        match_case{"(?i)x\xC4\xB0", "ax\xC4\xB0", true, false},
        match_case{"(?i)(\xC5\xBF|q)", "S", true, true},
        match_case{"(?i)istanbul", "\xC4\xB0STANBUL", true, false},  // U+0130 is a capital i
        match_case{"(?i)(ankara|istanbul)", "\xC4\xB0STANBUL", true, false},
        match_case{"(?i).*izmir.*", "in \xC4\xB0zmir", true, false},
        match_case{"(?i)(mi|milas)", "M\xC4\xB0", true, false},
        match_case{"(?i)izm.r", "\xC4\xB0zmir", false, false},
        match_case{"(?i)stra\xC3\x9F", "STRA\xE1\xBA\x9E", true, true},  // U+1E9E
        match_case{"(?i)\xCF\x83", "\xCF\x82", false, true},  // sigma at a word's end is no capital
        match_case{"(?i)\xCE\xA3", "\xCF\x83", true, true},
        match_case{"(?i)\xCF\x82", "\xCF\x83", true, true},
        match_case{"a.b",
                   "a\xFF"
                   "b",
                   true, true},
        match_case{"a\xEF\xBF\xBD"
                   "b",
                   "a\xFF"
                   "b",
                   true, true},
        match_case{"a..b",
                   "a\xC3\xA9"
                   "b",
                   false, false},
        match_case{"(?<n>x)y", "xy", true, true},
        match_case{"50[0-9] .*ms", "status=503 took=3ms", true, false},
        match_case{"x.*", "axb", true, false}, match_case{"f.*|g", "of", true, false}));

TEST(RegexFilter, ErrorsAreGos) {
  EXPECT_EQ(regex_filter::compile("(", regex_anchoring::unanchored).error().message,
            "error parsing regexp: missing closing ): `(`");
  EXPECT_EQ(regex_filter::compile("a(?P<\xC3\xA9>b", regex_anchoring::unanchored).error().message,
            "error parsing regexp: invalid named capture: `(?P<\xC3\xA9>`");
  EXPECT_EQ(regex_filter::compile("a(?<\xC3\xA9>b", regex_anchoring::unanchored).error().message,
            "error parsing regexp: invalid named capture: `(?<\xC3\xA9>`");
  EXPECT_EQ(regex_filter::compile("a[", regex_anchoring::unanchored).error().message,
            "error parsing regexp: missing closing ]: `[`");
  EXPECT_EQ(regex_filter::compile("*a", regex_anchoring::unanchored).error().message,
            "error parsing regexp: missing argument to repetition operator: `*`");
}

TEST(RegexFilter, QuotesMistakenGroupsAndFlagsAsGoDoes) {
  const auto mistake = [](std::string_view regex) {
    const auto compiled = regex_filter::compile(regex, regex_anchoring::unanchored);
    const std::string_view prefix = "error parsing regexp: ";
    return compiled.ok() ? "" : compiled.error().message.substr(prefix.size());
  };
  EXPECT_EQ(mistake("x(?<=a)b"), "invalid named capture: `(?<=a)b`");
  EXPECT_EQ(mistake("(?<!a)"), "invalid named capture: `(?<!a)`");
  EXPECT_EQ(mistake("(?<=a>b)"), "invalid named capture: `(?<=a>`");
  EXPECT_EQ(mistake("(?<>a)"), "invalid named capture: `(?<>`");
  EXPECT_EQ(mistake("(?<n"), "invalid named capture: `(?<n`");
  EXPECT_EQ(mistake("(?<"), "invalid or unsupported Perl syntax: `(?<`");
  EXPECT_EQ(mistake("(?P<"), "invalid or unsupported Perl syntax: `(?P`");
  EXPECT_EQ(mistake("(?P<n(a{2,1}"), "invalid named capture: `(?P<n(a{2,1}`");
  EXPECT_EQ(mistake("(?i{2,1}"), "invalid or unsupported Perl syntax: `(?i{`");
  EXPECT_EQ(mistake("\\x\\C"), "invalid escape sequence: `\\x\\C`");
  EXPECT_EQ(mistake("[a(?<n]"), "");
  EXPECT_EQ(mistake("(?<1n>a)(?P<_>b)"), "");
}

// Selecting over a block must agree with matching line by line.
TEST(RegexFilter, SelectAndNarrowAgreeWithMatches) {
  const std::vector<std::string> lines{"GET /api/v1/users/7",
                                       "POST /api/v2/cart/x",
                                       "get /API/v1/users/7",
                                       "timeout K",
                                       "TIME\xC5\xBFout",
                                       "kelvin \xE2\x84\xAA",
                                       "bad \xFF byte",
                                       "",
                                       "a\nb"};
  std::string bytes;
  std::vector<std::uint32_t> starts{0};
  for (const std::string& line : lines) {
    bytes += line + "\n";
    starts.push_back(static_cast<std::uint32_t>(bytes.size()));
  }
  const line_column column{bytes, starts};
  const row_range all{0, static_cast<std::uint32_t>(lines.size())};
  for (const char* regex :
       {"/api/v[12]/(users|cart)/[0-9]+", "(?i)/api", "(?i)timeout", "(?i)k", "(?i)timesout",
        "d . b", "users|cart", ".*users.*", "[0-9]", "", "^$", "a.b", "x{40}"}) {
    const regex_filter filter = compile(regex, regex_anchoring::unanchored);
    row_selection expected;
    row_selection misses;
    for (std::uint32_t row = 0; row < lines.size(); ++row) {
      (filter.matches(lines[row]) ? expected : misses).push_back(row);
    }
    row_selection rows;
    filter.select(column, text_flags(), std::span(&all, 1), rows);
    EXPECT_EQ(rows, expected) << regex;
    rows.clear();
    select_all(std::span(&all, 1), rows);
    filter.narrow(column, text_flags(), rows, false);
    EXPECT_EQ(rows, misses) << regex;
  }
}

TEST(GoRegex, KnowsValidText) {
  EXPECT_TRUE(is_valid_utf8("plain and é and \xF0\x9F\x9A\x80 rockets"));
  EXPECT_TRUE(is_valid_utf8("\xEF\xBF\xBD"));
  for (const char* bad : {"\xFF", "\xC3", "12345678\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(is_valid_utf8(bad));
  }
  EXPECT_EQ(replace_invalid_utf8("a\xFF\xC3z"), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
  EXPECT_TRUE(is_ascii_text("12345678abc"));
  EXPECT_FALSE(is_ascii_text("12345678ab\x80"));
}

TEST(GoRegex, NamesMistakesAsGoDoes) {
  const std::pair<const char*, const char*> cases[] = {
      {"a\\C", "invalid escape sequence: `\\C`"},
      {"a{1001}?", "invalid repeat count: `{1001}`"},
      {"a{2,1}", "invalid repeat count: `{2,1}`"},
      {"b{1,}{1,1001}", "invalid repeat count: `{1,1001}`"},
      {"(a{99999999}", "invalid repeat count: `{99999999}`"},
      {"**{2,1}", "missing argument to repetition operator: `*`"},
      {"[{2,1}]\\x{2000}\\Q{2,1}\\E{,3}a{01}(",
       "missing closing ): "
       "`[{2,1}]\\x{2000}\\Q{2,1}\\E{,3}a{01}(`"},
  };
  for (const auto& [regex, words] : cases) {
    const auto compiled = compile_go_regex(regex);
    ASSERT_FALSE(compiled.ok()) << regex;
    EXPECT_EQ(compiled.error().message, std::string("error parsing regexp: ") + words);
  }
  EXPECT_TRUE(compile_go_regex("[\\]\\\\{2,1}]a{2}{,3}").ok());
}

}  // namespace
}  // namespace skald::logql
