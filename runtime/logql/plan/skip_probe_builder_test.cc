// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/plan/skip_probe_builder.h"

#include <gtest/gtest.h>

#include "runtime/logql/syntax/parser.h"

namespace skald::logql {
namespace {

std::string print(const skip_probe& probe) {
  std::string inner;
  for (const skip_probe& child : probe.children) inner += (inner.empty() ? "" : " ") + print(child);
  switch (probe.what) {
    case skip_probe::kind::always:
      return "*";
    case skip_probe::kind::all_of:
      return "and(" + inner + ")";
    case skip_probe::kind::any_of:
      return "or(" + inner + ")";
    case skip_probe::kind::text:
      return std::string(probe.ignore_case ? "i" : "") + (probe.parsed_value ? "p" : "") + "'" +
             probe.text + "'";
    case skip_probe::kind::metadata_pair:
      return "meta:" + probe.text + "=" + probe.value;
  }
  return "";
}

std::string probes(std::string_view pipeline) {
  const result<log_expr> log = parse_log_query("{a=\"b\"} " + std::string(pipeline));
  if (!log.ok()) return log.error().message;
  const stage_probes found = probes_of(log->stages);
  std::string out = print(found.lines);
  for (const label_probe& probe : found.by_label) {
    out += " [";
    for (const std::string& name : probe.names) out += name + " ";
    out += print(probe.probe) + "]";
  }
  return out;
}

TEST(SkipProbes, LineFilters) {
  EXPECT_EQ(probes(""), "*");
  EXPECT_EQ(probes("|= \"error\""), "'error'");
  EXPECT_EQ(probes("|= \"a1234\" |= \"b1234\" |= \"c1234\""), "and('a1234' 'b1234' 'c1234')");
  EXPECT_EQ(probes("|= \"a1234\" or \"b1234\""), "or('a1234' 'b1234')");
  EXPECT_EQ(probes("|= \"\""), "*");
  EXPECT_EQ(probes("|= \"\" or \"abcd\""), "'abcd'");
  EXPECT_EQ(probes("|> \"<_>abcd<_>efgh<_>\""), "and('abcd' 'efgh')");
}

TEST(SkipProbes, NegativeFiltersClaimNothing) {
  EXPECT_EQ(probes("!= \"error\" !~ \"abcd\" !> \"abcd\""), "*");
  EXPECT_EQ(probes("!= ip(\"10.1.2.3\")"), "*");
}

TEST(SkipProbes, AnEmptyPatternMatchesEmptyLines) {
  EXPECT_EQ(probes("|> \"\" or \"abcd<_>\""), "*");
}

TEST(SkipProbes, Addresses) {
  EXPECT_EQ(probes("|= ip(\"10.1.2.3\")"), "'10.1.2.3'");
  EXPECT_EQ(probes("|= ip(\"10.1.2.0/24\")"), "*");
  EXPECT_EQ(probes("|= ip(\"::1\")"), "*");
  EXPECT_EQ(probes("|= \"abcd\" or ip(\"::1\")"), "*");
}

TEST(SkipProbes, RegexAlternativesWithoutLiteralClaimNothing) {
  EXPECT_EQ(probes("|~ \"abcd.*efgh\""), "and('abcd' 'efgh')");
  EXPECT_EQ(probes("|~ \"abcd|.*\""), "*");
}

TEST(SkipProbes, NothingBehindARewrite) {
  EXPECT_EQ(probes("|= \"abcd\" | line_format \"{{.x}}\" |= \"efgh\""), "'abcd'");
  EXPECT_EQ(probes("| unpack |= \"efgh\""), "*");
  EXPECT_EQ(probes("| json |= \"efgh\""), "'efgh'");
  EXPECT_EQ(probes("| decolorize |= \"efgh\""), "'efgh'");
  EXPECT_EQ(probes("| decolorize | x > 1 |= \"efgh\""), "*");
}

TEST(SkipProbes, LabelFilters) {
  EXPECT_EQ(probes("| pod=\"p1\""), "* [pod meta:pod=p1]");
  EXPECT_EQ(probes("| json | pod=\"p1\""), "* [pod or(meta:pod=p1 p'p1')]");
  EXPECT_EQ(probes("| pod=~\"p1|p2\""), "* [pod or(meta:pod=p1 meta:pod=p2)]");
  EXPECT_EQ(probes("| pod=\"\""), "*");
  EXPECT_EQ(probes("| pod!=\"p1\""), "*");
  EXPECT_EQ(probes("| pod=~\"p.*\""), "*");
  // Tested by "contains": `xweb` passes, too.
  EXPECT_EQ(probes("| pod=~\"web|web-20\""), "*");
  EXPECT_EQ(probes("| pod=~\"web-10|web-20\""), "*");
  EXPECT_EQ(probes("| json | status > 500"), "*");
  EXPECT_EQ(probes("| __error__=\"JSONParserErr\""), "*");
  EXPECT_EQ(probes("| x_extracted=\"abcd\""), "*");
}

TEST(SkipProbes, LabelFiltersThatStagesMayHaveChanged) {
  EXPECT_EQ(probes("| label_format pod=x | pod=\"p1\""), "*");
  EXPECT_EQ(probes("| drop pod | pod=\"p1\""), "*");
  EXPECT_EQ(probes("| decolorize | json | pod=\"p1\""), "*");
}

TEST(SkipProbes, LabelFilterCombinations) {
  EXPECT_EQ(probes("| x=\"1\" and y=\"2\""), "* [x meta:x=1] [y meta:y=2]");
  EXPECT_EQ(probes("| x=\"1\" or y=\"2\""), "* [x y or(meta:x=1 meta:y=2)]");
  EXPECT_EQ(probes("| x=\"1\" or y > 2"), "*");
}

}  // namespace
}  // namespace skald::logql
