// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/metric_parser.h"

namespace skald::logql {
namespace {

using kind = token_kind;

constexpr std::string_view too_deep = "expression nests too deeply";

struct operator_entry {
  kind token;
  binary_op op;
  int precedence;
};

constexpr operator_entry operators[] = {
    {kind::logical_or, binary_op::logical_or, 1},
    {kind::logical_and, binary_op::logical_and, 2},
    {kind::unless, binary_op::logical_unless, 2},
    {kind::compare_equal, binary_op::equal, 3},
    {kind::not_equal, binary_op::not_equal, 3},
    {kind::less, binary_op::less, 3},
    {kind::less_or_equal, binary_op::less_or_equal, 3},
    {kind::greater, binary_op::greater, 3},
    {kind::greater_or_equal, binary_op::greater_or_equal, 3},
    {kind::add, binary_op::add, 4},
    {kind::subtract, binary_op::subtract, 4},
    {kind::multiply, binary_op::multiply, 5},
    {kind::divide, binary_op::divide, 5},
    {kind::modulo, binary_op::modulo, 5},
    {kind::power, binary_op::power, 6},
};

const operator_entry* find_operator(kind token) {
  for (const operator_entry& entry : operators) {
    if (entry.token == token) return &entry;
  }
  return nullptr;
}

std::optional<range_op> range_op_of(kind token) {
  switch (token) {
    case kind::count_over_time:
      return range_op::count_over_time;
    case kind::rate:
      return range_op::rate;
    case kind::rate_counter:
      return range_op::rate_counter;
    case kind::bytes_over_time:
      return range_op::bytes_over_time;
    case kind::bytes_rate:
      return range_op::bytes_rate;
    case kind::sum_over_time:
      return range_op::sum_over_time;
    case kind::avg_over_time:
      return range_op::avg_over_time;
    case kind::min_over_time:
      return range_op::min_over_time;
    case kind::max_over_time:
      return range_op::max_over_time;
    case kind::stdvar_over_time:
      return range_op::stdvar_over_time;
    case kind::stddev_over_time:
      return range_op::stddev_over_time;
    case kind::quantile_over_time:
      return range_op::quantile_over_time;
    case kind::first_over_time:
      return range_op::first_over_time;
    case kind::last_over_time:
      return range_op::last_over_time;
    case kind::absent_over_time:
      return range_op::absent_over_time;
    default:
      return std::nullopt;
  }
}

std::optional<vector_op> vector_op_of(kind token) {
  switch (token) {
    case kind::sum:
      return vector_op::sum;
    case kind::avg:
      return vector_op::avg;
    case kind::min:
      return vector_op::min;
    case kind::max:
      return vector_op::max;
    case kind::count:
      return vector_op::count;
    case kind::stddev:
      return vector_op::stddev;
    case kind::stdvar:
      return vector_op::stdvar;
    case kind::topk:
      return vector_op::topk;
    case kind::bottomk:
      return vector_op::bottomk;
    case kind::approx_topk:
      return vector_op::approx_topk;
    case kind::sort:
      return vector_op::sort;
    case kind::sort_desc:
      return vector_op::sort_desc;
    default:
      return std::nullopt;
  }
}

}  // namespace

bool metric_parser::enter() {
  return ++nesting_ <= expression_depth_max || cursor_.fail_meaning(too_deep);
}

bool metric_parser::parse_binary(parsed_expression& out, int precedence_min) {
  if (!enter() || !parse_operand(out)) return false;
  while (const operator_entry* entry = find_operator(cursor_.peek().kind)) {
    if (entry->precedence < precedence_min) break;
    cursor_.take();
    binary_parts parts;
    parts.op = entry->op;
    if (!parse_modifiers(parts)) return false;
    const bool binds_right = entry->op == binary_op::power;
    parsed_expression right;
    if (!parse_binary(right, entry->precedence + (binds_right ? 0 : 1))) return false;
    out = make_binary(std::move(parts), std::move(out), std::move(right));
    if (out.depth > expression_depth_max) return cursor_.fail_meaning(too_deep);
  }
  --nesting_;
  return true;
}

bool metric_parser::parse_modifiers(binary_parts& parts) {
  parts.return_bool = cursor_.take_if(kind::boolean);
  if (!cursor_.at(kind::on) && !cursor_.at(kind::ignoring)) return true;
  vector_matching matching;
  matching.is_on = cursor_.take().kind == kind::on;
  if (!cursor_.expect(kind::open_parenthesis) || !parse_label_list(matching.labels)) return false;
  if (cursor_.at(kind::group_left) || cursor_.at(kind::group_right)) {
    matching.cardinality = cursor_.take().kind == kind::group_left ? match_cardinality::many_to_one
                                                                   : match_cardinality::one_to_many;
    if (cursor_.take_if(kind::open_parenthesis) && !parse_label_list(matching.include)) {
      return false;
    }
  }
  parts.matching = std::move(matching);
  return true;
}

// The labels behind an opening parenthesis, and the closing one.
bool metric_parser::parse_label_list(std::vector<std::string>& labels) {
  if (cursor_.take_if(kind::close_parenthesis)) return true;
  std::string label;
  if (!cursor_.expect_value(kind::identifier, label, {kind::identifier, kind::close_parenthesis})) {
    return false;
  }
  labels.push_back(std::move(label));
  while (!cursor_.take_if(kind::close_parenthesis)) {
    if (!cursor_.expect(kind::comma, {kind::comma, kind::close_parenthesis})) return false;
    if (!cursor_.expect_value(kind::identifier, label)) return false;
    labels.push_back(std::move(label));
  }
  return true;
}

bool metric_parser::parse_operand(parsed_expression& out) {
  const kind next = cursor_.peek().kind;
  switch (next) {
    case kind::open_parenthesis:
      return parse_parenthesised(out);
    case kind::open_brace:
      return parse_log(out);
    case kind::number:
    case kind::add:
    case kind::subtract:
      return parse_literal(out);
    case kind::vector:
      return parse_vector(out);
    case kind::label_replace:
      return parse_label_replace(out);
    default:
      break;
  }
  if (const auto op = vector_op_of(next)) return parse_vector_aggregation(out, *op);
  if (const auto op = range_op_of(next)) return parse_range_aggregation(out, *op);
  return cursor_.fail_unexpected();
}

bool metric_parser::parse_parenthesised(parsed_expression& out) {
  cursor_.take();
  return parse_expression(out) && cursor_.expect(kind::close_parenthesis, {});
}

bool metric_parser::parse_log(parsed_expression& out) {
  log_expr log;
  if (!log_.parse_selector(log.matchers) || !log_.parse_pipeline(log.stages, nullptr)) {
    return false;
  }
  out = make_log(std::move(log));
  return true;
}

bool metric_parser::parse_literal(parsed_expression& out) {
  const bool negative = cursor_.at(kind::subtract);
  if (negative || cursor_.at(kind::add)) cursor_.take();
  std::string text;
  if (!cursor_.expect_value(kind::number, text)) return false;
  out = make_literal(text, negative);
  return true;
}

bool metric_parser::parse_vector(parsed_expression& out) {
  cursor_.take();
  std::string text;
  if (!cursor_.expect(kind::open_parenthesis) || !cursor_.expect_value(kind::number, text) ||
      !cursor_.expect(kind::close_parenthesis)) {
    return false;
  }
  out = make_vector(text);
  return true;
}

bool metric_parser::parse_metric(parsed_expression& out) {
  return parse_expression(out) && (!out.log || cursor_.fail_unexpected());
}

bool metric_parser::parse_label_replace(parsed_expression& out) {
  cursor_.take();
  parsed_expression inner;
  if (!cursor_.expect(kind::open_parenthesis) || !parse_metric(inner)) return false;
  label_replace_expr replace;
  bool is_first = true;
  for (std::string* text :
       {&replace.destination, &replace.replacement, &replace.source, &replace.regex}) {
    // Behind the expression a binary operator could stand as well: too many to list.
    const bool comma = is_first ? cursor_.expect(kind::comma, {}) : cursor_.expect(kind::comma);
    if (!comma || !cursor_.expect_value(kind::text, *text)) return false;
    is_first = false;
  }
  if (!cursor_.expect(kind::close_parenthesis)) return false;
  out = make_label_replace(std::move(replace), std::move(inner), regexes_);
  return true;
}

bool metric_parser::parse_vector_aggregation(parsed_expression& out, vector_op op) {
  cursor_.take();
  vector_aggregation_parts parts;
  parts.op = op;
  if (!parse_grouping(parts.grouping)) return false;
  const bool grouping_first = parts.grouping.has_value();
  parsed_expression inner;
  if (!cursor_.expect(kind::open_parenthesis) || !parse_aggregation_arguments(parts, inner) ||
      !cursor_.expect(kind::close_parenthesis, {})) {
    return false;
  }
  if (!grouping_first && !parse_grouping(parts.grouping)) return false;
  out = make_vector_aggregation(std::move(parts), std::move(inner));
  return out.depth <= expression_depth_max || cursor_.fail_meaning(too_deep);
}

// `[NUMBER ,] expression`. A number may also begin the expression.
bool metric_parser::parse_aggregation_arguments(vector_aggregation_parts& parts,
                                                parsed_expression& inner) {
  if (!cursor_.at(kind::number)) return parse_metric(inner);
  const token number = cursor_.take();
  if (cursor_.take_if(kind::comma)) {
    parts.parameter = number.value;
    return parse_metric(inner);
  }
  cursor_.put_back(number);
  return parse_metric(inner);
}

bool metric_parser::parse_grouping(std::optional<grouping_expr>& grouping) {
  if (!cursor_.at(kind::by) && !cursor_.at(kind::without)) return true;
  grouping.emplace();
  grouping->is_without = cursor_.take().kind == kind::without;
  return cursor_.expect(kind::open_parenthesis) && parse_label_list(grouping->labels);
}

bool metric_parser::parse_range_aggregation(parsed_expression& out, range_op op) {
  cursor_.take();
  range_aggregation_parts parts;
  parts.op = op;
  if (!cursor_.expect(kind::open_parenthesis)) return false;
  if (cursor_.at(kind::number)) {
    parts.parameter = cursor_.take().value;
    if (!cursor_.expect(kind::comma)) return false;
    if (!cursor_.at(kind::open_brace) && !cursor_.at(kind::open_parenthesis)) {
      return cursor_.fail_unexpected({kind::open_brace, kind::open_parenthesis});
    }
  } else if (!cursor_.at(kind::open_brace) && !cursor_.at(kind::open_parenthesis)) {
    return cursor_.fail_unexpected({kind::number, kind::open_brace, kind::open_parenthesis});
  }
  if (!parse_range(parts.range) || !cursor_.expect(kind::close_parenthesis) ||
      !parse_grouping(parts.grouping)) {
    return false;
  }
  out = make_range_aggregation(std::move(parts));
  return true;
}

bool metric_parser::parse_range(log_range& range) {
  if (cursor_.take_if(kind::open_parenthesis)) return parse_parenthesised_range(range);
  if (!cursor_.at(kind::open_brace)) {
    return cursor_.fail_unexpected({kind::open_brace, kind::open_parenthesis});
  }
  if (!log_.parse_selector(range.log.matchers)) return false;
  if (cursor_.at(kind::range)) return parse_range_behind_selector(range);
  if (!log_.parse_pipeline(range.log.stages, &range.unwrap)) return false;
  if (!cursor_.at(kind::range) && range.unwrap) {
    return cursor_.fail_unexpected({kind::range, kind::pipe});
  }
  return parse_range_token(range);
}

// `selector RANGE [offset] [pipeline] [unwrap]`, from the range on.
bool metric_parser::parse_range_behind_selector(log_range& range) {
  return parse_range_token(range) && log_.parse_pipeline(range.log.stages, &range.unwrap);
}

// `RANGE [offset]`
bool metric_parser::parse_range_token(log_range& range) {
  if (!cursor_.at(kind::range)) return cursor_.fail_unexpected();
  range.range_ns = cursor_.take().duration_ns;
  return parse_offset(range);
}

bool metric_parser::parse_offset(log_range& range) {
  if (!cursor_.take_if(kind::offset)) return true;
  if (!cursor_.at(kind::duration)) return cursor_.fail_unexpected({kind::duration});
  range.offset_ns = cursor_.take().duration_ns;
  return true;
}

// Behind an opening parenthesis: a whole range, or a selector whose range follows the closing one.
bool metric_parser::parse_parenthesised_range(log_range& range) {
  if (cursor_.at(kind::open_parenthesis)) {
    if (!enter() || !parse_range(range)) return false;
    --nesting_;
    return cursor_.expect(kind::close_parenthesis);
  }
  if (!cursor_.at(kind::open_brace)) {
    return cursor_.fail_unexpected({kind::open_brace, kind::open_parenthesis});
  }
  if (!log_.parse_selector(range.log.matchers)) return false;
  if (cursor_.at(kind::range)) {
    return parse_range_behind_selector(range) && cursor_.expect(kind::close_parenthesis);
  }
  if (!log_.parse_pipeline(range.log.stages, &range.unwrap)) return false;
  if (cursor_.at(kind::range)) {
    return parse_range_token(range) && cursor_.expect(kind::close_parenthesis);
  }
  if (!cursor_.at(kind::close_parenthesis)) {
    if (!range.unwrap) return cursor_.fail_unexpected();
    return cursor_.fail_unexpected({kind::range, kind::close_parenthesis, kind::pipe});
  }
  cursor_.take();
  if (!cursor_.at(kind::range)) return cursor_.fail_unexpected({kind::range});
  if (!parse_range_token(range)) return false;
  const bool is_plain = range.log.stages.empty() && !range.unwrap;
  // Only `| unwrap` may follow a bare selector in parentheses.
  if (!is_plain || !cursor_.take_if(kind::pipe)) return true;
  if (!cursor_.at(kind::unwrap)) return cursor_.fail_unexpected({kind::unwrap});
  range.unwrap.emplace();
  return log_.parse_unwrap(*range.unwrap);
}

}  // namespace skald::logql
