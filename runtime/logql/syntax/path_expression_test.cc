// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/path_expression.h"

#include <gtest/gtest.h>

namespace skald::logql {
namespace {

struct mistake_case {
  std::string_view text;
  std::string_view message;
};

TEST(JsonPath, ReadsFieldsKeysAndIndexes) {
  EXPECT_EQ(*parse_json_path("a"), (json_path{"a"}));
  EXPECT_EQ(*parse_json_path("a.b_1[0].c"), (json_path{"a", "b_1", std::int64_t{0}, "c"}));
  EXPECT_EQ(*parse_json_path("[\"x-y\"][12]"), (json_path{"x-y", std::int64_t{12}}));
  EXPECT_EQ(*parse_json_path(" a [\"b c\"] "), (json_path{"a", "b c"}));
}

TEST(JsonPath, ExplainsWhatIsWrong) {
  const mistake_case cases[] = {
      {"", "[]: syntax error: unexpected $end, expecting LSB or FIELD"},
      {"$.b", "[$.b]: syntax error: unexpected $end, expecting LSB or FIELD"},
      {"9lives", "[9lives]: syntax error: unexpected $end, expecting LSB or FIELD"},
      {"\u00fcml", "[\u00fcml]: syntax error: unexpected $end, expecting LSB or FIELD"},
      {"b..c", "[b..c]: syntax error: unexpected DOT, expecting FIELD"},
      {"b.", "[b.]: syntax error: unexpected $end, expecting FIELD"},
      {"[a]", "[[a]]: syntax error: unexpected FIELD, expecting STRING or INDEX"},
      {"b[0", "[b[0]: syntax error: unexpected $end, expecting STRING or INDEX"},
      {"b[-1]", "[b[-1]]: syntax error: unexpected $end, expecting STRING or INDEX"},
      {"[\"b\"", "[[\"b\"]: syntax error: unexpected $end, expecting RSB"},
      {"b c", "[b c]: syntax error: unexpected FIELD"},
      {"x-y", "[x-y]: unexpected char -"},
      {"x 9223372036854775808]",
       "[x 9223372036854775808]]: strconv.Atoi: parsing \"9223372036854775808\": value out of "
       "range"},
      {"a.[\"b\"]", "[a.[\"b\"]]: syntax error: unexpected LSB, expecting FIELD"},
  };
  for (const auto& c : cases) {
    const auto path = parse_json_path(c.text);
    ASSERT_FALSE(path.ok()) << c.text;
    EXPECT_EQ(path.error().message, "cannot parse expression " + std::string(c.message));
  }
}

TEST(LogfmtKey, ReadsOneKey) {
  EXPECT_EQ(*parse_logfmt_key("abc_1"), "abc_1");
  EXPECT_EQ(*parse_logfmt_key("\"a b\""), "a b");
  EXPECT_EQ(*parse_logfmt_key("a \"b\"\"c\""), "a b c");
}

TEST(LogfmtKey, ExplainsWhatIsWrong) {
  const mistake_case cases[] = {
      {"", "[]: syntax error: unexpected $end, expecting STRING or KEY"},
      {"0num", "[0num]: syntax error: unexpected $end, expecting STRING or KEY"},
      {"a.b", "[a.b]: unexpected char ."},
      {"b=c", "[b=c]: unexpected char ="},
      {"a b", "[a b]: syntax error: unexpected KEY"},
  };
  for (const auto& c : cases) {
    const auto key = parse_logfmt_key(c.text);
    ASSERT_FALSE(key.ok()) << c.text;
    EXPECT_EQ(key.error().message, "cannot parse expression " + std::string(c.message));
  }
}

}  // namespace
}  // namespace skald::logql
