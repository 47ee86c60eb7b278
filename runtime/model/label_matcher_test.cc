// SPDX-License-Identifier: Apache-2.0
#include "runtime/model/label_matcher.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

label_matcher make(match_op op, std::string value) {
  return label_matcher::make("name", op, std::move(value)).value();
}

TEST(LabelMatcher, EachOperator) {
  EXPECT_TRUE(make(match_op::equal, "a").matches("a"));
  EXPECT_FALSE(make(match_op::equal, "a").matches("ab"));
  EXPECT_TRUE(make(match_op::not_equal, "a").matches(""));
  EXPECT_TRUE(make(match_op::regex, "a.*").matches("abc"));
  EXPECT_FALSE(make(match_op::regex, "b").matches("abc"));  // anchored
  EXPECT_FALSE(make(match_op::regex, "a|b").matches("ab"));
  EXPECT_TRUE(make(match_op::regex, "a.b").matches("a\nb"));  // '.' covers a newline
  EXPECT_FALSE(make(match_op::not_regex, "a.*").matches("abc"));
}

TEST(LabelMatcher, KnowsWhetherAMissingLabelPasses) {
  EXPECT_FALSE(make(match_op::equal, "a").matches_empty());
  EXPECT_TRUE(make(match_op::equal, "").matches_empty());
  EXPECT_TRUE(make(match_op::not_equal, "a").matches_empty());
  EXPECT_TRUE(make(match_op::regex, ".*").matches_empty());
  EXPECT_FALSE(make(match_op::regex, ".+").matches_empty());
}

TEST(LabelMatcher, FindsLiteralAlternatives) {
  EXPECT_EQ(make(match_op::regex, "a|bc|d").literal_alternatives(),
            (std::vector<std::string>{"a", "bc", "d"}));
  EXPECT_EQ(make(match_op::regex, "abc").literal_alternatives(), std::vector<std::string>{"abc"});
  EXPECT_TRUE(make(match_op::regex, "a.c|d").literal_alternatives().empty());
  EXPECT_TRUE(make(match_op::equal, "a|b").literal_alternatives().empty());
}

TEST(LabelMatcher, RefusesABadExpression) {
  const auto bad = label_matcher::make("n", match_op::regex, "a(");
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, errc::invalid_argument);
}

TEST(MatchesAll, MissingLabelHasTheEmptyValue) {
  const label_set labels(std::vector<label>{{"a", "1"}});
  std::vector<label_matcher> matchers;
  matchers.push_back(label_matcher::make("a", match_op::equal, "1").value());
  matchers.push_back(label_matcher::make("b", match_op::not_equal, "x").value());
  EXPECT_TRUE(matches_all(matchers, labels));
  matchers.push_back(label_matcher::make("c", match_op::regex, ".+").value());
  EXPECT_FALSE(matches_all(matchers, labels));
}

TEST(LabelMatcher, KnowsBothFormsOfNamedGroups) {
  for (const char* const regex : {"(?<n>a)b", "(?P<n>a)b", "[(?<]?(?<n>a)b"}) {
    const auto matcher = label_matcher::make("x", match_op::regex, regex);
    ASSERT_TRUE(matcher.ok()) << matcher.error().message;
    EXPECT_TRUE(matcher->matches("ab"));
    EXPECT_EQ(matcher->value(), regex);
  }
}

TEST(LabelMatcher, TextIsNoGroup) {
  const auto matches = [](const char* regex, const char* value) {
    return label_matcher::make("x", match_op::regex, regex)->matches(value);
  };
  EXPECT_TRUE(matches("[[:digit:](?<]?(?<n>a)b", "<ab"));
  EXPECT_FALSE(matches("[[:digit:](?<]?(?<n>a)b", "Pab"));
  EXPECT_FALSE(matches("[](?<]?(?<n>a)b", "Pab"));
  EXPECT_TRUE(matches("(\\Q(?<\\E)?(?<n>a)b", "(?<ab"));
  EXPECT_TRUE(matches("a\\(?<n>", "a(<n>"));
}

}  // namespace
}  // namespace skald
