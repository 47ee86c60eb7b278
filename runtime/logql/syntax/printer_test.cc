// SPDX-License-Identifier: Apache-2.0
// The pretty form. (The canonical form is tested with the parser.)
#include "runtime/logql/syntax/printer.h"

#include <gtest/gtest.h>

#include "runtime/logql/syntax/parser.h"

namespace skald::logql {
namespace {

std::string pretty(std::string_view text) {
  const auto query = parse_for_printing(text);
  return query.ok() ? pretty_print(*query) : "!" + query.error().message;
}

const std::string selector = "{job=\"" + std::string(60, 'j') + "\"}";

TEST(PrettyPrinter, KeepsShortQueriesOnOneLine) {
  EXPECT_EQ(pretty("sum by(app)(rate({app=\"web\"}|json|status>200[1m]))"),
            "sum by (app)(rate({app=\"web\"} | json | status>200[1m]))");
}

TEST(PrettyPrinter, PutsStagesOnLines) {
  EXPECT_EQ(
      pretty(selector + " |= \"xxxxxxxxxxxxxxxx\" != \"yyyyyyyyyyyyyyyyyyy\" | json | a=1"),
      selector + "\n  |= \"xxxxxxxxxxxxxxxx\" != \"yyyyyyyyyyyyyyyyyyy\"\n  | json\n  | a==1");
}

TEST(PrettyPrinter, KeepsOperandsOfLongLineFilters) {
  const std::string x(60, 'x');
  EXPECT_EQ(pretty("{a=\"b\"} |= \"" + x + "\" or \"" + x + "\" != \"c\""),
            "{a=\"b\"}\n  |= \"" + x + "\" or \"" + x + "\"\n  != \"c\"");
}

TEST(PrettyPrinter, SplitsFunctions) {
  EXPECT_EQ(pretty("topk by (a,b) (3, quantile_over_time(0.9, " + selector +
                   " | json | unwrap bytes(x) | y=1 [5m] offset 1h) by (c))"),
            "topk by (a, b)(\n  3,\n  quantile_over_time(\n    0.9,\n    " + selector +
                " | json\n      | unwrap bytes(x)\n      | y==1 [5m] offset 1h\n  ) by "
                "(c)\n)");
}

TEST(PrettyPrinter, SplitsLabelReplace) {
  EXPECT_EQ(pretty("label_replace(rate(" + selector + "[5m]),\"a\",\"b\",\"c\",\"d.*d.*d.*d\")"),
            "label_replace(\n  rate(" + selector +
                "[5m]),\n  \"a\",\n  \"b\",\n  \"c\",\n  \"d.*d.*d.*d\"\n)");
}

TEST(PrettyPrinter, SplitsBinaryOperationsWithoutChangingThem) {
  const std::string rate = "rate(" + selector + "[5m])";
  EXPECT_EQ(pretty(rate + " / " + rate + " * 100"),
            "    " + rate + "\n  /\n    " + rate + "\n*\n  100");
  EXPECT_EQ(pretty("100 / (" + rate + " / " + rate + ")"),
            "  100\n/\n  (\n      " + rate + "\n    /\n      " + rate + "\n  )");
  for (const std::string& text :
       {rate + " - (" + rate + " - " + rate + ")", "(" + rate + " + " + rate + ") * " + rate,
        "(" + rate + " ^ " + rate + ") ^ " + rate,
        rate + " and on (a) (" + rate + " or " + rate + ")"}) {
    const auto once = parse_for_printing(text);
    const auto twice = parse_for_printing(pretty_print(*once));
    ASSERT_TRUE(twice.ok()) << twice.error().message;
    EXPECT_EQ(to_string(*twice), to_string(*once));
  }
}

}  // namespace
}  // namespace skald::logql
