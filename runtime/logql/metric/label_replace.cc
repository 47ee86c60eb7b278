// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/label_replace.h"

#include <re2/re2.h>

#include <cctype>
#include <map>
#include <vector>

namespace skald::logql {
namespace {

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// A replacement cut into text and references to groups, as Go's Regexp.Expand reads it.
struct replacement_part {
  std::string text;
  int group = -1;  // -1: text
};

std::vector<replacement_part> split_replacement(std::string_view text, const re2::RE2& regex) {
  std::vector<replacement_part> parts;
  std::string literal;
  while (!text.empty()) {
    if (text[0] != '$' || text.size() == 1) {
      literal += text[0];
      text.remove_prefix(1);
      continue;
    }
    if (text[1] == '$') {
      literal += '$';
      text.remove_prefix(2);
      continue;
    }
    const bool braces = text[1] == '{';
    const std::size_t begin = braces ? 2 : 1;
    std::size_t end = begin;
    while (end < text.size() && is_word(text[end])) ++end;
    if (end == begin || (braces && (end == text.size() || text[end] != '}'))) {
      literal += '$';  // no reference: the dollar stands for itself
      text.remove_prefix(1);
      continue;
    }
    const std::string name(text.substr(begin, end - begin));
    text.remove_prefix(braces ? end + 1 : end);
    parts.push_back({std::move(literal), -1});
    literal.clear();
    const bool digits = name.find_first_not_of("0123456789") == std::string::npos;
    int group = -1;
    if (digits) {
      if (name.size() <= 6) group = std::stoi(name);
    } else if (const auto at = regex.NamedCapturingGroups().find(name);
               at != regex.NamedCapturingGroups().end()) {
      group = at->second;
    }
    if (group >= 0 && group <= regex.NumberOfCapturingGroups()) parts.push_back({{}, group});
  }
  parts.push_back({std::move(literal), -1});
  return parts;
}

}  // namespace

result<series_matrix> replace_labels(const label_replace_expr& expression, series_matrix input) {
  re2::RE2::Options options(re2::RE2::Quiet);
  const re2::RE2 regex("^(?:" + expression.regex + ")$", options);
  if (!regex.ok()) {
    return error{errc::invalid_argument, "invalid regex in label_replace: " + regex.error()};
  }
  const std::vector<replacement_part> parts = split_replacement(expression.replacement, regex);
  std::vector<re2::StringPiece> groups(regex.NumberOfCapturingGroups() + 1);
  for (step_series& series : input) {
    const std::string source(series.labels.get(expression.source));
    if (!regex.Match(source, 0, source.size(), re2::RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size()))) {
      continue;
    }
    std::string value;
    for (const replacement_part& part : parts) {
      if (part.group < 0) {
        value += part.text;
      } else {
        value.append(groups[part.group].data(), groups[part.group].size());
      }
    }
    series.labels = without_empty_labels(series.labels);
    if (value.empty()) {
      series.labels.erase(expression.destination);
    } else {
      series.labels.set(expression.destination, value);
    }
  }
  return input;
}

}  // namespace skald::logql
