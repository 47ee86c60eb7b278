// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/parsed_expression.h"

#include <cmath>
#include <limits>

#include "runtime/base/go_number.h"
#include "runtime/logql/syntax/printer.h"

namespace skald::logql {
namespace {

constexpr std::string_view no_matcher_text =
    "queries require at least one regexp or equality matcher that does not have an "
    "empty-compatible value. For instance, app=~\".*\" does not meet this requirement, but "
    "app=~\".+\" will";

template <class Node>
metric_expr_ptr make_node(Node node) {
  return std::make_shared<const metric_expr>(metric_expr{std::move(node)});
}

bool may_group(range_op op) {
  switch (op) {
    case range_op::avg_over_time:
    case range_op::min_over_time:
    case range_op::max_over_time:
    case range_op::stdvar_over_time:
    case range_op::stddev_over_time:
    case range_op::quantile_over_time:
    case range_op::first_over_time:
    case range_op::last_over_time:
      return true;
    default:
      return false;
  }
}

bool may_have_unwrap(range_op op) {
  return op != range_op::count_over_time && op != range_op::bytes_over_time &&
         op != range_op::bytes_rate;
}

bool may_lack_unwrap(range_op op) {
  return !may_have_unwrap(op) || op == range_op::rate || op == range_op::absent_over_time;
}

// Reads the parameter of a range aggregation; the mistake, or nothing.
std::string read_parameter(const range_aggregation_parts& parts, std::optional<double>& value) {
  const std::string name(to_string(parts.op));
  if (parts.op != range_op::quantile_over_time) {
    if (!parts.parameter) return {};
    return "parameter " + *parts.parameter + " not supported for operation " + name;
  }
  if (!parts.parameter) return "parameter required for operation " + name;
  const auto parsed = parse_go_float(*parts.parameter);
  if (!parsed.ok()) {
    return "invalid parameter for operation " + name + ": " + parsed.error().message;
  }
  value = *parsed;
  return {};
}

std::string range_aggregation_mistake(const range_aggregation_parts& parts,
                                      std::optional<double>& parameter) {
  std::string mistake = read_parameter(parts, parameter);
  if (!mistake.empty()) return mistake;
  const std::string name(to_string(parts.op));
  if (parts.grouping && !may_group(parts.op)) {
    return "grouping not allowed for " + name + " aggregation";
  }
  if (parts.range.unwrap) {
    return may_have_unwrap(parts.op) ? "" : "invalid aggregation " + name + " with unwrap";
  }
  return may_lack_unwrap(parts.op) ? "" : "invalid aggregation " + name + " without unwrap";
}

std::string vector_aggregation_mistake(const vector_aggregation_parts& parts,
                                       std::int64_t& parameter) {
  const std::string name(to_string(parts.op));
  if (takes_parameter(parts.op)) {
    if (!parts.parameter) return "parameter required for operation " + name;
    const auto parsed = parse_go_int(*parts.parameter, 10);
    if (!parsed.ok()) return "invalid parameter " + name + "(" + *parts.parameter + ",";
    if (*parsed <= 0) {
      return "invalid parameter (must be greater than 0) " + name + "(" + *parts.parameter;
    }
    parameter = *parsed;
  } else if (parts.parameter) {
    return "unsupported parameter for operation " + name + "(" + *parts.parameter + ",";
  }
  if (parts.grouping) {
    if (parts.op == vector_op::approx_topk) {
      return "grouping not allowed for " + name + " aggregation";
    }
    const bool sorts = parts.op == vector_op::sort || parts.op == vector_op::sort_desc;
    if (sorts && !parts.grouping->labels.empty()) {
      return "sort and sort_desc doesn't allow grouping by ";
    }
  }
  return {};
}

bool is_set_operator(binary_op op) {
  return op == binary_op::logical_or || op == binary_op::logical_and ||
         op == binary_op::logical_unless;
}

// How Loki names the kind of a log expression.
std::string type_mistake(std::string_view leg, binary_op op, const log_expr& log) {
  std::string out = "unexpected type for ";
  out += leg;
  out += " leg of binary operation (";
  out += to_string(op);
  out += log.stages.empty() ? "): *syntax.MatchersExpr" : "): *syntax.PipelineExpr";
  return out;
}

std::string literal_mistake(std::string_view leg, binary_op op, double value) {
  std::string out = "unexpected literal for ";
  out += leg;
  out += " leg of logical/set binary operation (";
  out += to_string(op);
  out += "): " + format_six_decimals(value);
  return out;
}

std::string binary_mistake(binary_op op, const parsed_expression& left,
                           const parsed_expression& right) {
  if (left.log) return type_mistake("left", op, *left.log);
  if (right.log) return type_mistake("right", op, *right.log);
  if (!is_set_operator(op)) return {};
  if (left.is_literal()) return literal_mistake("left", op, left.literal_value());
  if (right.is_literal()) return literal_mistake("right", op, right.literal_value());
  return {};
}

double fold(binary_op op, double left, double right) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  switch (op) {
    case binary_op::equal:
      return left == right ? 1 : 0;
    case binary_op::not_equal:
      return left != right ? 1 : 0;
    case binary_op::less:
      return left < right ? 1 : 0;
    case binary_op::less_or_equal:
      return left <= right ? 1 : 0;
    case binary_op::greater:
      return left > right ? 1 : 0;
    case binary_op::greater_or_equal:
      return left >= right ? 1 : 0;
    case binary_op::add:
      return left + right;
    case binary_op::subtract:
      return left - right;
    case binary_op::multiply:
      return left * right;
    case binary_op::divide:
      return right == 0 ? nan : left / right;
    case binary_op::modulo:
      return right == 0 ? nan : std::fmod(left, right);
    case binary_op::power:
      return std::pow(left, right);
    case binary_op::logical_or:
    case binary_op::logical_and:
    case binary_op::logical_unless:
      break;
  }
  return nan;
}

// A metric expression with one mistake that is seen from everywhere.
parsed_expression make_mistaken(std::string mistake) {
  parsed_expression out;
  out.metric = make_node(literal_expr{});
  out.selector_mistake = mistake;
  out.mistake = std::move(mistake);
  return out;
}

}  // namespace

