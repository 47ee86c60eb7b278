// SPDX-License-Identifier: Apache-2.0
// From merged leaf results to the answer: the expression above the leaves, limits and the order
// that clients see.
#include <utility>
#include <variant>

#include "runtime/base/assert.h"
#include "runtime/logql/engine/engine.h"
#include "runtime/logql/engine/log_collector.h"
#include "runtime/logql/metric/binary_operation.h"
#include "runtime/logql/metric/label_replace.h"
#include "runtime/logql/metric/vector_aggregation.h"
#include "runtime/logql/metric/window_values.h"

namespace skald::logql {
namespace {

error pipeline_error(const failed_sample& failure) {
  return {errc::invalid_argument,
          "pipeline error: '" + failure.error + "' for series: '" + failure.labels_text +
              "'.\nUse a label filter to intentionally skip this error. (e.g | __error__!=\"" +
              failure.error +
              "\").\nTo skip all potential errors you can match empty errors.(e.g __error__=\"\")\n"
              "The label filter can also be specified after unwrap. (e.g | unwrap latency | "
              "__error__=\"\" )\n"};
}

error too_many_series(std::uint32_t limit) {
  return {errc::invalid_argument,
          "maximum number of series (" + std::to_string(limit) +
              ") reached for a single query; consider reducing query cardinality by adding more "
              "specific stream selectors, reducing the time range, or aggregating results with "
              "functions like sum(), count() or topk()"};
}

// What a node gives: a number, which stands for all steps, or series.
struct node_value {
  std::variant<double, series_matrix> value;
  memory_share memory;  // of the series

  const double* number() const { return std::get_if<double>(&value); }
  series_matrix take_matrix() {
    memory = {};  // whoever takes it makes something else of it
    return std::get<series_matrix>(std::move(value));
  }
};

class expression_evaluator {
 public:
  expression_evaluator(const query_plan& plan, std::vector<leaf_result>& leaves,
                       const cancellation& cancelled)
      : plan_(plan), leaves_(leaves), bounds_{&cancelled, plan.memory()} {}

  result<node_value> evaluate(const metric_expr& expr) {
    SKALD_TRY(bounds_.cancelled->check());
    return std::visit([this](const auto& node) { return visit(node); }, expr.node);
  }

  result<void> check_series(const series_matrix& matrix) const {
    const query_limits& limits = plan_.limits();
    if (limits.max_series > 0 && !limits.partial_series && matrix.size() > limits.max_series) {
      return too_many_series(limits.max_series);
    }
    return {};
  }

 private:
  result<node_value> visit(const range_aggregation& node) {
    const std::size_t number = plan_.leaf_of(node);
    const plan_leaf& leaf = plan_.leaves()[number];
    leaf_result& input = leaves_[number];
    if (node.op != range_op::absent_over_time) {
      if (input.failure) return pipeline_error(*input.failure);
      if (input.too_many_series) return too_many_series(plan_.limits().max_series);
    }
    if (!input.states) input.states = make_series_states(leaf.metric.kind);
    SKALD_TRY_ASSIGN(series_matrix matrix,
                     node.op == range_op::absent_over_time
                         ? absent_values(leaf.metric, *input.states, leaf.matchers, bounds_)
                         : window_values(leaf.metric, *input.states, bounds_));
    input = {};  // may be large, and is used once
    if (leaf.metric.series_limited) SKALD_TRY(check_series(matrix));
    return counted(std::move(matrix));
  }

  result<node_value> visit(const vector_aggregation& node) {
    SKALD_TRY_ASSIGN(node_value inner, evaluate(*node.inner));
    // The parser refuses aggregations of numbers.
    return counted(aggregate(node, inner.take_matrix()));
  }

  result<node_value> visit(const binary_operation& node) {
    SKALD_TRY_ASSIGN(node_value left, evaluate(*node.left));
    SKALD_TRY_ASSIGN(node_value right, evaluate(*node.right));
    const double* left_number = left.number();
    const double* right_number = right.number();
    if (left_number != nullptr && right_number != nullptr) {
      return node_value{apply_binary(node.op, *left_number, *right_number), {}};
    }
    if (left_number != nullptr) {
      return counted(combine_with_number(node, right.take_matrix(), *left_number, true));
    }
    if (right_number != nullptr) {
      return counted(combine_with_number(node, left.take_matrix(), *right_number, false));
    }
    SKALD_TRY_ASSIGN(series_matrix combined,
                     combine(node, std::get<series_matrix>(left.value),
                             std::get<series_matrix>(right.value), bounds_));
    return counted(std::move(combined));
  }

  result<node_value> visit(const literal_expr& node) { return node_value{node.value, {}}; }

  result<node_value> visit(const vector_expr& node) { return counted(constant_series(node.value)); }

  result<node_value> visit(const label_replace_expr& node) {
    SKALD_TRY_ASSIGN(node_value inner, evaluate(*node.inner));
    SKALD_TRY_ASSIGN(series_matrix replaced, replace_labels(node, inner.take_matrix(), bounds_));
    return counted(std::move(replaced));
  }

