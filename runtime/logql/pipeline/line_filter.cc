// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/line_filter.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/logql/pipeline/label_regex.h"

namespace skald::logql {
namespace {

bool operand_matches(const literal_search& operand, std::string_view line) {
  return operand.is_in(line);
}
bool operand_matches(const regex_filter& operand, std::string_view line) {
  return operand.matches(line);
}
bool operand_matches(const line_pattern& operand, std::string_view line) {
  return operand.matches(line);
}
bool operand_matches(const ip_matcher& operand, std::string_view line) {
  return operand.is_in(line);
}

// Rows of the ranges whose line passes `operand`, by one pass over the bytes where possible.
void select(const literal_search& operand, const line_column& lines, const text_flags&,
            std::span<const row_range> ranges, row_selection& out) {
  operand.select(lines, ranges, out);
}
void select(const regex_filter& operand, const line_column& lines, const text_flags& flags,
            std::span<const row_range> ranges, row_selection& out) {
  operand.select(lines, flags, ranges, out);
}
void select(const line_pattern& operand, const line_column& lines, const text_flags&,
            std::span<const row_range> ranges, row_selection& out) {
  const auto& literals = operand.literals();
  const auto longest = std::max_element(
      literals.begin(), literals.end(),
      [](const auto& a, const auto& b) { return a.needle().size() < b.needle().size(); });
  if (longest == literals.end()) {
    select_all(ranges, out);
  } else {
    longest->select(lines, ranges, out);
  }
  std::erase_if(out, [&](std::uint32_t row) { return !operand.matches(lines.line(row)); });
}
void select(const ip_matcher& operand, const line_column& lines, const text_flags&,
            std::span<const row_range> ranges, row_selection& out) {
  select_all(ranges, out);
  std::erase_if(out, [&](std::uint32_t row) { return !operand.is_in(lines.line(row)); });
}

literal_requirement text_requirement(std::string text) {
  literal_requirement need;
  need.what = literal_requirement::kind::text;
  need.text = std::move(text);
  return need;
}

literal_requirement pattern_requirement(const line_pattern& pattern) {
  literal_requirement need;
  for (const literal_search& literal : pattern.literals()) {
    if (!literal.needle().empty()) need.children.push_back(text_requirement(literal.needle()));
  }
  if (!need.children.empty()) need.what = literal_requirement::kind::all_of;
  return need;
}

// One operand matches: nothing is required when some operand requires nothing.
literal_requirement any_requirement(std::vector<literal_requirement> operands) {
  if (operands.size() == 1) return std::move(operands.front());
  literal_requirement need;
  const bool usable = std::none_of(operands.begin(), operands.end(),
                                   [](const auto& operand) { return operand.is_always(); });
  if (operands.empty() || !usable) return need;
  need.what = literal_requirement::kind::any_of;
  need.children = std::move(operands);
  return need;
}

}  // namespace

result<line_filter> line_filter::compile(const line_filter_expr& expression) {
  using op = line_filter_op;
  line_filter filter;
  filter.negative_ = expression.op == op::not_contains || expression.op == op::not_regex ||
                     expression.op == op::not_pattern;
  const bool is_regex = expression.op == op::regex || expression.op == op::not_regex;
  const bool is_pattern = expression.op == op::pattern || expression.op == op::not_pattern;
  std::vector<literal_requirement> needs;
  for (const line_filter_operand& operand : expression.operands) {
    if (operand.is_ip) {
      if (is_regex || is_pattern) return {errc::invalid_argument, "ip: invalid operation"};
      SKALD_TRY_ASSIGN(ip_matcher matcher, ip_matcher::compile(operand.text));
      filter.operands_.emplace_back(matcher);
      needs.emplace_back();
      continue;
    }
    if (is_pattern) {
      SKALD_TRY_ASSIGN(line_pattern pattern, line_pattern::compile(operand.text));
      needs.push_back(pattern_requirement(pattern));
      filter.operands_.emplace_back(std::move(pattern));
      continue;
    }
    const std::optional<std::string> in_effect =
        is_regex ? line_regex_in_effect(operand.text) : std::nullopt;
    const std::string& text = in_effect ? *in_effect : operand.text;
    if (text.empty()) {
      // `!= ""` lets nothing pass, whatever else the chain holds; of a positive chain an empty
      // operand is dropped, and alone it passes everything.
      if (!filter.negative_) continue;
      filter.operands_.clear();
      return filter;
    }
    if (is_regex) {
      SKALD_TRY_ASSIGN(regex_filter regex,
                       regex_filter::compile(text, regex_anchoring::unanchored));
      needs.push_back(required_literals(text));
      filter.operands_.emplace_back(std::move(regex));
    } else {
      needs.push_back(text_requirement(text));
      filter.operands_.emplace_back(literal_search(text));
    }
  }
  filter.literals_ = any_requirement(std::move(needs));
  return filter;
}

bool line_filter::matches(std::string_view line) const {
  if (operands_.empty()) return !negative_;
  for (const operand& item : operands_) {
    if (std::visit([&](const auto& one) { return operand_matches(one, line); }, item)) {
      return !negative_;
    }
  }
  return negative_;
}

void line_filter::apply(const line_column& lines, const text_flags& flags,
                        std::span<const row_range> ranges, bool all, row_selection& rows) const {
  if (never_passes()) {
    rows.clear();
    return;
  }
  if (always_passes()) {
    if (all) select_all(ranges, rows);
    return;
  }
  if (!all) {
    std::erase_if(rows, [&](std::uint32_t row) { return !matches(lines.line(row)); });
    return;
  }
  row_selection hits;
  row_selection one;
  row_selection merged;
  for (const operand& item : operands_) {
    one.clear();
    std::visit([&](const auto& operand) { select(operand, lines, flags, ranges, one); }, item);
    merge_selections(hits, one, merged);
    hits.swap(merged);
  }
  if (!negative_) {
    rows = std::move(hits);
    return;
  }
  rows.clear();
  select_all(ranges, rows);
  subtract_selection(rows, hits);
}

int line_filter::cost() const {
  int cost = 0;
  for (const operand& item : operands_) {
    cost += std::holds_alternative<literal_search>(item) ? 1 : 10;
  }
  return cost + (negative_ ? 1 : 0);
}

}  // namespace skald::logql
