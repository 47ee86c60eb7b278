// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/ip_matcher.h"

#include <gtest/gtest.h>

#include "runtime/logql/scan/line_pattern.h"

namespace skald::logql {
namespace {

struct ip_case {
  const char* pattern;
  const char* text;
  bool expected;
};

class IpTable : public testing::TestWithParam<ip_case> {};

TEST_P(IpTable, FindsAddresses) {
  const auto matcher = ip_matcher::compile(GetParam().pattern);
  ASSERT_TRUE(matcher.ok());
  EXPECT_EQ(matcher->is_in(GetParam().text), GetParam().expected)
      << GetParam().pattern << " in " << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(Lines, IpTable,
                         testing::Values(ip_case{"192.168.0.5", "from 192.168.0.5:8080", true},
                                         ip_case{"192.168.0.5/24", "x 192.168.0.77 y", true},
                                         ip_case{"192.168.0.5/24", "x 192.168.1.77 y", false},
                                         ip_case{"10.1.2.0-10.1.2.50", "10.1.2.50", true},
                                         ip_case{"10.1.2.0-10.1.2.50", "10.1.2.51", false},
                                         ip_case{"10.1.2.30", "10.1.2.300", false},
                                         ip_case{"1.2.3.4", "1.2.3.4.5", false},
                                         ip_case{"10.0.0.1", "::ffff:10.0.0.1", false},
                                         ip_case{"::ffff:10.0.0.1", "::ffff:10.0.0.1", true},
                                         ip_case{"2001:db8::1", "[2001:DB8::1]:443", true},
                                         ip_case{"::1", "0:0::1", true},
                                         ip_case{"0.0.0.0/0", "no address", false},
                                         ip_case{"0.0.0.0/0", "1.1.1", false},
                                         ip_case{"1.1.1.1", "", false},
                                         ip_case{"2001:db8::/32", "peer=2001:db8:ffff::9", true}));

TEST(IpMatcher, AddressWithZoneIsAPatternOfNothing) {
  const auto matcher = ip_matcher::compile("fe80::1%eth0");
  ASSERT_TRUE(matcher.ok());
  EXPECT_FALSE(
      matcher.value().is_in("fe80::1 fe80::1%eth0 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  for (const char* pattern : {"fe80::1%", "1.1.1.1%eth0", "%eth0"}) {
    EXPECT_FALSE(ip_matcher::compile(pattern).ok()) << pattern;
  }
}

TEST(IpMatcher, RefusesBadPatterns) {
  for (const char* pattern : {"x", "", "1.2.3", "1.2.3.4/33", "1.2.3.4-::1", "1.2.3.4-1.2.3.3",
                              "1.2.3.4/", "1.2.3.4/x", "1.2.3.4-", "01.2.3.4"}) {
    const auto matcher = ip_matcher::compile(pattern);
    ASSERT_FALSE(matcher.ok()) << pattern;
    EXPECT_EQ(matcher.error().message, "ip: invalid pattern: \"" + std::string(pattern) + "\"");
  }
}

struct pattern_case {
  const char* pattern;
  const char* line;
  bool expected;
};

class LinePatternTable : public testing::TestWithParam<pattern_case> {};

TEST_P(LinePatternTable, MatchesAsLokiDoes) {
  const auto pattern = line_pattern::compile(GetParam().pattern);
  ASSERT_TRUE(pattern.ok());
  EXPECT_EQ(pattern->matches(GetParam().line), GetParam().expected)
      << GetParam().pattern << " on " << GetParam().line;
}

INSTANTIATE_TEST_SUITE_P(
    Lines, LinePatternTable,
    testing::Values(pattern_case{"dur=5ms", "level=info dur=5ms", true},
                    pattern_case{"level=info", "level=info dur=5ms", false},
                    pattern_case{"<_>level=<_>", "level=info", false},
                    pattern_case{"<_>level=<_>", " level=info", true},
                    pattern_case{"<_>5ms<_>", "dur=5ms", false},
                    pattern_case{"<_>=", "a=1 b=", false}, pattern_case{"<_>=", "a1 b=", true},
                    pattern_case{"", "", true}, pattern_case{"", "x", false},
                    pattern_case{"<_>", "", false}, pattern_case{"<_>", "x", true},
                    pattern_case{"a<b", "xa<b", true}, pattern_case{"a<_>b", "ab", false},
                    pattern_case{"a<_>b", "a.b", true}, pattern_case{"a<_>b", "a.bb", false}));

TEST(LinePattern, RefusesNamedAndAdjacentCaptures) {
  EXPECT_EQ(line_pattern::compile("<a>").error().message,
            "named captures are not allowed: found '<a>'");
  EXPECT_EQ(line_pattern::compile("<_><_>").error().message,
            "found consecutive capture '<_><_>': invalid expression");
}

TEST(LinePattern, SplitsIntoLiteralsAndCaptures) {
  const std::vector<pattern_node> expected{
      {false, "a<1>"}, {true, "b"}, {false, "< c"}, {true, "_"}};
  EXPECT_EQ(split_pattern("a<1><b>< c<_>"), expected);
  EXPECT_TRUE(split_pattern("").empty());
}

}  // namespace
}  // namespace skald::logql