  result<node_value> counted(series_matrix matrix) const {
    memory_share share(plan_.memory());
    share.hold(memory_bytes(matrix));
    SKALD_TRY(share.check());
    return node_value{std::move(matrix), std::move(share)};
  }

 public:
  series_matrix constant_series(double value) const {
    step_series series;
    for (std::uint32_t step = 0; step < plan_.steps().count; ++step) {
      series.points.push_back({step, value});
    }
    series_matrix matrix;
    matrix.push_back(std::move(series));
    return matrix;
  }

 private:
  const query_plan& plan_;
  std::vector<leaf_result>& leaves_;
  const work_bounds bounds_;
};

bool has_sort(const metric_expr& expr) {
  if (const auto* vector = std::get_if<vector_aggregation>(&expr.node)) {
    return vector->op == vector_op::sort || vector->op == vector_op::sort_desc ||
           has_sort(*vector->inner);
  }
  if (const auto* binary = std::get_if<binary_operation>(&expr.node)) {
    return has_sort(*binary->left) || has_sort(*binary->right);
  }
  if (const auto* replace = std::get_if<label_replace_expr>(&expr.node)) {
    return has_sort(*replace->inner);
  }
  return false;
}

vector_result to_vector(const query_plan& plan, const series_matrix& matrix) {
  vector_result vector;
  for (const step_series& series : matrix) {
    for (const step_value& point : series.points) {
      vector.samples.push_back({series.labels, {plan.steps().time_ms(point.step), point.value}});
    }
  }
  return vector;
}

matrix_result to_matrix(const query_plan& plan, series_matrix matrix) {
  matrix_result answer;
  for (step_series& series : matrix) {
    matrix_series out{std::move(series.labels), {}};
    out.points.reserve(series.points.size());
    for (const step_value& point : series.points) {
      out.points.push_back({plan.steps().time_ms(point.step), point.value});
    }
    answer.series.push_back(std::move(out));
  }
  return answer;
}

// Cuts an answer that may be partial.
void cut_series(const query_limits& limits, series_matrix& matrix,
                std::vector<std::string>& warnings) {
  if (!limits.partial_series || limits.max_series == 0 || matrix.size() <= limits.max_series)
    return;
  matrix.resize(limits.max_series);
  warnings.push_back("maximum number of series (" + std::to_string(limits.max_series) +
                     ") reached for a single query; returning partial results");
}

result<void> finish_metric(const query_plan& plan, std::vector<leaf_result>& leaves,
                           const cancellation& cancelled, query_result& answer) {
  const metric_expr& expr = *plan.expression().metric();
  const bool instant = plan.request().instant;
  expression_evaluator evaluator(plan, leaves, cancelled);
  SKALD_TRY_ASSIGN(node_value value, evaluator.evaluate(expr));
  if (const double* number = value.number()) {
    if (instant) {
      answer.value = scalar_result{{plan.steps().time_ms(0), *number}};
      answer.stats.entries_returned = 1;
      return {};
    }
    value.value = evaluator.constant_series(*number);
  }
  series_matrix matrix = value.take_matrix();
  SKALD_TRY(evaluator.check_series(matrix));
  if (instant) {
    if (!has_sort(expr)) sort_by_labels(matrix);
    cut_series(plan.limits(), matrix, answer.warnings);
    answer.stats.entries_returned = matrix.size();
    answer.value = to_vector(plan, matrix);
    return {};
  }
  join_equal_labels(matrix);
  cut_series(plan.limits(), matrix, answer.warnings);
  for (const step_series& series : matrix) answer.stats.entries_returned += series.points.size();
  answer.value = to_matrix(plan, std::move(matrix));
  return {};
}

void finish_log(const query_plan& plan, leaf_result leaf, query_result& answer) {
  thin_out(plan.request(), leaf.candidates);
  streams_result streams;
  streams.forward = plan.forward();
  streams.entries.reserve(leaf.candidates.size());
  for (log_candidate& candidate : leaf.candidates) {
    streams.entries.push_back(
        {candidate.timestamp_ns, std::move(candidate.line), std::move(candidate.labels)});
  }
  answer.stats.entries_returned = streams.entries.size();
  answer.value = std::move(streams);
}

}  // namespace

result<query_result> finish(const query_plan& plan, std::vector<leaf_result>&& leaves,
                            const query_stats& stats, const cancellation& cancelled) {
  SKALD_ASSERT(leaves.size() == plan.leaves().size());
  query_result answer;
  answer.stats = stats;
  answer.stats.entries_returned = 0;
  if (plan.is_log_query()) {
    finish_log(plan, std::move(leaves.front()), answer);
  } else {
    SKALD_TRY(finish_metric(plan, leaves, cancelled, answer));
  }
  return answer;
}

}  // namespace skald::logql
