// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/literal_requirement.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include <random>

#include "runtime/logql/scan/regex_syntax.h"

namespace skald::logql {
namespace {

struct requirement_case {
  const char* regex;
  const char* expected;
};

class LiteralRequirementTable : public testing::TestWithParam<requirement_case> {};

TEST_P(LiteralRequirementTable, FindsRequiredLiterals) {
  EXPECT_EQ(to_string(required_literals(GetParam().regex)), GetParam().expected)
      << GetParam().regex;
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, LiteralRequirementTable,
    testing::Values(
        requirement_case{"abc", R"("abc")"}, requirement_case{"", "*"},
        requirement_case{"a.*b", R"(and("a", "b"))"},
        requirement_case{"abc|def", R"(or("abc", "def"))"},
        requirement_case{"v[12]/", R"(or("v1/", "v2/"))"},
        requirement_case{"v[0-9]/", R"(and("v", "/"))"},
        requirement_case{"(GET|POST) /api/v[12]/(users|cart)/[0-9]+",
                         R"(or("GET /api/v1/users/", "GET /api/v1/cart/", "GET /api/v2/users/", )"
                         R"("GET /api/v2/cart/", "POST /api/v1/users/", "POST /api/v1/cart/", )"
                         R"("POST /api/v2/users/", "POST /api/v2/cart/"))"},
        requirement_case{"ab+c", R"(and("ab", "c"))"}, requirement_case{"ab*c", R"(and("a", "c"))"},
        requirement_case{"ab?c", R"(and("a", "c"))"}, requirement_case{"a{2}b", R"(and("a", "b"))"},
        requirement_case{"a{0,3}b", R"("b")"}, requirement_case{"(?i)Timeout", R"(i"timeout")"},
        requirement_case{"(?i)timeout|deadline exceeded",
                         R"(or(i"timeout", i"deadline exceeded"))"},
        requirement_case{"x(?i:Yz)w", R"(i"xyzw")"}, requirement_case{"(?i)café", "*"},
        requirement_case{"a|.*", "*"}, requirement_case{"a|", "*"},
        requirement_case{"^foo$", R"("foo")"},
        requirement_case{"foo\\bbar", R"(and("foo", "bar"))"},
        requirement_case{"\\.php\\?", R"(".php?")"}, requirement_case{"\\Qa.b\\E", R"("a.b")"},
        requirement_case{"\\x41\\x{42}", R"("AB")"}, requirement_case{"\\d+ms", R"("ms")"},
        requirement_case{"[[:alpha:]]x", R"("x")"}, requirement_case{"[^a]x", R"("x")"},
        requirement_case{"(?P<n>ab)c", R"("abc")"}, requirement_case{"(?<n>ab)c", R"("abc")"},
        requirement_case{"a(b", "*"}, requirement_case{"a**", "*"}));

TEST(LiteralRequirement, DropsTheLeastSelectiveFactorsBeyondTheLimit) {
  std::string regex = "longest-literal";
  for (int i = 0; i < 80; ++i) regex += ".*" + std::to_string(100 + i);
  const literal_requirement need = required_literals(regex);
  ASSERT_EQ(need.what, literal_requirement::kind::all_of);
  EXPECT_EQ(need.children.size(), required_literals_max);
  EXPECT_EQ(need.children[0].text, "longest-literal");
}

TEST(LiteralRequirement, NeverDropsABranch) {
  std::string regex = "x0y";
  for (int i = 1; i < 80; ++i)
    regex += "|" + std::string(1, static_cast<char>('a' + i % 20)) + std::to_string(i) + ".z";
  EXPECT_TRUE(required_literals(regex).is_always());
}

bool satisfied(const literal_requirement& need, const std::string& text) {
  switch (need.what) {
    case literal_requirement::kind::always:
      return true;
    case literal_requirement::kind::text: {
      if (!need.ignore_case) return text.find(need.text) != std::string::npos;
      return re2::RE2::PartialMatch(text, "(?i)" + re2::RE2::QuoteMeta(need.text));
    }
    case literal_requirement::kind::all_of:
      for (const auto& child : need.children) {
        if (!satisfied(child, text)) return false;
      }
      return true;
    case literal_requirement::kind::any_of:
      for (const auto& child : need.children) {
        if (satisfied(child, text)) return true;
      }
      return false;
  }
  return false;
}

std::string random_regex(std::mt19937& random, int depth) {
  static const std::vector<std::string> atoms{"a",     "b", "c",      "[ab]", ".", "ab",
                                              "\\d",   "B", "[^a]",   "^",    "$", "\\b",
                                              "[a-c]", "é", "(?i:A)", "a{2}", "",  "\\x41"};
  if (depth == 0) return atoms[random() % atoms.size()];
  const std::string left = random_regex(random, depth - 1);
  const std::string right = random_regex(random, depth - 1);
  switch (random() % 7) {
    case 0:
      return "(?:" + left + "|" + right + ")";
    case 1:
      return "(" + left + ")*" + right;
    case 2:
      return "(?:" + left + ")+" + right;
    case 3:
      return "(?:" + left + ")?" + right;
    case 4:
      return left + "|" + right;
    case 5:
      return "(?i)" + left + right;
    default:
      return left + right;
  }
}

// What matches must satisfy the requirement, whatever the expression.
TEST(LiteralRequirement, HoldsForEveryMatch) {
  std::mt19937 random(3);
  int matches = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::string regex = random_regex(random, 3);
    const literal_requirement need = required_literals(regex);
    re2::RE2::Options quiet;
    quiet.set_log_errors(false);
    const re2::RE2 compiled(regex, quiet);
    if (!compiled.ok()) continue;
    for (int i = 0; i < 10; ++i) {
      std::string text;
      static const std::vector<std::string> pieces{"a", "b", "c", "A", "B", "1", " ", "é"};
      for (std::size_t k = random() % 8; k > 0; --k) text += pieces[random() % pieces.size()];
      if (!re2::RE2::PartialMatch(text, compiled)) continue;
      ++matches;
      EXPECT_TRUE(satisfied(need, text)) << regex << " on " << text << ": " << to_string(need);
    }
  }
  EXPECT_GT(matches, 3000);
}

TEST(RegexSyntax, RewritesNamedGroupsForRe2) {
  EXPECT_EQ(to_re2_dialect("(?<a>x)(?P<b>y)"), "(?P<a>x)(?P<b>y)");
  EXPECT_EQ(to_re2_dialect("\\(?<a>[(?<]"), "\\(?<a>[(?<]");
  EXPECT_EQ(to_re2_dialect("[]](?<a>x)"), "[]](?P<a>x)");
  EXPECT_EQ(to_re2_dialect("[[:alpha:](?<a>](?<b>y)"), "[[:alpha:](?<a>](?P<b>y)");
  EXPECT_EQ(to_re2_dialect("[^](?<a>]\\Q(?<b>\\E(?<c>y)"), "[^](?<a>]\\Q(?<b>\\E(?P<c>y)");
  EXPECT_EQ(to_re2_dialect("\\Q(?<b>"), "\\Q(?<b>");
  EXPECT_EQ(to_re2_dialect("[a\\](?<b>](?<c>y)\\"), "[a\\](?<b>](?P<c>y)\\");
}

TEST(RegexSyntax, FactorsCommonPrefixesAsGoDoes) {
  using kind = regex_node::kind;
  const auto node = read_regex("foobar|fooqux");
  ASSERT_TRUE(node.has_value());
  ASSERT_EQ(node->what, kind::concat);
  EXPECT_EQ(to_utf8(node->children[0].text), "foo");
  EXPECT_EQ(node->children[1].what, kind::alternate);
  EXPECT_EQ(read_regex("fo|fx")->children[1].what, kind::char_class);
  EXPECT_EQ(read_regex("a|b|c")->what, kind::char_class);
  EXPECT_EQ(read_regex("foo|bar")->what, kind::alternate);
  EXPECT_EQ(to_utf8(read_regex("a(?:b)c")->text), "abc");
}

TEST(RegexSyntax, RefusesWhatItDoesNotUnderstand) {
  for (const char* regex : {"(", ")", "a**", "[", "(?z)", "\\8", "(?=a)", "\\x4", "*a", "[b-a]"}) {
    EXPECT_FALSE(read_regex(regex).has_value()) << regex;
  }
  EXPECT_FALSE(read_regex(std::string(1000, '(') + std::string(1000, ')')).has_value());
}

}  // namespace
}  // namespace skald::logql