std::string selector_mistake_of(const std::vector<label_matcher>& matchers) {
  for (const label_matcher& matcher : matchers) {
    // Of any kind: `a!=""` selects streams that have the label.
    if (!matcher.matches_empty()) return {};
  }
  return std::string(no_matcher_text);
}

parsed_expression make_log(log_expr log) {
  parsed_expression out;
  out.mistake = selector_mistake_of(log.matchers);
  out.selector_mistake = out.mistake;
  out.log = std::move(log);
  return out;
}

parsed_expression make_literal(std::string_view text, bool negative) {
  const auto parsed = parse_go_float(text);
  if (!parsed.ok()) {
    return make_mistaken("unable to parse literal as a float: " + parsed.error().message);
  }
  parsed_expression out;
  out.metric = make_node(literal_expr{negative ? -*parsed : *parsed});
  out.selector_mistake = no_matcher_text;
  return out;
}

parsed_expression make_vector(std::string_view text) {
  const auto parsed = parse_go_float(text);
  if (!parsed.ok()) {
    return make_mistaken("unable to parse vectorExpr as a float: " + parsed.error().message);
  }
  parsed_expression out;
  out.metric = make_node(vector_expr{*parsed});
  return out;
}

parsed_expression make_range_aggregation(range_aggregation_parts parts) {
  std::optional<double> parameter;
  std::string mistake = range_aggregation_mistake(parts, parameter);
  if (!mistake.empty()) return make_mistaken(std::move(mistake));
  parsed_expression out;
  out.mistake = selector_mistake_of(parts.range.log.matchers);
  out.selector_mistake = out.mistake;
  out.metric = make_node(
      range_aggregation{parts.op, parameter, std::move(parts.range), std::move(parts.grouping)});
  return out;
}

parsed_expression make_vector_aggregation(vector_aggregation_parts parts, parsed_expression inner) {
  std::int64_t parameter = 0;
  std::string mistake = vector_aggregation_mistake(parts, parameter);
  if (!mistake.empty()) return make_mistaken(std::move(mistake));
  parsed_expression out;
  out.depth = inner.depth + 1;
  out.mistake = inner.selector_mistake;
  out.selector_mistake = std::move(inner.selector_mistake);
  out.metric = make_node(
      vector_aggregation{parts.op, parameter, std::move(parts.grouping), std::move(inner.metric)});
  return out;
}

parsed_expression make_label_replace(label_replace_expr replace, parsed_expression inner,
                                     regex_budget& regexes) {
  const auto checked = regexes.check("^(?:" + replace.regex + ")$");
  if (!checked.ok()) {
    return make_mistaken("invalid regex in label_replace: " + checked.error().message);
  }
  parsed_expression out;
  out.depth = inner.depth + 1;
  out.selector_mistake = inner.selector_mistake;
  // A bare literal is refused when the query runs, not here.
  out.mistake = inner.is_literal() ? inner.mistake : inner.selector_mistake;
  replace.inner = std::move(inner.metric);
  out.metric = make_node(std::move(replace));
  return out;
}

parsed_expression make_binary(binary_parts parts, parsed_expression left, parsed_expression right) {
  std::string mistake = binary_mistake(parts.op, left, right);
  if (!mistake.empty()) return make_mistaken(std::move(mistake));
  if (left.is_literal() && right.is_literal()) {
    if (!left.mistake.empty()) return make_mistaken(std::move(left.mistake));
    if (!right.mistake.empty()) return make_mistaken(std::move(right.mistake));
    parsed_expression out;
    out.metric =
        make_node(literal_expr{fold(parts.op, left.literal_value(), right.literal_value())});
    out.selector_mistake = no_matcher_text;
    return out;
  }
  parsed_expression out;
  out.depth = std::max(left.depth, right.depth) + 1;
  out.mistake = left.mistake.empty() ? std::move(right.mistake) : std::move(left.mistake);
  out.selector_mistake = std::move(left.selector_mistake);
  out.metric = make_node(binary_operation{parts.op, parts.return_bool, std::move(parts.matching),
                                          std::move(left.metric), std::move(right.metric)});
  return out;
}

}  // namespace skald::logql
