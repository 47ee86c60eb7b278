// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/printer.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "runtime/base/go_number.h"
#include "runtime/base/units.h"
#include "runtime/logql/scan/regex_syntax.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

template <class... Cases>
struct overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
overloaded(Cases...) -> overloaded<Cases...>;

void append_quoted_list(std::string& out, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += ',';
    out += names[i];
  }
}

bool is_literal(const regex_node& node) {
  return node.what == regex_node::kind::literal;
}

// `.*`, with any greediness.
bool is_any_star(const regex_node& node) {
  return node.what == regex_node::kind::star && node.children.size() == 1 &&
         (node.children[0].what == regex_node::kind::any_not_newline ||
          node.children[0].what == regex_node::kind::any);
}

bool is_any_plus(const regex_node& node) {
  return node.what == regex_node::kind::plus && node.children.size() == 1 &&
         (node.children[0].what == regex_node::kind::any_not_newline ||
          node.children[0].what == regex_node::kind::any);
}

// Whether Loki replaces a label filter's expression by text searches. It prints those in quotes
// and the others in back quotes.
bool is_simplified(const regex_node& node) {
  using kind = regex_node::kind;
  switch (node.what) {
    case kind::literal:
    case kind::empty:
      return true;
    case kind::capture:
      return is_simplified(node.children[0]);
    case kind::star:
    case kind::plus:
      return is_any_star(node) || is_any_plus(node);
    case kind::alternate:
      for (const regex_node& child : node.children) {
        if (!is_simplified(child)) return false;
      }
      return true;
    case kind::concat: {
      int literals = 0;
      bool only_stars = node.children.size() <= 3;
      for (const regex_node& child : node.children) {
        if (is_literal(child)) {
          ++literals;
        } else if (!is_any_star(child)) {
          only_stars = false;
        }
      }
      if (only_stars && literals == 1) return true;
      return node.children.size() == 2 && is_literal(node.children[0]) &&
             (node.children[1].what == kind::alternate || node.children[1].what == kind::capture) &&
             is_simplified(node.children[1]);
    }
    default:
      return false;
  }
}

void append_string_matcher(std::string& out, const string_label_filter& filter) {
  out += filter.name;
  out += to_string(filter.op);
  append_go_quoted(out, filter.value);
}

void append_string_filter(std::string& out, const string_label_filter& filter) {
  const bool is_regex = filter.op == match_op::regex || filter.op == match_op::not_regex;
  if (is_regex && filter.value.find('`') == std::string::npos) {
    const auto node = read_regex(filter.value);
    if (!node || !is_simplified(*node)) {
      out += filter.name;
      out += to_string(filter.op);
      out += '`' + filter.value + '`';
      return;
    }
  }
  append_string_matcher(out, filter);
}

