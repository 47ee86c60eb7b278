// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/plain_filter.h"

#include <re2/re2.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "runtime/base/go_number.h"
#include "runtime/base/units.h"
#include "testing/reference/plain_alternation.h"
#include "testing/reference/plain_text.h"

namespace skald::logql::reference {
namespace {

const re2::RE2& compiled(const std::string& regex) {
  static std::unordered_map<std::string, std::unique_ptr<re2::RE2>> known;
  std::unique_ptr<re2::RE2>& one = known[regex];
  if (!one) one = std::make_unique<re2::RE2>(regex, re2::RE2::Quiet);
  return *one;
}

bool operand_matches(line_filter_op op, const line_filter_operand& operand,
                     const std::string& line) {
  if (operand.is_ip) return has_address(operand.text, line);
  switch (op) {
    case line_filter_op::contains:
    case line_filter_op::not_contains:
      return line.find(operand.text) != std::string::npos;
    case line_filter_op::regex:
    case line_filter_op::not_regex:
      return regex_finds(operand.text, line);
    default:
      return pattern_filter_matches(operand.text, line);
  }
}

bool is_negative(line_filter_op op) {
  return op == line_filter_op::not_contains || op == line_filter_op::not_regex ||
         op == line_filter_op::not_pattern;
}

bool is_pattern(line_filter_op op) {
  return op == line_filter_op::pattern || op == line_filter_op::not_pattern;
}

template <class T>
bool compare(compare_op op, T left, T right) {
  switch (op) {
    case compare_op::equal:
      return left == right;
    case compare_op::not_equal:
      return left != right;
    case compare_op::greater:
      return left > right;
    case compare_op::greater_or_equal:
      return left >= right;
    case compare_op::less:
      return left < right;
    default:
      return left <= right;
  }
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string lower_case(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

// Loki forgets the anchors of a label regex whose every alternative is one literal with `.*` in
// front, behind or both. Nothing for all other expressions. Expressions of which Go's parser makes
// something else (common prefixes of more than plain texts, groups) are not understood: tests must
// not use them.
std::optional<bool> simplified_match(const std::string& regex, const std::string& value) {
  static const re2::RE2 shape("(\\.\\*)?([A-Za-z0-9 =_:-]+)?(\\.\\*)?");
  static const re2::RE2 plain_texts("[A-Za-z0-9 =_:|-]*");
  if (regex.empty()) return true;
  if (regex == ".+") return !value.empty();
  if (regex.starts_with("(?i)") && re2::RE2::FullMatch(regex.substr(4), plain_texts)) {
    return alternation_matches(split(lower_case(regex.substr(4)), '|'), lower_case(value));
  }
  if (re2::RE2::FullMatch(regex, plain_texts)) {
    return alternation_matches(split(regex, '|'), value);
  }
  bool any = false;
  bool has_literal = false;
  for (const std::string& branch : split(regex, '|')) {
    std::string front;
    std::string literal;
    std::string behind;
    if (!re2::RE2::FullMatch(branch, shape, &front, &literal, &behind)) return std::nullopt;
    // Alternatives that everything passes are dropped, unless there are no others.
    if (literal.empty()) continue;
    has_literal = true;
    const bool wide = !front.empty() || !behind.empty();
    any = any || (wide ? value.find(literal) != std::string::npos : value == literal);
  }
  return any || !has_literal;
}

bool label_regex_matches(const std::string& regex, const std::string& value) {
  const std::optional<bool> simple = simplified_match(regex, value);
  return simple ? *simple : regex_covers(regex, value);
}

bool passes_one(const string_label_filter& filter, line_labels& labels) {
  std::string value;
  if (filter.name == "__error__") {
    value = labels.error;
  } else if (filter.name != "__error_details__") {
    value = labels.get(filter.name).value_or("");
  }
  switch (filter.op) {
    case match_op::equal:
      return value == filter.value;
    case match_op::not_equal:
      return value != filter.value;
    case match_op::regex:
      return label_regex_matches(filter.value, value);
    default:
      return !label_regex_matches(filter.value, value);
  }
}

template <class T, class Wanted>
bool passes_value(const std::string& name, compare_op op, Wanted wanted,
                  result<T> (*convert)(std::string_view), line_labels& labels) {
  const auto text = labels.get(name);
  if (!text) return false;
  const result<T> value = convert(*text);
  if (value.ok()) return compare<T>(op, *value, wanted);
  if (labels.error.empty()) {
    labels.error = "LabelFilterErr";
    labels.details = value.error().message;
  }
  return true;
}

bool passes_one(const number_label_filter& filter, line_labels& labels) {
  return passes_value(filter.name, filter.op, filter.value, parse_go_float, labels);
}
bool passes_one(const duration_label_filter& filter, line_labels& labels) {
  return passes_value(filter.name, filter.op, filter.value_ns, parse_go_duration, labels);
}
bool passes_one(const bytes_label_filter& filter, line_labels& labels) {
  return passes_value(filter.name, filter.op, filter.value_bytes, parse_bytes, labels);
}
bool passes_one(const ip_label_filter& filter, line_labels& labels) {
  if (!labels.error.empty()) return true;
  const auto text = labels.get(filter.name);
  if (!text || !is_valid_ip_pattern(filter.pattern)) return false;
  return has_address(filter.pattern, *text) == (filter.op == compare_op::equal);
}
bool passes_one(const binary_label_filter& filter, line_labels& labels) {
  const bool left = passes(*filter.left, labels);
  if (filter.is_or && left) return true;
  const bool right = passes(*filter.right, labels);  // also when `and` is lost: it may set errors
  return filter.is_or ? right : left && right;
}

}  // namespace

bool regex_finds(const std::string& regex, const std::string& text) {
  return re2::RE2::PartialMatch(repair_utf8(text), compiled(regex));
}

bool regex_covers(const std::string& regex, const std::string& text) {
  return re2::RE2::FullMatch(repair_utf8(text), compiled(regex));
}

bool passes(const line_filter_expr& filter, const std::string& line) {
  const bool negative = is_negative(filter.op);
  bool any = false;
  bool has_operands = false;
  for (const line_filter_operand& operand : filter.operands) {
    const bool is_nothing = operand.text.empty() && !operand.is_ip && !is_pattern(filter.op);
    if (is_nothing && negative) return false;
    if (is_nothing) continue;  // an `or` chain drops it
    has_operands = true;
    any = any || operand_matches(filter.op, operand, line);
  }
  if (!has_operands) return true;
  return any != negative;
}

bool passes(const label_filter_expr& filter, line_labels& labels) {
  return std::visit([&](const auto& one) { return passes_one(one, labels); }, filter.node);
}

std::set<std::string> names_of(const label_filter_expr& filter) {
  if (const auto* both = std::get_if<binary_label_filter>(&filter.node)) {
    std::set<std::string> names = names_of(*both->left);
    names.merge(names_of(*both->right));
    return names;
  }
  std::set<std::string> names;
  std::visit(
      [&](const auto& one) {
        if constexpr (requires { one.name; }) names.insert(one.name);
      },
      filter.node);
  return names;
}

}  // namespace skald::logql::reference
