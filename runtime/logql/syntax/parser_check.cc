// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/parser_check.h"

#include <algorithm>
#include <set>

#include "runtime/logql/scan/ip_matcher.h"
#include "runtime/logql/scan/line_pattern.h"
#include "runtime/logql/syntax/path_expression.h"
#include "runtime/logql/syntax/printer.h"
#include "runtime/logql/template/template.h"

namespace skald::logql {
namespace {

error invalid(std::string message) {
  return error{errc::invalid_argument, std::move(message)};
}

error stage_error(std::string_view stage, std::string_view why) {
  std::string message = "stage '";
  message += stage;
  message += "' : ";
  message += why;
  return invalid(std::move(message));
}

// The names of `(?P<name>` and `(?<name>` groups in the order of the text.
std::vector<std::string> group_names(std::string_view regex) {
  std::vector<std::string> names;
  bool in_class = false;
  for (std::size_t at = 0; at < regex.size(); ++at) {
    if (regex[at] == '\\') {
      ++at;
    } else if (in_class) {
      in_class = regex[at] != ']';
    } else if (regex[at] == '[') {
      in_class = true;
    } else if (regex.substr(at, 2) == "(?") {
      const std::size_t begin = regex.substr(at + 2, 1) == "P" ? at + 4 : at + 3;
      if (begin > regex.size() || regex[begin - 1] != '<') continue;
      const std::size_t end = regex.find('>', begin);
      if (end != std::string_view::npos) names.emplace_back(regex.substr(begin, end - begin));
    }
  }
  return names;
}

result<void> check_group_names(std::string_view regex) {
  const std::vector<std::string> names = group_names(regex);
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (!seen.insert(name).second) return invalid("duplicate extracted label name '" + name + "'");
  }
  if (names.empty()) return invalid("at least one named capture must be supplied");
  return {};
}

result<void> check_line_filter(const line_filter_expr& filter, regex_budget& regexes) {
  for (const line_filter_operand& operand : filter.operands) {
    const bool is_text =
        filter.op == line_filter_op::contains || filter.op == line_filter_op::not_contains;
    const bool is_regex =
        filter.op == line_filter_op::regex || filter.op == line_filter_op::not_regex;
    if (operand.is_ip) {
      if (!is_text) return invalid("ip: invalid operation");
      if (auto ip = ip_matcher::compile(operand.text); !ip.ok()) return ip.error();
    } else if (is_regex) {
      SKALD_TRY(regexes.check(operand.text));
    } else if (!is_text) {
      if (auto pattern = line_pattern::compile(operand.text); !pattern.ok()) {
        return pattern.error();
      }
    }
  }
  return {};
}

// Loki compiles a run of line filters as one stage, the last one first.
result<void> check_line_filters(const std::vector<const line_filter_expr*>& filters,
                                regex_budget& regexes) {
  for (auto filter = filters.rbegin(); filter != filters.rend(); ++filter) {
    const auto checked = check_line_filter(**filter, regexes);
    if (checked.ok()) continue;
    std::string stage;
    for (const line_filter_expr* each : filters) {
      if (!stage.empty()) stage += ' ';
      stage += to_string(stage_expr(*each));
    }
    return stage_error(stage, checked.error().message);
  }
  return {};
}

result<void> check_label_format(const label_format_expr& format) {
  std::set<std::string_view> seen;
  for (const label_format_item& item : format.items) {
    if (item.name == "__error__") return invalid("__error__ cannot be formatted");
    if (!seen.insert(item.name).second) {
      return invalid("multiple label name '" + item.name +
                     "' not allowed in a single format operation");
    }
  }
  for (const label_format_item& item : format.items) {
    if (item.is_rename) continue;
    const auto compiled = compiled_template::parse("label", item.value);
    if (!compiled.ok()) {
      return invalid("invalid template for label '" + item.name + "': " + compiled.error().message);
    }
  }
  return {};
}

struct stage_checker {
  result<void> operator()(const label_filter_expr& filter) const {
    const auto* ip = std::get_if<ip_label_filter>(&filter.node);
    if (ip == nullptr) return {};
    const auto compiled = ip_matcher::compile(ip->pattern);
    if (!compiled.ok()) return compiled.error();
    return {};
  }
  result<void> operator()(const json_parser_expr& json) const {
    for (const label_extraction& extraction : json.extractions) {
      const auto path = parse_json_path(extraction.expression);
      if (!path.ok()) return path.error();
    }
    return {};
  }
  result<void> operator()(const logfmt_parser_expr& logfmt) const {
    for (const label_extraction& extraction : logfmt.extractions) {
      const auto key = parse_logfmt_key(extraction.expression);
      if (!key.ok()) return key.error();
    }
    return {};
  }
  result<void> operator()(const line_format_expr& format) const {
    const auto compiled = compiled_template::parse("line", format.text);
    if (compiled.ok()) return {};
    return invalid("invalid line template: " + compiled.error().message);
  }
  result<void> operator()(const label_format_expr& format) const {
    return check_label_format(format);
  }
  template <class Other>
  result<void> operator()(const Other&) const {
    return {};
  }
};

result<void> check_run(std::vector<const line_filter_expr*>& filters,
                       std::vector<const stage_expr*>& rest, regex_budget& regexes) {
  if (!filters.empty()) SKALD_TRY(check_line_filters(filters, regexes));
  for (const stage_expr* stage : rest) {
    const auto checked = std::visit(stage_checker{}, *stage);
    if (!checked.ok()) return stage_error(to_string(*stage), checked.error().message);
  }
  filters.clear();
  rest.clear();
  return {};
}

bool reads_line(const stage_expr& stage) {
  return std::holds_alternative<line_filter_expr>(stage) ||
         std::holds_alternative<json_parser_expr>(stage) ||
         std::holds_alternative<logfmt_parser_expr>(stage) ||
         std::holds_alternative<regexp_parser_expr>(stage) ||
         std::holds_alternative<pattern_parser_expr>(stage) ||
         std::holds_alternative<unpack_expr>(stage);
}

// Unless the line's length counts, Loki removes every line_format behind which no stage reads the
// line, and so never sees that its template is wrong.
result<void> check_range(const range_aggregation& aggregation, regex_budget& regexes) {
  const log_expr& log = aggregation.range.log;
  if (aggregation.op == range_op::bytes_over_time || aggregation.op == range_op::bytes_rate) {
    return check_stages(log, regexes);
  }
  log_expr kept;
  bool is_read = false;
  for (auto stage = log.stages.rbegin(); stage != log.stages.rend(); ++stage) {
    is_read = is_read || reads_line(*stage);
    if (is_read || !std::holds_alternative<line_format_expr>(*stage)) kept.stages.push_back(*stage);
  }
  std::reverse(kept.stages.begin(), kept.stages.end());
  return check_stages(kept, regexes);
}

result<void> check_metric(const metric_expr& metric, regex_budget& regexes) {
  if (const auto* range = std::get_if<range_aggregation>(&metric.node)) {
    return check_range(*range, regexes);
  }
  if (const auto* vector = std::get_if<vector_aggregation>(&metric.node)) {
    return check_metric(*vector->inner, regexes);
  }
  if (const auto* replace = std::get_if<label_replace_expr>(&metric.node)) {
    return check_metric(*replace->inner, regexes);
  }
  if (const auto* binary = std::get_if<binary_operation>(&metric.node)) {
    SKALD_TRY(check_metric(*binary->left, regexes));
    return check_metric(*binary->right, regexes);
  }
  return {};
}

}  // namespace

