// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/plan/query_plan.h"

#include <algorithm>
#include <utility>

#include "runtime/base/assert.h"
#include "runtime/base/units.h"
#include "runtime/logql/plan/query_policy.h"
#include "runtime/logql/plan/skip_probe_builder.h"
#include "runtime/logql/syntax/parser.h"

namespace skald::logql {
namespace {

error refused(std::string message) {
  return {errc::invalid_argument, std::move(message)};
}

// What one query may have even where the tenant has no limit.
constexpr std::int64_t steps_max = 1'000'000;

// Checks that need no look at the query's text. Loki makes them before it parses.
result<void> check_resolution(const query_request& request, const query_limits& limits) {
  if (request.instant || request.step_ns <= 0) return {};
  const std::int64_t most = limits.max_points > 0 ? limits.max_points : steps_max;
  if (query_length_ns(request.start_ns, request.end_ns) / request.step_ns > most) {
    std::string points = std::to_string(most);
    for (std::size_t at = points.size(); at > 3; at -= 3) points.insert(at - 3, ",");
    return refused("exceeded maximum resolution of " + points +
                   " points per time series. Try increasing the value of the step parameter");
  }
  return {};
}

result<void> check_request(const query_request& request, const query_limits& limits,
                           const query_expr& expression) {
  const bool is_log = expression.is_log();
  if (is_log && request.instant) {
    return refused(
        "log queries are not supported as an instant query type, please change your query to a "
        "range query type");
  }
  if (is_log && limits.max_entries > 0 && request.limit > limits.max_entries) {
    return refused("max entries limit per query exceeded, limit > max_entries_limit_per_query (" +
                   std::to_string(request.limit) + " > " + std::to_string(limits.max_entries) +
                   ")");
  }
  if (request.instant) return {};
  SKALD_TRY(check_selectors(expression, limits));
  return check_query_length(request.start_ns, request.end_ns, limits.max_query_length_ns);
}

result<void> check_leaf(const std::vector<label_matcher>& matchers, std::int64_t range_ns,
                        const query_limits& limits) {
  if (limits.max_streams_matchers > 0 && matchers.size() > limits.max_streams_matchers) {
    return refused("max streams matchers per query exceeded, matchers-count > limit (" +
                   std::to_string(matchers.size()) + " > " +
                   std::to_string(limits.max_streams_matchers) + ")");
  }
  if (limits.max_range_ns > 0 && range_ns > limits.max_range_ns) {
    return refused("[interval] value exceeds limit: [" + format_prometheus_duration(range_ns) +
                   "] > [" + format_prometheus_duration(limits.max_range_ns) + "]");
  }
  return {};
}

// Range aggregations that Loki lets a directly enclosing `sum` group.
bool takes_grouping_of_sum(range_op op) {
  return op == range_op::count_over_time || op == range_op::rate ||
         op == range_op::bytes_over_time || op == range_op::bytes_rate ||
         op == range_op::sum_over_time;
}

// What Loki can put together again from parts of an instant query's range.
bool is_split_by_loki(range_op op) {
  return op == range_op::rate || op == range_op::bytes_rate || op == range_op::count_over_time ||
         op == range_op::bytes_over_time || op == range_op::sum_over_time ||
         op == range_op::min_over_time || op == range_op::max_over_time;
}

bool is_split_by_loki(vector_op op) {
  return op == vector_op::sum || op == vector_op::count || op == vector_op::avg ||
         op == vector_op::min || op == vector_op::max || op == vector_op::topk ||
         op == vector_op::sort || op == vector_op::sort_desc;
}

bool is_bytes(range_op op) {
  return op == range_op::bytes_over_time || op == range_op::bytes_rate;
}

label_demand demand_of(range_op op, const std::optional<grouping_expr>& grouping) {
  if (op == range_op::absent_over_time) return {label_demand::kind::nothing, {}};
  if (!grouping || grouping->is_without) return {};
  if (grouping->labels.empty()) return {label_demand::kind::nothing, {}};
  return {label_demand::kind::only, grouping->labels};
}

void add_name(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

// What of a vector aggregation right above the leaf the leaf may do itself. Only `sum` also narrows
// what parsers extract, as in Loki.
struct outer_grouping {
  const vector_aggregation* node = nullptr;
  bool narrows_parsing = false;
};

outer_grouping grouping_for_leaf(const vector_aggregation* outer, const range_aggregation& range) {
  if (outer == nullptr || range.grouping || range.op == range_op::absent_over_time) return {};
  if (outer->op == vector_op::sum && takes_grouping_of_sum(range.op)) return {outer, true};
  const bool extremes = (outer->op == vector_op::min && range.op == range_op::min_over_time) ||
                        (outer->op == vector_op::max && range.op == range_op::max_over_time);
  return extremes ? outer_grouping{outer, false} : outer_grouping{};
}

}  // namespace

// Walks the expression once and fills the plan.
class planner {
 public:
  planner(const query_request& request, const query_limits& limits)
      : plan_(new query_plan()), limits_(limits) {
    plan_->request_ = request;
    plan_->limits_ = limits;
    plan_->memory_ =
        std::make_shared<query_memory>(limits.max_memory_bytes, limits.all_queries_memory);
  }

