// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/column_plan.h"

#include <gtest/gtest.h>

#include "runtime/logql/pipeline/pipeline.h"
#include "runtime/logql/syntax/parser.h"

namespace skald::logql {
namespace {

std::string print(const column_plan& plan, const column_condition& condition) {
  using kind = column_condition::kind;
  switch (condition.what) {
    case kind::test:
      return plan.labels[condition.label] + (condition.absent_is_unknown ? "?" : "");
    case kind::unknown:
      return "*";
    case kind::all_of:
    case kind::any_of:
      break;
  }
  std::string out = condition.what == kind::all_of ? "and(" : "or(";
  for (const column_condition& child : condition.children) out += print(plan, child) + " ";
  out.back() = ')';
  return out;
}

// "json: level or(a b) | series: app | sample: v", "-" when columns do not help. Parts after the
// conditions only for complete plans.
std::string print(const column_plan* plan) {
  if (plan == nullptr) return "-";
  std::string out = plan->format == line_format_kind::json ? "json:" : "logfmt:";
  for (const column_condition& condition : plan->conditions) out += " " + print(*plan, condition);
  if (!plan->complete) return out;
  if (plan->drops_clean_rows) out += " only errors";
  out += " | series:";
  for (const std::uint32_t label : plan->series_labels) out += " " + plan->labels[label];
  if (plan->sample) out += " | sample: " + plan->labels[plan->sample->label];
  return out;
}

struct plan_case {
  const char* stages;
  const char* log;     // the plan for a log query
  const char* metric;  // for a metric query by (app, level)
};

class ColumnPlan : public testing::TestWithParam<plan_case> {};

TEST_P(ColumnPlan, HoldsWhatColumnsCanDecide) {
  const auto query = parse_log_query(std::string("{app=\"x\"} ") + GetParam().stages);
  ASSERT_TRUE(query.ok()) << query.error().message;
  const auto log = compiled_pipeline::compile(query->stages, nullptr, {});
  ASSERT_TRUE(log.ok()) << log.error().message;
  EXPECT_EQ(print((*log)->columns()), GetParam().log);
  pipeline_options options;
  options.use = pipeline_use::metric;
  options.series_labels = {{"app", "level"}};
  options.demand = {label_demand::kind::only, *options.series_labels};
  const auto metric = compiled_pipeline::compile(query->stages, nullptr, options);
  ASSERT_TRUE(metric.ok()) << metric.error().message;
  EXPECT_EQ(print((*metric)->columns()), GetParam().metric);
}

INSTANTIATE_TEST_SUITE_P(
    Stages, ColumnPlan,
    testing::Values(
        plan_case{"", "-", "-"}, plan_case{"|= `a`", "-", "-"},
        plan_case{"| json", "-", "json: | series: app level"},
        plan_case{"|= `a` | logfmt", "-", "logfmt: | series: app level"},
        plan_case{"| json | a=`1` | b>2", "json: a b", "json: a b | series: app level"},
        plan_case{"| logfmt | a=`1` or b>2", "logfmt: or(a b)",
                  "logfmt: or(a b) | series: app level"},
        plan_case{"| json | __error__=`` | a=`1`", "json: a", "json: a | series: app level"},
        plan_case{"| json | __error__!=``", "-", "json: only errors | series: app level"},
        plan_case{"| json | drop __error__, __error_details__ | a=`1`", "json: a",
                  "json: a | series: app level"},
        // One side that asks the line makes the whole do so.
        plan_case{"| json | a=`1` or b=ip(`1.2.3.4`)", "-", "-"},
        plan_case{"| json | a=`1` and b=ip(`1.2.3.4`)", "json: and(a *)",
                  "json: and(a *) | series: app level"},
        plan_case{"| json | b=ip(`1.2.3.4`) | a=`1`", "json: a", "json: a"},
        // Names that clashes and errors may touch.
        plan_case{"| json | a_extracted=`1`", "-", "-"},
        plan_case{"| json | __error_details__=`1`", "-", "-"},
        // Labels that a stage in between may have changed.
        plan_case{"| json | label_format a=b | a=`1` | b=`1` | c=`1`", "json: c", "json: c"},
        plan_case{"| json | drop a | a=`1` | c=`1`", "json: c", "json: c"},
        plan_case{"| json | keep a | a=`1`", "-", "-"},
        plan_case{"| json | a=`1` | keep a", "json: a", "json: a"},
        plan_case{"| json | a=`1` | line_format `{{.a}}` | b=`1`", "json: a b",
                  "json: a b | series: app level"},
        plan_case{"| json | logfmt | a=`1`", "json: a?", "json: a?"},
        plan_case{"| json | json a=`b` | a=`1` | c=`1`", "json: c?", "json: c?"},
        plan_case{"| json | a=`1` |= `x`", "json: a", "json: a"},
        // What stands before the parser.
        plan_case{"| b=`2` | json | a=`1`", "json: a", "json: a"},
        plan_case{"| line_format `x` | json | a=`1`", "-", "-"},
        plan_case{"| label_format a=`x` | json | a=`1`", "-", "-"},
        plan_case{"| decolorize | json | a=`1`", "-", "-"},
        plan_case{"| unpack | json | a=`1`", "-", "-"},
        plan_case{"| pattern `<a> <_>` | json | a=`1`", "-", "-"},
        // Parsers whose labels columns do not tell.
        plan_case{"| json a=`b` | a=`1`", "-", "-"},
        plan_case{"| logfmt --strict | a=`1`", "-", "-"},
        plan_case{"| logfmt --keep-empty | a=`1`", "-", "-"},
        plan_case{"| regexp `(?P<a>.)` | a=`1`", "-", "-"}));

TEST(ColumnPlanOptions, SpecialSeriesLabelsNeedTheLines) {
  for (const char* name : {"a_extracted", "__error__"}) {
    const auto query = parse_log_query("{app=\"x\"} | json | a=`1`");
    pipeline_options options;
    options.use = pipeline_use::metric;
    options.series_labels = {{name}};
    options.demand = {label_demand::kind::only, *options.series_labels};
    const auto compiled = compiled_pipeline::compile(query->stages, nullptr, options);
    ASSERT_TRUE(compiled.ok());
    EXPECT_EQ(print((*compiled)->columns()), "json: a") << name;
  }
}

TEST(ColumnPlanOptions, ParsersThatNothingAsksForAreLeftOut) {
  const auto query = parse_log_query("{app=\"x\"} | json | logfmt");
  pipeline_options options;
  options.use = pipeline_use::metric;
  options.want_lines = false;
  options.demand.what = label_demand::kind::nothing;
  const auto compiled = compiled_pipeline::compile(query->stages, nullptr, options);
  ASSERT_TRUE(compiled.ok());
  EXPECT_TRUE((*compiled)->is_empty());
  EXPECT_FALSE((*compiled)->needs().lines);
}

}  // namespace
}  // namespace skald::logql
