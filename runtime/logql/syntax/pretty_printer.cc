// SPDX-License-Identifier: Apache-2.0
// The pretty form: a node stays on one line when its canonical print fits, else it is split.
#include "runtime/base/go_number.h"
#include "runtime/base/units.h"
#include "runtime/logql/syntax/printer.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

constexpr std::size_t line_bytes_max = 100;

std::string indent(int level) {
  return std::string(static_cast<std::size_t>(level) * 2, ' ');
}

bool fits(std::string_view text) {
  return text.size() <= line_bytes_max;
}

// Adjacent line filters count as one stage.
std::string print_line_filters(const std::vector<stage_expr>& stages, std::size_t begin,
                               std::size_t end, int level) {
  std::string line;
  std::string split;
  for (std::size_t i = begin; i < end; ++i) {
    if (i > begin) {
      line += ' ';
      split += '\n';
    }
    const std::string text = to_string(stages[i]);
    line += text;
    split += indent(level) + text;
  }
  return fits(line) ? indent(level) + line : split;
}

std::string print_log(const log_expr& log, int level) {
  const std::string line = to_string(log);
  if (log.stages.empty() || fits(line)) return indent(level) + line;
  std::string out = indent(level) + to_string(log.matchers);
  for (std::size_t i = 0; i < log.stages.size();) {
    out += '\n';
    std::size_t end = i;
    while (end < log.stages.size() && std::holds_alternative<line_filter_expr>(log.stages[end])) {
      ++end;
    }
    if (end > i) {
      out += print_line_filters(log.stages, i, end, level + 1);
      i = end;
      continue;
    }
    // Loki does not indent this stage; seen, and harmless.
    if (!std::holds_alternative<decolorize_expr>(log.stages[i])) out += indent(level + 1);
    out += to_string(log.stages[i]);
    ++i;
  }
  return out;
}

std::string print_range(const log_range& range, int level) {
  std::string out = print_log(range.log, level);
  if (range.unwrap) {
    unwrap_expr unwrap = *range.unwrap;
    unwrap.post_filters.clear();
    out += '\n' + indent(level + 1) + to_string(unwrap);
    for (const label_filter_expr& filter : range.unwrap->post_filters) {
      out += '\n' + indent(level + 1) + "| " + to_string(filter);
    }
  }
  out += " [" + format_prometheus_duration(range.range_ns) + "]";
  if (range.offset_ns != 0) out += " offset " + format_prometheus_duration(range.offset_ns);
  return out;
}

std::string print_grouping(const grouping_expr& grouping) {
  std::string out = grouping.is_without ? " without (" : " by (";
  for (std::size_t i = 0; i < grouping.labels.size(); ++i) {
    if (i > 0) out += ", ";
    out += grouping.labels[i];
  }
  return out + ")";
}

int precedence(binary_op op) {
  switch (op) {
    case binary_op::logical_or:
      return 1;
    case binary_op::logical_and:
    case binary_op::logical_unless:
      return 2;
    case binary_op::equal:
    case binary_op::not_equal:
    case binary_op::less:
    case binary_op::less_or_equal:
    case binary_op::greater:
    case binary_op::greater_or_equal:
      return 3;
    case binary_op::add:
    case binary_op::subtract:
      return 4;
    case binary_op::multiply:
    case binary_op::divide:
    case binary_op::modulo:
      return 5;
    case binary_op::power:
      return 6;
  }
  return 0;
}

std::string print_metric(const metric_expr& metric, int level);

// A split operand has no parentheses of its own: they are added where reading it back would give
// another tree.
std::string print_operand(const metric_expr& operand, binary_op parent, bool is_left, int level) {
  const auto* child = std::get_if<binary_operation>(&operand.node);
  if (child == nullptr || fits(to_string(operand))) return print_metric(operand, level);
  const int own = precedence(child->op);
  const bool binds_on_equal = is_left != (parent == binary_op::power);
  if (own > precedence(parent) || (own == precedence(parent) && binds_on_equal)) {
    return print_metric(operand, level);
  }
  return indent(level) + "(\n" + print_metric(operand, level + 1) + "\n" + indent(level) + ")";
}

std::string print_split(const range_aggregation& m, int level) {
  std::string out = indent(level) + std::string(to_string(m.op)) + "(\n";
  if (m.parameter) {
    out += indent(level + 1);
    append_go_float_g(out, *m.parameter);
    out += ",\n";
  }
  out += print_range(m.range, level + 1) + "\n" + indent(level) + ")";
  if (m.grouping) out += print_grouping(*m.grouping);
  return out;
}

std::string print_split(const vector_aggregation& m, int level) {
  std::string out = indent(level) + std::string(to_string(m.op));
  if (m.grouping && (m.grouping->is_without || !m.grouping->labels.empty())) {
    out += print_grouping(*m.grouping);
  }
  out += "(\n";
  if (takes_parameter(m.op)) out += indent(level + 1) + std::to_string(m.parameter) + ",\n";
  return out + print_metric(*m.inner, level + 1) + "\n" + indent(level) + ")";
}

std::string print_split(const binary_operation& m, int level) {
  return print_operand(*m.left, m.op, true, level + 1) + "\n" + indent(level) + operator_text(m) +
         "\n" + print_operand(*m.right, m.op, false, level + 1);
}

std::string print_split(const label_replace_expr& m, int level) {
  std::string out = indent(level) + "label_replace(\n" + print_metric(*m.inner, level + 1);
  for (const std::string* text : {&m.destination, &m.replacement, &m.source, &m.regex}) {
    out += ",\n" + indent(level + 1);
    append_go_quoted(out, *text);
  }
  return out + "\n" + indent(level) + ")";
}

std::string print_metric(const metric_expr& metric, int level) {
  std::string line = to_string(metric);
  if (fits(line)) return indent(level) + line;
  return std::visit(
      [&](const auto& node) -> std::string {
        using node_type = std::decay_t<decltype(node)>;
        if constexpr (std::is_same_v<node_type, literal_expr> ||
                      std::is_same_v<node_type, vector_expr>) {
          return indent(level) + line;
        } else {
          return print_split(node, level);
        }
      },
      metric.node);
}

}  // namespace

std::string pretty_print(const query_expr& query) {
  return query.is_log() ? print_log(*query.log(), 0) : print_metric(*query.metric(), 0);
}

}  // namespace skald::logql