// As Loki rounds it, "5.1kB", but only where reading it back gives the same size.
std::string format_bytes(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 7> units{"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 10) return std::to_string(bytes) + "B";
  const double power = std::floor(std::log(static_cast<double>(bytes)) / std::log(1000.0));
  const double value =
      std::floor(static_cast<double>(bytes) / std::pow(1000.0, power) * 10 + 0.5) / 10;
  char text[64];
  std::snprintf(text, sizeof text, value < 10 ? "%.1f" : "%.0f", value);
  const std::string rounded = text + std::string(units[static_cast<std::size_t>(power)]);
  const auto back = parse_bytes(rounded);
  return back.ok() && *back == bytes ? rounded : std::to_string(bytes) + "B";
}

void append_comparison(std::string& out, std::string_view name, compare_op op) {
  out += name;
  out += op == compare_op::equal ? "==" : to_string(op);
}

void append_label_filter(std::string& out, const label_filter_expr& filter) {
  std::visit(overloaded{
                 [&](const string_label_filter& f) { append_string_filter(out, f); },
                 [&](const number_label_filter& f) {
                   append_comparison(out, f.name, f.op);
                   append_go_float_f(out, f.value);
                 },
                 [&](const duration_label_filter& f) {
                   append_comparison(out, f.name, f.op);
                   out += format_go_duration(f.value_ns);
                 },
                 [&](const bytes_label_filter& f) {
                   append_comparison(out, f.name, f.op);
                   out += format_bytes(f.value_bytes);
                 },
                 [&](const ip_label_filter& f) {
                   out += f.name;
                   out += f.op == compare_op::equal ? "=ip(" : "!=ip(";
                   append_go_quoted(out, f.pattern);
                   out += ')';
                 },
                 [&](const binary_label_filter& f) {
                   out += "( ";
                   append_label_filter(out, *f.left);
                   out += f.is_or ? " or " : " , ";
                   append_label_filter(out, *f.right);
                   out += " )";
                 },
             },
             filter.node);
}

bool is_negative(line_filter_op op) {
  return op == line_filter_op::not_contains || op == line_filter_op::not_regex ||
         op == line_filter_op::not_pattern;
}

void append_line_filter(std::string& out, const line_filter_expr& filter) {
  for (std::size_t i = 0; i < filter.operands.size(); ++i) {
    if (i > 0) out += is_negative(filter.op) ? " " : " or ";
    if (i == 0 || is_negative(filter.op)) {
      out += to_string(filter.op);
      out += ' ';
    }
    const line_filter_operand& operand = filter.operands[i];
    if (operand.is_ip) out += "ip(";
    append_go_quoted(out, operand.text);
    if (operand.is_ip) out += ')';
  }
}

void append_extractions(std::string& out, const std::vector<label_extraction>& extractions) {
  std::string_view separator = " ";
  for (const label_extraction& extraction : extractions) {
    out += separator;
    out += extraction.target;
    out += '=';
    append_go_quoted(out, extraction.expression);
    separator = ",";
  }
}

void append_named_labels(std::string& out, const std::vector<named_label_matcher>& labels) {
  std::string_view separator = "";
  for (const named_label_matcher& label : labels) {
    out += separator;
    if (label.matcher) {
      append_string_matcher(out, *label.matcher);
    } else {
      out += label.name;
    }
    separator = ",";
  }
}

void append_quoted_stage(std::string& out, std::string_view name, std::string_view argument) {
  out += name;
  append_go_quoted(out, argument);
}

void append_stage(std::string& out, const stage_expr& stage) {
  std::visit(
      overloaded{
          [&](const line_filter_expr& s) { append_line_filter(out, s); },
          [&](const label_filter_expr& s) {
            out += "| ";
            append_label_filter(out, s);
          },
          [&](const json_parser_expr& s) {
            out += "| json";
            append_extractions(out, s.extractions);
          },
          [&](const logfmt_parser_expr& s) {
            out += "| logfmt";
            if (s.strict) out += " --strict";
            if (s.keep_empty) out += " --keep-empty";
            append_extractions(out, s.extractions);
          },
          [&](const regexp_parser_expr& s) { append_quoted_stage(out, "| regexp ", s.pattern); },
          [&](const pattern_parser_expr& s) { append_quoted_stage(out, "| pattern ", s.pattern); },
          [&](const unpack_expr&) { out += "| unpack"; },
          [&](const decolorize_expr&) { out += "| decolorize"; },
          [&](const line_format_expr& s) { append_quoted_stage(out, "| line_format ", s.text); },
          [&](const label_format_expr& s) {
            std::string_view separator = "| label_format ";
            for (const label_format_item& item : s.items) {
              out += separator;
              out += item.name + "=";
              if (item.is_rename) {
                out += item.value;
              } else {
                append_go_quoted(out, item.value);
              }
              separator = ",";
            }
          },
          [&](const drop_expr& s) {
            out += "| drop ";
            append_named_labels(out, s.labels);
          },
          [&](const keep_expr& s) {
            out += "| keep ";
            append_named_labels(out, s.labels);
          },
      },
      stage);
}

void append_log(std::string& out, const log_expr& log) {
  out += to_string(log.matchers);
  for (const stage_expr& stage : log.stages) {
    out += ' ';
    append_stage(out, stage);
  }
}

void append_range(std::string& out, const log_range& range) {
  append_log(out, range.log);
  if (range.unwrap) {
    out += ' ';
    out += to_string(*range.unwrap);
  }
  out += '[' + format_prometheus_duration(range.range_ns) + ']';
  if (range.offset_ns != 0) out += " offset " + format_go_duration(range.offset_ns);
}

void append_metric(std::string& out, const metric_expr& metric);

void append_vector_aggregation(std::string& out, const vector_aggregation& aggregation) {
  out += to_string(aggregation.op);
  const auto& grouping = aggregation.grouping;
  // `by ()` is what no clause means.
  if (grouping && (grouping->is_without || !grouping->labels.empty())) {
    out += ' ' + to_string(*grouping);
  }
  out += '(';
  if (takes_parameter(aggregation.op)) out += std::to_string(aggregation.parameter) + ",";
  append_metric(out, *aggregation.inner);
  out += ')';
}

void append_metric(std::string& out, const metric_expr& metric) {
  std::visit(
      overloaded{
          [&](const range_aggregation& m) {
            out += to_string(m.op);
            out += '(';
            if (m.parameter) {
              append_go_float_f(out, *m.parameter);
              out += ',';
            }
            append_range(out, m.range);
            out += ')';
            if (m.grouping) out += ' ' + to_string(*m.grouping);
          },
          [&](const vector_aggregation& m) { append_vector_aggregation(out, m); },
          [&](const binary_operation& m) {
            out += '(';
            append_metric(out, *m.left);
            out += ' ' + operator_text(m) + ' ';
            append_metric(out, *m.right);
            out += ')';
          },
          [&](const literal_expr& m) { append_go_float_g(out, m.value); },
          [&](const vector_expr& m) { out += "vector(" + format_six_decimals(m.value) + ")"; },
          [&](const label_replace_expr& m) {
            out += "label_replace(";
            append_metric(out, *m.inner);
            for (const std::string* text : {&m.destination, &m.replacement, &m.source, &m.regex}) {
              out += ',';
              append_go_quoted(out, *text);
            }
            out += ')';
          },
      },
      metric.node);
}

}  // namespace

