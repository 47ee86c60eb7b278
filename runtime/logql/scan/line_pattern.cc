// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/line_pattern.h"

namespace skald::logql {
namespace {

bool is_name_start(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_name_part(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}

// Length of `<name>` at `at`, or 0.
std::size_t capture_length(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  if (end >= text.size() || !is_name_start(text[end])) return 0;
  while (end < text.size() && is_name_part(text[end])) ++end;
  return end < text.size() && text[end] == '>' ? end + 1 - at : 0;
}

}  // namespace

std::vector<pattern_node> split_pattern(std::string_view pattern) {
  std::vector<pattern_node> nodes;
  std::size_t at = 0;
  while (at < pattern.size()) {
    const std::size_t length = pattern[at] == '<' ? capture_length(pattern, at) : 0;
    if (length > 0) {
      nodes.push_back({true, std::string(pattern.substr(at + 1, length - 2))});
      at += length;
      continue;
    }
    if (nodes.empty() || nodes.back().is_capture) nodes.push_back({false, {}});
    nodes.back().text += pattern[at++];
  }
  return nodes;
}

result<line_pattern> line_pattern::compile(std::string_view pattern) {
  line_pattern compiled;
  const std::vector<pattern_node> nodes = split_pattern(pattern);
  compiled.is_empty_ = nodes.empty();
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    if (!nodes[i].is_capture || !nodes[i - 1].is_capture) continue;
    return {errc::invalid_argument, "found consecutive capture '<" + nodes[i - 1].text + "><" +
                                        nodes[i].text + ">': invalid expression"};
  }
  for (const pattern_node& node : nodes) {
    if (!node.is_capture) {
      compiled.literals_.emplace_back(node.text);
    } else if (node.text != "_") {
      return {errc::invalid_argument,
              "named captures are not allowed: found '<" + node.text + ">'"};
    }
  }
  compiled.starts_with_wildcard_ = !nodes.empty() && nodes.front().is_capture;
  compiled.ends_with_wildcard_ = !nodes.empty() && nodes.back().is_capture;
  return compiled;
}

bool line_pattern::matches(std::string_view line) const {
  if (is_empty_ || line.empty()) return is_empty_ && line.empty();
  std::size_t at = 0;
  for (std::size_t i = 0; i < literals_.size(); ++i) {
    const std::size_t hit = literals_[i].find(line, at);
    if (hit == literal_search::npos) return false;
    // A wildcard in front covers at least one byte; only the first literal may have none.
    const bool wildcard_before = i > 0 || starts_with_wildcard_;
    if (wildcard_before && hit == at) return false;
    at = hit + literals_[i].needle().size();
  }
  return ends_with_wildcard_ ? at < line.size() : at == line.size();
}

}  // namespace skald::logql
