// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/pattern_parser.h"

#include <cstring>
#include <set>

namespace skald::logql {
namespace {

// Literals are short and come soon: memchr of the first byte, then compare.
std::size_t find_literal(std::string_view text, const std::string& literal) {
  if (literal.size() == 1) return text.find(literal[0]);
  std::size_t at = 0;
  while (true) {
    at = text.find(literal[0], at);
    if (at == std::string_view::npos || text.size() - at < literal.size()) {
      return std::string_view::npos;
    }
    if (std::memcmp(text.data() + at, literal.data(), literal.size()) == 0) return at;
    ++at;
  }
}

}  // namespace

result<std::vector<pattern_node>> compile_parser_pattern(std::string_view pattern) {
  if (pattern.empty()) {
    return {errc::invalid_argument,
            "parse error at line 1, col 1: syntax error: unexpected $end, expecting IDENTIFIER or "
            "LITERAL"};
  }
  std::vector<pattern_node> nodes = split_pattern(pattern);
  bool named = false;
  std::set<std::string> seen;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (!nodes[i].is_capture) continue;
    if (i > 0 && nodes[i - 1].is_capture) {
      return {errc::invalid_argument, "found consecutive capture '<" + nodes[i - 1].text + "><" +
                                          nodes[i].text + ">': invalid expression"};
    }
    if (nodes[i].text == "_") continue;
    named = true;
    if (!seen.insert(nodes[i].text).second) {
      return {errc::invalid_argument,
              "duplicate capture name (" + nodes[i].text + "): invalid expression"};
    }
  }
  if (!named) return {errc::invalid_argument, "at least one capture is required"};
  return nodes;
}

pattern_parser::pattern_parser(label_builder& labels, const std::vector<pattern_node>& nodes) {
  for (const pattern_node& node : nodes) {
    if (node.is_capture) {
      captures_.push_back({node.text == "_" ? no_name : labels.intern(node.text), {}});
    } else if (captures_.empty()) {
      leading_ = node.text;
    } else {
      captures_.back().literal = node.text;
    }
  }
}

bool pattern_parser::store(name_id found, std::string_view value, row_context& row) {
  if (found == no_name) return true;
  const name_id name = row.labels.parsed_name(found);
  if (row.labels.is_extracted(name) || !row.labels.is_wanted(name)) return true;
  row.labels.set_parsed(name, value);
  return row.labels.passes_early(name, row);
}

bool pattern_parser::process(row_context& row) {
  std::string_view rest = row.line;
  if (rest.empty() || row.labels.no_labels() || !rest.starts_with(leading_)) return true;
  rest.remove_prefix(leading_.size());
  for (const capture& item : captures_) {
    const std::size_t end =
        item.literal.empty() ? std::string_view::npos : find_literal(rest, item.literal);
    // Without the literal the capture takes the rest and later ones are not set.
    if (end == std::string_view::npos) return store(item.name, rest, row);
    if (!store(item.name, rest.substr(0, end), row)) return false;
    if (row.labels.all_required_extracted()) return true;
    rest.remove_prefix(end + item.literal.size());
  }
  return true;
}

}  // namespace skald::logql