bool takes_parameter(vector_op op) {
  return op == vector_op::topk || op == vector_op::bottomk || op == vector_op::approx_topk;
}

std::string format_six_decimals(double value) {
  if (!std::isfinite(value)) {
    std::string out;
    append_go_float_f(out, value);
    return out;
  }
  char text[512];
  std::snprintf(text, sizeof text, "%f", value);
  return text;
}

std::string operator_text(const binary_operation& operation) {
  std::string out(to_string(operation.op));
  if (operation.return_bool) out += " bool";
  if (!operation.matching) return out;
  const vector_matching& matching = *operation.matching;
  if (!matching.is_on && matching.labels.empty()) return out;
  out += matching.is_on ? " on (" : " ignoring (";
  append_quoted_list(out, matching.labels);
  out += ") ";
  if (matching.cardinality != match_cardinality::one_to_one) {
    out += matching.cardinality == match_cardinality::many_to_one ? "group_left" : "group_right";
    if (!matching.include.empty()) {
      out += " (";
      append_quoted_list(out, matching.include);
      out += ')';
    }
  }
  return out;
}

std::string to_string(const query_expr& query) {
  return query.is_log() ? to_string(*query.log()) : to_string(*query.metric());
}

std::string to_string(const log_expr& log) {
  std::string out;
  append_log(out, log);
  return out;
}

std::string to_string(const metric_expr& metric) {
  std::string out;
  append_metric(out, metric);
  return out;
}

std::string to_string(const log_range& range) {
  std::string out;
  append_range(out, range);
  return out;
}

std::string to_string(const stage_expr& stage) {
  std::string out;
  append_stage(out, stage);
  return out;
}

std::string to_string(const label_filter_expr& filter) {
  std::string out;
  append_label_filter(out, filter);
  return out;
}

std::string to_string(const unwrap_expr& unwrap) {
  static constexpr std::array<std::string_view, 4> functions{"", "bytes", "duration",
                                                             "duration_seconds"};
  std::string out = "| unwrap ";
  const std::string_view function = functions[static_cast<std::size_t>(unwrap.conversion)];
  out += function;
  out += function.empty() ? unwrap.label : "(" + unwrap.label + ")";
  for (const label_filter_expr& filter : unwrap.post_filters) {
    out += " | ";
    append_label_filter(out, filter);
  }
  return out;
}

std::string to_string(const grouping_expr& grouping) {
  std::string out = grouping.is_without ? "without (" : "by (";
  append_quoted_list(out, grouping.labels);
  out += ')';
  return out;
}

std::string to_string(const std::vector<label_matcher>& matchers) {
  std::string out = "{";
  for (std::size_t i = 0; i < matchers.size(); ++i) {
    if (i > 0) out += ", ";
    out += matchers[i].name();
    out += to_string(matchers[i].op());
    append_go_quoted(out, matchers[i].value());
  }
  out += '}';
  return out;
}

}  // namespace skald::logql