  result<std::shared_ptr<const query_plan>> run() {
    const query_request& request = plan_->request_;
    SKALD_TRY(check_resolution(request, limits_));
    SKALD_TRY_ASSIGN(plan_->expression_, parse_query(request.query));
    SKALD_TRY(check_request(request, limits_, plan_->expression_));
    // Of log queries without a filter Loki expects that they stop early.
    if (query_kind(plan_->expression_) == "limited") {
      plan_->limits_.max_query_bytes = plan_->limits_.max_querier_bytes = 0;
    }
    SKALD_TRY(plan_->is_log_query() ? plan_log(*plan_->expression_.log()) : plan_steps());
    if (is_blocked(request.query, plan_->expression_, limits_)) {
      return refused("query blocked by policy");
    }
    return std::shared_ptr<const query_plan>(std::move(plan_));
  }

 private:
  result<void> plan_steps() {
    const query_request& request = plan_->request_;
    if (!request.instant && request.step_ns <= 0) {
      return refused(
          "zero or negative query resolution step widths are not accepted. Try a positive integer");
    }
    plan_->steps_ = request.instant
                        ? step_grid::instant(request.end_ns)
                        : step_grid::aligned(request.start_ns, request.end_ns, request.step_ns);
    return plan_metric(*plan_->expression_.metric(), nullptr, true);
  }

  result<void> plan_log(const log_expr& log) {
    SKALD_TRY(check_leaf(log.matchers, 0, limits_));
    plan_leaf leaf;
    leaf.range = {plan_->request_.start_ns, plan_->request_.end_ns};
    pipeline_options options;
    options.early_rejection = plan_->request_.early_rejection;
    SKALD_TRY_ASSIGN(leaf.pipeline, compiled_pipeline::compile(log.stages, nullptr, options));
    return add_leaf(log, std::move(leaf));
  }

  // `outer`: the vector aggregation right above. `limited`: nothing above reduces the number of
  // series.
  result<void> plan_metric(const metric_expr& expr, const vector_aggregation* outer, bool limited) {
    if (const auto* range = std::get_if<range_aggregation>(&expr.node)) {
      return plan_range(*range, outer, limited);
    }
    if (const auto* vector = std::get_if<vector_aggregation>(&expr.node)) {
      return plan_vector(*vector);
    }
    if (const auto* binary = std::get_if<binary_operation>(&expr.node)) {
      SKALD_TRY(plan_metric(*binary->left, nullptr, true));
      return plan_metric(*binary->right, nullptr, true);
    }
    if (const auto* replace = std::get_if<label_replace_expr>(&expr.node)) {
      if (std::holds_alternative<literal_expr>(replace->inner->node)) {
        return error{errc::internal,
                     "unexpected expr type (*syntax.LiteralExpr) for Evaluator type "
                     "(*logql.DefaultEvaluator) "};
      }
      return plan_metric(*replace->inner, nullptr, true);
    }
    return {};  // numbers and vector()
  }

  result<void> plan_vector(const vector_aggregation& vector) {
    if (vector.op == vector_op::approx_topk && !plan_->request_.instant) {
      return error{errc::internal, "count min sketches are only supported on instant queries"};
    }
    const bool reduces = vector.op == vector_op::sum || vector.op == vector_op::avg ||
                         vector.op == vector_op::min || vector.op == vector_op::max ||
                         vector.op == vector_op::count;
    const bool splittable = splittable_;
    splittable_ = splittable_ && is_split_by_loki(vector.op);
    SKALD_TRY(plan_metric(*vector.inner, &vector, !reduces));
    splittable_ = splittable;
    return {};
  }

