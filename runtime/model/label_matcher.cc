// SPDX-License-Identifier: Apache-2.0
#include "runtime/model/label_matcher.h"

#include <re2/re2.h>

#include <algorithm>

namespace skald {
namespace {

// Splits "a|b|c" where no byte has a meaning in a regular expression; else nothing.
std::vector<std::string> split_literals(std::string_view expression) {
  if (expression.empty() ||
      expression.find_first_of(R"(.+*?()[]{}^$\)") != std::string_view::npos) {
    return {};
  }
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (true) {
    const std::size_t bar = expression.find('|', begin);
    out.emplace_back(expression.substr(begin, bar == std::string_view::npos ? bar : bar - begin));
    if (bar == std::string_view::npos) return out;
    begin = bar + 1;
  }
}

// The position behind the character class that begins at `at`.
std::size_t behind_class(std::string_view expression, std::size_t at) {
  ++at;
  if (expression.substr(at, 1) == "^") ++at;
  // A bracket in first place is a member of the class.
  for (bool is_first = true; at < expression.size() && (is_first || expression[at] != ']');
       is_first = false) {
    const bool is_named = expression.substr(at, 2) == "[:";
    const std::size_t close = is_named ? expression.find(":]", at + 2) : expression.npos;
    at = close != expression.npos ? close + 2 : at + (expression[at] == '\\' ? 2 : 1);
  }
  return std::min(at + 1, expression.size());
}

// The position behind the escape, or the quoted text, that begins at `at`.
std::size_t behind_escape(std::string_view expression, std::size_t at) {
  if (expression.substr(at, 2) != "\\Q") return std::min(at + 2, expression.size());
  const std::size_t close = expression.find("\\E", at + 2);
  return close == expression.npos ? expression.size() : close + 2;
}

// RE2 as packaged knows Go's `(?<name>` only as `(?P<name>`.
std::string with_named_groups(std::string_view expression) {
  std::string out;
  for (std::size_t at = 0; at < expression.size();) {
    if (expression.substr(at, 3) == "(?<") {
      out += "(?P<";
      at += 3;
      continue;
    }
    const std::size_t end = expression[at] == '\\'  ? behind_escape(expression, at)
                            : expression[at] == '[' ? behind_class(expression, at)
                                                    : at + 1;
    out += expression.substr(at, end - at);
    at = end;
  }
  return out;
}

}  // namespace

std::string_view to_string(match_op op) {
  switch (op) {
    case match_op::equal:
      return "=";
    case match_op::not_equal:
      return "!=";
    case match_op::regex:
      return "=~";
    case match_op::not_regex:
      return "!~";
  }
  return "=";
}

result<label_matcher> label_matcher::make(std::string name, match_op op, std::string value) {
  label_matcher m;
  m.name_ = std::move(name);
  m.op_ = op;
  m.value_ = std::move(value);
  if (op == match_op::regex || op == match_op::not_regex) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_dot_nl(true);  // Prometheus anchors as ^(?s:...)$
    auto regex = std::make_shared<re2::RE2>("^(?s:" + with_named_groups(m.value_) + ")$", options);
    if (!regex->ok()) return error{errc::invalid_argument, regex->error()};
    m.regex_ = std::move(regex);
    m.alternatives_ = split_literals(m.value_);
  }
  m.matches_empty_ = m.matches("");
  return m;
}

bool label_matcher::matches(std::string_view value) const {
  switch (op_) {
    case match_op::equal:
      return value == value_;
    case match_op::not_equal:
      return value != value_;
    case match_op::regex:
      return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
    case match_op::not_regex:
      return !re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex_);
  }
  return false;
}

bool matches_all(const std::vector<label_matcher>& matchers, const label_set& labels) {
  for (const label_matcher& m : matchers) {
    if (!m.matches(labels.get(m.name()))) return false;
  }
  return true;
}

}  // namespace skald
