// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/text_candidates.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace skald::logql {
namespace {

using candidates = std::optional<row_selection>;

constexpr std::size_t text_bytes_min = 3;     // shorter ones are everywhere
constexpr std::size_t few_rows = 16;          // not worth another look-up
constexpr std::size_t alternatives_max = 16;  // look-ups for one expression

// The longest part without the letters that some non-ASCII characters equal when case is ignored:
// U+0130 is a lower-case i, U+212A a k, U+017F an s.
std::string longest_safe_part(std::string_view text) {
  std::string_view best;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find_first_of("iks"), text.size());
    if (length > best.size()) best = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return std::string(best);
}

result<candidates> rows_with(log_block& block, const literal_requirement& need) {
  std::string text = need.text;
  // Invalid bytes of a line match this character of an expression.
  if (text.find("\xEF\xBF\xBD") != std::string::npos) return candidates();
  if (need.ignore_case && !block.flags().ascii) text = longest_safe_part(text);
  if (text.size() < text_bytes_min) return candidates();
  return block.rows_with_text(text, need.ignore_case);
}

result<candidates> rows_with_all(log_block& block, const literal_requirement& need) {
  candidates rows;
  for (const literal_requirement& child : need.children) {
    if (rows && rows->size() <= few_rows) break;
    SKALD_TRY_ASSIGN(candidates more, candidate_rows(block, child));
    if (!more) continue;
    if (rows) {
      intersect_selection(*rows, *more);
    } else {
      rows = std::move(more);
    }
  }
  return rows;
}

result<candidates> rows_with_any(log_block& block, const literal_requirement& need) {
  if (need.children.size() > alternatives_max) return candidates();
  row_selection rows;
  for (const literal_requirement& child : need.children) {
    SKALD_TRY_ASSIGN(const candidates more, candidate_rows(block, child));
    if (!more) return candidates();
    row_selection merged;
    merge_selections(rows, *more, merged);
    rows.swap(merged);
  }
  return candidates(std::move(rows));
}

}  // namespace

void intersect_selection(row_selection& rows, const row_selection& others) {
  row_selection common;
  std::set_intersection(rows.begin(), rows.end(), others.begin(), others.end(),
                        std::back_inserter(common));
  rows = std::move(common);
}

result<std::optional<row_selection>> candidate_rows(log_block& block,
                                                    const literal_requirement& need) {
  switch (need.what) {
    case literal_requirement::kind::always:
      return candidates();
    case literal_requirement::kind::text:
      return rows_with(block, need);
    case literal_requirement::kind::all_of:
      return rows_with_all(block, need);
    case literal_requirement::kind::any_of:
      return rows_with_any(block, need);
  }
  return candidates();
}

}  // namespace skald::logql