  result<void> plan_range(const range_aggregation& range, const vector_aggregation* outer,
                          bool limited) {
    const bool is_split = plan_->request_.instant && limits_.instant_split_ns > 0 && splittable_ &&
                          is_split_by_loki(range.op);
    const std::int64_t longest = is_split ? limits_.instant_split_ns : INT64_MAX;
    SKALD_TRY(
        check_leaf(range.range.log.matchers, std::min(range.range.range_ns, longest), limits_));
    const outer_grouping from_above = grouping_for_leaf(outer, range);
    const unwrap_expr* unwrap = range.range.unwrap ? &*range.range.unwrap : nullptr;
    plan_leaf leaf;
    leaf.aggregation = &range;
    leaf.metric.op = range.op;
    // rate() of unwrapped values adds them up.
    leaf.metric.kind =
        range.op == range_op::rate && unwrap != nullptr ? state_kind::sum : state_kind_of(range.op);
    leaf.metric.parameter = range.parameter.value_or(0);
    leaf.metric.windows = window_set(plan_->steps_, range.range.range_ns, range.range.offset_ns);
    leaf.metric.grouping = leaf_grouping(range, from_above, unwrap);
    leaf.metric.series_limited = limited && from_above.node == nullptr;
    leaf.range = leaf.metric.windows.covered();

    std::optional<grouping_expr> narrowing = range.grouping;
    if (from_above.narrows_parsing) {
      narrowing = from_above.node->grouping.value_or(grouping_expr());
    }
    pipeline_options options;
    options.use = is_bytes(range.op) ? pipeline_use::metric_bytes : pipeline_use::metric;
    options.demand = demand_of(range.op, narrowing);
    options.early_rejection = plan_->request_.early_rejection;
    options.want_lines = is_bytes(range.op);
    // Rows that end the query with an error are seen by their labels, so only a bare selector can
    // do without them.
    options.want_labels = true;
    if (leaf.metric.grouping && !leaf.metric.grouping->is_without) {
      options.series_labels = leaf.metric.grouping->labels;
    }
    SKALD_TRY_ASSIGN(leaf.pipeline,
                     compiled_pipeline::compile(range.range.log.stages, unwrap, options));
    leaf.counts_only =
        leaf.pipeline->is_empty() && unwrap == nullptr &&
        (leaf.metric.kind == state_kind::count || leaf.metric.kind == state_kind::bytes);
    plan_->leaf_by_node_.emplace(&range, plan_->leaves_.size());
    return add_leaf(range.range.log, std::move(leaf));
  }

  // Without `by`, the unwrapped label is no part of the series.
  static std::optional<grouping_expr> leaf_grouping(const range_aggregation& range,
                                                    const outer_grouping& from_above,
                                                    const unwrap_expr* unwrap) {
    if (range.op == range_op::absent_over_time) return grouping_expr();
    std::optional<grouping_expr> grouping = range.grouping;
    if (from_above.node != nullptr) {
      grouping = from_above.node->grouping.value_or(grouping_expr());
      if (!from_above.narrows_parsing && unwrap != nullptr && !grouping->is_without) {
        std::erase(grouping->labels, unwrap->label);
      }
    }
    if (unwrap != nullptr && (!grouping || grouping->is_without)) {
      if (!grouping) grouping = grouping_expr{true, {}};
      add_name(grouping->labels, unwrap->label);
    }
    if (grouping && grouping->is_without && grouping->labels.empty()) grouping.reset();
    return grouping;
  }

  result<void> add_leaf(const log_expr& log, plan_leaf leaf) {
    leaf.matchers = log.matchers;
    stage_probes probes = probes_of(log.stages);
    leaf.probe = std::move(probes.lines);
    leaf.label_probes = std::move(probes.by_label);
    plan_->leaves_.push_back(std::move(leaf));
    return {};
  }

  std::shared_ptr<query_plan> plan_;
  const query_limits& limits_;
  bool splittable_ = true;  // the range aggregation that comes, as part of an instant query
};

result<std::shared_ptr<const query_plan>> query_plan::make(const query_request& request,
                                                           const query_limits& limits) {
  return planner(request, limits).run();
}

std::size_t query_plan::leaf_of(const range_aggregation& node) const {
  const auto at = leaf_by_node_.find(&node);
  SKALD_ASSERT(at != leaf_by_node_.end());
  return at->second;
}

skip_probe plan_leaf::probe_for(std::span<const row_run> runs) const {
  skip_probe combined = probe;
  for (const label_probe& conditional : label_probes) {
    const bool usable = std::none_of(runs.begin(), runs.end(), [&](const row_run& run) {
      return std::any_of(conditional.names.begin(), conditional.names.end(),
                         [&](const std::string& name) { return run.stream->labels.has(name); });
    });
    if (usable) combined = both(std::move(combined), conditional.probe);
  }
  return combined;
}

}  // namespace skald::logql
