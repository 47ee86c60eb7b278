// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/plan/query_policy.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/ascii_case.h"
#include "runtime/base/units.h"
#include "runtime/logql/syntax/printer.h"

namespace skald::logql {
namespace {

using matchers = std::vector<label_matcher>;

void collect_selectors(const metric_expr& expr, std::vector<const matchers*>& out) {
  if (const auto* range = std::get_if<range_aggregation>(&expr.node)) {
    out.push_back(&range->range.log.matchers);
  } else if (const auto* vector = std::get_if<vector_aggregation>(&expr.node)) {
    collect_selectors(*vector->inner, out);
  } else if (const auto* binary = std::get_if<binary_operation>(&expr.node)) {
    collect_selectors(*binary->left, out);
    collect_selectors(*binary->right, out);
  } else if (const auto* replace = std::get_if<label_replace_expr>(&expr.node)) {
    collect_selectors(*replace->inner, out);
  }
}

void append_name(std::string& list, std::string_view name) {
  if (!list.empty()) list += ", ";
  list += name;
}

result<void> check_selector(const matchers& selector, const query_limits& limits) {
  std::string present;
  for (const label_matcher& matcher : selector) append_name(present, matcher.name());
  std::string missing;
  for (const std::string& label : limits.required_labels) {
    const bool named = std::any_of(selector.begin(), selector.end(),
                                   [&](const label_matcher& one) { return one.name() == label; });
    if (!named) append_name(missing, label);
  }
  if (!missing.empty()) {
    return error{errc::invalid_argument, "stream selector is missing required matchers [" +
                                             missing + "], labels present in the query were [" +
                                             present + "]"};
  }
  if (selector.size() < limits.min_matchers) {
    return error{errc::invalid_argument,
                 "stream selector has less label matchers than required: (present: [" + present +
                     "], number_present: " + std::to_string(selector.size()) +
                     ", required_number_label_matchers: " + std::to_string(limits.min_matchers) +
                     ")"};
  }
  return {};
}

// FNV-1, as Loki's logs print it for a query.
std::uint32_t hash_of(std::string_view text) {
  std::uint32_t hash = 2166136261U;
  for (const char c : text) {
    hash *= 16777619U;
    hash ^= static_cast<std::uint8_t>(c);
  }
  return hash;
}

// "512 B", "1.5 KiB", "12 MiB": two digits where there is a unit.
std::string size_text(std::uint64_t bytes) {
  static constexpr const char* units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; value >= 1024; value /= 1024) ++unit;
  const double rounded = std::floor(value * 10 + 0.5) / 10;
  char text[32];
  std::snprintf(text, sizeof text, rounded < 10 ? "%.1f %s" : "%.0f %s", rounded, units[unit]);
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

bool names_query(const query_block& block, std::string_view text) {
  if (block.pattern.empty()) return true;
  if (trimmed(block.pattern) == trimmed(text)) return true;
  return block.regex && re2::RE2::PartialMatch({text.data(), text.size()}, *block.regex);
}

// "Source=x,Feature=y".
std::map<std::string, std::string> parse_tags(std::string_view text) {
  std::map<std::string, std::string> tags;
  while (!text.empty()) {
    const std::string_view tag = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), tag.size() + 1));
    const std::size_t equals = tag.find('=');
    if (equals == tag.npos) continue;
    tags.insert_or_assign(ascii_lower_case(trimmed(tag.substr(0, equals))),
                          ascii_lower_case(trimmed(tag.substr(equals + 1))));
  }
  return tags;
}

// Whether a block that names the query is of its kind and tags.
bool applies(const query_block& block, std::string_view kind, const query_limits& limits) {
  const auto& types = block.types;
  if (!types.empty() && std::find(types.begin(), types.end(), kind) == types.end()) return false;
  if (block.tags.empty()) return true;
  const auto has = parse_tags(limits.query_tags);
  return std::includes(has.begin(), has.end(), block.tags.begin(), block.tags.end());
}

}  // namespace

result<void> check_selectors(const query_expr& query, const query_limits& limits) {
  if (limits.required_labels.empty() && limits.min_matchers == 0) return {};
  std::vector<const matchers*> selectors;
  if (query.is_log()) {
    selectors.push_back(&query.log()->matchers);
  } else {
    collect_selectors(*query.metric(), selectors);
  }
  for (const matchers* selector : selectors) SKALD_TRY(check_selector(*selector, limits));
  return {};
}

std::int64_t query_length_ns(std::int64_t start_ns, std::int64_t end_ns) {
  std::int64_t length = 0;
  if (!__builtin_sub_overflow(end_ns, start_ns, &length)) return length;
  return end_ns < start_ns ? INT64_MIN : INT64_MAX;
}

result<void> check_query_length(std::int64_t start_ns, std::int64_t end_ns,
                                std::int64_t longest_ns) {
  const std::int64_t length = query_length_ns(start_ns, end_ns);
  if (longest_ns <= 0 || length <= longest_ns) return {};
  return error{
      errc::invalid_argument,
      "the query time range exceeds the limit (query length: " + format_go_duration(length) +
          ", limit: " + format_prometheus_duration(longest_ns) + ")"};
}

result<void> check_query_bytes(std::uint64_t bytes, const query_limits& limits) {
  if (limits.max_query_bytes == 0 || bytes <= limits.max_query_bytes) return {};
  return error{errc::invalid_argument,
               "the query would read too many bytes (query: " + size_text(bytes) +
                   ", limit: " + size_text(limits.max_query_bytes) +
                   "); consider adding more specific stream selectors or reduce the time range of "
                   "the query"};
}

result<void> check_querier_bytes(std::uint64_t bytes, const query_limits& limits) {
  if (limits.max_querier_bytes == 0 || bytes <= limits.max_querier_bytes) return {};
  return error{errc::invalid_argument,
               "query too large to execute on a single querier: (query: " + size_text(bytes) +
                   ", limit: " + size_text(limits.max_querier_bytes) +
                   "); consider adding more specific stream selectors, reduce the time range of "
                   "the query, or adjust parallelization settings"};
}

std::string_view query_kind(const query_expr& query) {
  if (!query.is_log()) return "metric";
  const std::vector<stage_expr>& stages = query.log()->stages;
  const bool filters = std::any_of(stages.begin(), stages.end(), [](const stage_expr& stage) {
    return std::holds_alternative<line_filter_expr>(stage) ||
           std::holds_alternative<label_filter_expr>(stage);
  });
  return filters ? "filter" : "limited";
}

bool is_blocked(std::string_view text, const query_expr& query, const query_limits& limits) {
  if (limits.blocks.empty()) return false;
  const std::string printed = to_string(query);
  const std::string_view kind = query_kind(query);
  for (const query_block& block : limits.blocks) {
    if (block.hash != 0) {
      // A hash decides, whatever follows it in the list; Loki does so.
      return (hash_of(text) == block.hash || hash_of(printed) == block.hash) &&
             applies(block, kind, limits);
    }
    if (!names_query(block, text) && !names_query(block, printed)) continue;
    // The first block that names the query decides.
    return applies(block, kind, limits);
  }
  return false;
}

}  // namespace skald::logql
