// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/plan/skip_probe_builder.h"

#include <optional>
#include <string>
#include <utility>

#include "runtime/logql/pipeline/label_regex.h"
#include "runtime/logql/scan/ip_matcher.h"
#include "runtime/logql/scan/line_pattern.h"
#include "runtime/logql/scan/literal_requirement.h"

namespace skald::logql {
namespace {

skip_probe always() {
  return {};
}

skip_probe text_probe(std::string text, bool ignore_case = false) {
  skip_probe probe;
  probe.what = skip_probe::kind::text;
  probe.text = std::move(text);
  probe.ignore_case = ignore_case;
  return probe;
}

skip_probe metadata_probe(const std::string& name, const std::string& value) {
  skip_probe probe;
  probe.what = skip_probe::kind::metadata_pair;
  probe.text = name;
  probe.value = value;
  return probe;
}

skip_probe all_of(std::vector<skip_probe> children) {
  skip_probe probe;
  for (skip_probe& child : children) probe = both(std::move(probe), std::move(child));
  return probe;
}

// One child without a claim makes the whole claim nothing.
skip_probe any_of(std::vector<skip_probe> children) {
  for (const skip_probe& child : children) {
    if (child.what == skip_probe::kind::always) return always();
  }
  if (children.empty()) return always();
  if (children.size() == 1) return std::move(children.front());
  skip_probe probe;
  probe.what = skip_probe::kind::any_of;
  probe.children = std::move(children);
  return probe;
}

skip_probe probe_of(const literal_requirement& requirement) {
  std::vector<skip_probe> children;
  for (const literal_requirement& child : requirement.children) {
    children.push_back(probe_of(child));
  }
  switch (requirement.what) {
    case literal_requirement::kind::always:
      return always();
    case literal_requirement::kind::text:
      return text_probe(requirement.text, requirement.ignore_case);
    case literal_requirement::kind::all_of:
      return all_of(std::move(children));
    case literal_requirement::kind::any_of:
      return any_of(std::move(children));
  }
  return always();
}

skip_probe probe_of(line_filter_op op, const line_filter_operand& operand) {
  if (operand.is_ip) {
    if (op != line_filter_op::contains) return always();
    // One v4 address stands in the line as it is written; ranges and v6 have many spellings.
    const std::optional<ip_address> address = parse_ip_address(operand.text);
    return address && address->is_v4 ? text_probe(operand.text) : always();
  }
  switch (op) {
    case line_filter_op::contains:
      return text_probe(operand.text);
    case line_filter_op::regex:
      return probe_of(required_literals(operand.text));
    case line_filter_op::pattern: {
      std::vector<skip_probe> literals;
      for (const pattern_node& node : split_pattern(operand.text)) {
        if (!node.is_capture) literals.push_back(text_probe(node.text));
      }
      return all_of(std::move(literals));
    }
    default:
      return always();
  }
}

skip_probe probe_of(const line_filter_expr& filter) {
  std::vector<skip_probe> operands;
  for (const line_filter_operand& operand : filter.operands) {
    // An `or` chain ignores an empty text; alone it claims nothing. An empty pattern matches empty
    // lines.
    if (operand.text.empty() && filter.op != line_filter_op::pattern) continue;
    operands.push_back(probe_of(filter.op, operand));
  }
  return any_of(std::move(operands));
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Values of which one must be the label's, when the filter says so. An expression that looks like a
// list of them may be tested by "contains" (`web|web-2`), and says nothing of whole values then.
std::vector<std::string> values_of(const string_label_filter& filter) {
  if (filter.op == match_op::equal) return {filter.value};
  if (filter.op != match_op::regex) return {};
  const result<label_regex> regex = label_regex::compile(filter.value);
  if (!regex.ok()) return {};
  std::vector<std::string> values;
  for (const label_regex::test& test : regex->tests()) {
    if (test.what != label_regex::test::kind::equals || test.ignore_case) return {};
    values.push_back(test.text);
  }
  if (!values.empty()) return values;
  // It runs as it is written, anchored.
  const result<label_matcher> matcher =
      label_matcher::make(filter.name, match_op::regex, filter.value);
  return matcher.ok() ? matcher->literal_alternatives() : values;
}

// `n="v"`: the value stands in the metadata or, after a parser, in the line.
std::optional<label_probe> probe_of(const string_label_filter& filter, bool after_parser) {
  if (filter.name.rfind("__", 0) == 0 || ends_with(filter.name, "_extracted")) return std::nullopt;
  std::vector<skip_probe> alternatives;
  for (const std::string& value : values_of(filter)) {
    if (value.empty()) return std::nullopt;
    alternatives.push_back(metadata_probe(filter.name, value));
    if (after_parser) {
      skip_probe text = text_probe(value);
      text.parsed_value = true;
      alternatives.push_back(std::move(text));
    }
  }
  skip_probe probe = any_of(std::move(alternatives));
  if (probe.what == skip_probe::kind::always) return std::nullopt;
  return label_probe{{filter.name}, std::move(probe)};
}

void add_label_probes(const label_filter_expr& filter, bool after_parser,
                      std::vector<label_probe>& out) {
  if (const auto* text = std::get_if<string_label_filter>(&filter.node)) {
    if (std::optional<label_probe> probe = probe_of(*text, after_parser)) {
      out.push_back(std::move(*probe));
    }
    return;
  }
  const auto* binary = std::get_if<binary_label_filter>(&filter.node);
  if (binary == nullptr) return;
  std::vector<label_probe> left;
  std::vector<label_probe> right;
  add_label_probes(*binary->left, after_parser, left);
  add_label_probes(*binary->right, after_parser, right);
  if (!binary->is_or) {
    for (label_probe& probe : left) out.push_back(std::move(probe));
    for (label_probe& probe : right) out.push_back(std::move(probe));
  } else if (!left.empty() && !right.empty()) {
    // One claim of each side is enough for a sound one of the whole.
    label_probe joined = std::move(left.front());
    joined.names.insert(joined.names.end(), right.front().names.begin(), right.front().names.end());
    joined.probe = any_of({std::move(joined.probe), std::move(right.front().probe)});
    out.push_back(std::move(joined));
  }
}

template <class Stage>
bool holds(const stage_expr& stage) {
  return std::holds_alternative<Stage>(stage);
}

}  // namespace

skip_probe both(skip_probe a, skip_probe b) {
  if (a.what == skip_probe::kind::always) return b;
  if (b.what == skip_probe::kind::always) return a;
  skip_probe joined;
  if (a.what == skip_probe::kind::all_of) {
    joined = std::move(a);
  } else {
    joined.what = skip_probe::kind::all_of;
    joined.children.push_back(std::move(a));
  }
  joined.children.push_back(std::move(b));
  return joined;
}

stage_probes probes_of(std::span<const stage_expr> stages) {
  stage_probes probes;
  bool after_parser = false;
  bool after_decolorize = false;
  bool labels_known = true;  // no stage but parsers can have set a label
  for (const stage_expr& stage : stages) {
    if (holds<line_format_expr>(stage) || holds<unpack_expr>(stage)) break;
    if (const auto* filter = std::get_if<line_filter_expr>(&stage)) {
      probes.lines = both(std::move(probes.lines), probe_of(*filter));
    } else if (const auto* labels = std::get_if<label_filter_expr>(&stage)) {
      if (labels_known) add_label_probes(*labels, after_parser, probes.by_label);
      // Behind this line filters keep their place, so they see text without colour codes.
      if (after_decolorize) break;
    } else if (holds<decolorize_expr>(stage)) {
      after_decolorize = true;
    } else if (holds<label_format_expr>(stage) || holds<drop_expr>(stage) ||
               holds<keep_expr>(stage)) {
      labels_known = false;
    } else {
      after_parser = true;
      // A parser may take a value apart that colour codes held together.
      if (after_decolorize) labels_known = false;
    }
  }
  return probes;
}

}  // namespace skald::logql