result<void> check_regexp_parser(std::string_view pattern, regex_budget& regexes) {
  auto compiled = regexes.check(pattern);
  if (compiled.ok()) return check_group_names(pattern);
  // RE2 refuses a repeated name as such; Go does not, and Loki then names it.
  const std::vector<std::string> names = group_names(pattern);
  const std::set<std::string> unique(names.begin(), names.end());
  const bool is_name_error =
      compiled.error().message.find("invalid named capture") != std::string::npos;
  if (is_name_error && unique.size() < names.size()) return check_group_names(pattern);
  return std::move(compiled).error();
}

result<void> check_pattern_parser(std::string_view pattern) {
  if (pattern.empty()) {
    return invalid(
        "parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or "
        "LITERAL");
  }
  const std::vector<pattern_node> nodes = split_pattern(pattern);
  std::set<std::string_view> names;
  std::string duplicate;
  for (const pattern_node& node : nodes) {
    if (!node.is_capture || node.text == "_") continue;
    if (!names.insert(node.text).second && duplicate.empty()) duplicate = node.text;
  }
  if (names.empty()) return invalid("at least one capture is required");
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (!nodes[i - 1].is_capture || !nodes[i].is_capture) continue;
    return invalid("found consecutive capture '<" + nodes[i - 1].text + "><" + nodes[i].text +
                   ">': invalid expression");
  }
  if (!duplicate.empty()) {
    return invalid("duplicate capture name (" + duplicate + "): invalid expression");
  }
  return {};
}

result<void> check_stages(const log_expr& log, regex_budget& regexes) {
  std::vector<const line_filter_expr*> filters;
  std::vector<const stage_expr*> rest;
  for (const stage_expr& stage : log.stages) {
    if (const auto* filter = std::get_if<line_filter_expr>(&stage)) {
      filters.push_back(filter);
      continue;
    }
    if (std::holds_alternative<label_filter_expr>(stage))
      SKALD_TRY(check_run(filters, rest, regexes));
    rest.push_back(&stage);
    if (std::holds_alternative<label_filter_expr>(stage) ||
        std::holds_alternative<line_format_expr>(stage) ||
        std::holds_alternative<unpack_expr>(stage)) {
      SKALD_TRY(check_run(filters, rest, regexes));
    }
  }
  return check_run(filters, rest, regexes);
}

result<void> check_query(const query_expr& query) {
  regex_budget regexes;
  return query.is_log() ? check_stages(*query.log(), regexes)
                        : check_metric(*query.metric(), regexes);
}

}  // namespace skald::logql
