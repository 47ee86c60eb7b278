// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/text_rows.h"

#include <algorithm>
#include <cstring>

namespace skald {
namespace {

// A single byte stands in most lines.
constexpr std::size_t text_bytes_min = 2;

void add_once(std::vector<std::string_view>& to, std::string_view text) {
  if (std::find(to.begin(), to.end(), text) == to.end()) to.push_back(text);
}

}  // namespace

text_rows::text_rows(segment_columns& columns, std::span<const std::uint32_t> starts,
                     std::string_view text, bool ignore_case)
    : columns_(columns),
      starts_(starts),
      text_(text),
      ignore_case_(ignore_case),
      edges_(columns.shapes().columns.size()),
      marked_(columns.rows(), 0) {}

bool text_rows::starts_with(std::string_view text, std::string_view prefix) const {
  if (text.size() < prefix.size()) return false;
  if (!ignore_case_) return std::memcmp(text.data(), prefix.data(), prefix.size()) == 0;
  return std::equal(prefix.begin(), prefix.end(), text.begin(),
                    [](char a, char b) { return fold(a) == fold(b); });
}

std::size_t text_rows::find_in(std::string_view text, std::size_t from) const {
  if (!ignore_case_) return text.find(text_, from);
  for (; from + text_.size() <= text.size(); ++from) {
    if (same(text[from], text_.front()) && starts_with(text.substr(from), text_)) return from;
  }
  return std::string_view::npos;
}

// The text begins in the fragment and goes on in the value behind it.
void text_rows::add_heads(std::string_view fragment, edges& of) const {
  const std::size_t most = std::min(fragment.size(), text_.size() - 1);
  for (std::size_t bytes = 1; bytes <= most; ++bytes) {
    const std::string_view end = fragment.substr(fragment.size() - bytes);
    if (starts_with(text_, end)) add_once(of.heads, text_.substr(bytes));
  }
}

// The text begins in a value and goes on in the fragment behind it.
void text_rows::add_tails(std::string_view fragment, edges& of) const {
  if (fragment.empty()) return;
  if (std::find(of.behind.begin(), of.behind.end(), fragment.front()) == of.behind.end()) {
    of.behind.push_back(fragment.front());
  }
  for (std::size_t bytes = 1; bytes < text_.size(); ++bytes) {
    const std::string_view rest = text_.substr(bytes);
    const std::size_t common = std::min(rest.size(), fragment.size());
    if (starts_with(fragment.substr(0, common), rest.substr(0, common))) {
      add_once(of.tails, text_.substr(0, bytes));
    }
  }
}

void text_rows::find_edges() {
  const shape_set& shapes = columns_.shapes();
  // Each pair of column and fragment counts once, however many shapes have it.
  std::vector<std::uint64_t> seen;
  for (const shape_set::shape& shape : shapes.shapes) {
    const auto fragments = shapes.fragments_of(shape);
    for (std::size_t i = 0; i + 1 < fragments.size(); ++i) {
      const std::uint64_t column = shapes.fragments[fragments[i]].column;
      seen.push_back(column << 32 | fragments[i + 1]);
    }
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  for (const std::uint64_t pair : seen) {
    add_tails(shapes.fragments[pair & 0xffffffff].text, edges_[pair >> 32]);
  }
  for (const shape_set::fragment& one : shapes.fragments) {
    if (one.column != shape_set::fragment::no_column) add_heads(one.text, edges_[one.column]);
  }
}

bool text_rows::crosses(const edges& of, std::string_view value) const {
  for (const std::string_view head : of.heads) {
    if (starts_with(value, head)) return true;
    if (head.size() > value.size() && starts_with(head, value) &&
        std::any_of(of.behind.begin(), of.behind.end(),
                    [&](char c) { return same(c, head[value.size()]); })) {
      return true;
    }
  }
  return std::any_of(of.tails.begin(), of.tails.end(), [&](std::string_view tail) {
    return value.size() >= tail.size() &&
           starts_with(value.substr(value.size() - tail.size()), tail);
  });
}

// All rows of shapes with a fragment that holds the text.
void text_rows::mark_shapes() {
  const shape_set& shapes = columns_.shapes();
  std::vector<char> hit(shapes.shapes.size() + 1, 0);
  std::vector<char> holds;
  for (const shape_set::fragment& one : shapes.fragments) {
    holds.push_back(find_in(one.text, 0) != std::string_view::npos ? 1 : 0);
  }
  for (std::size_t i = 0; i < shapes.shapes.size(); ++i) {
    const auto fragments = shapes.fragments_of(shapes.shapes[i]);
    hit[i + 1] = std::any_of(fragments.begin(), fragments.end(),
                             [&](std::uint32_t fragment) { return holds[fragment] != 0; })
                     ? 1
                     : 0;
  }
  const auto row_shapes = columns_.row_shapes();
  for (std::uint32_t row = 0; row < row_shapes.size(); ++row) {
    if (hit[row_shapes[row]] != 0) mark(row);
  }
}

result<void> text_rows::mark_column(std::uint32_t column) {
  std::vector<std::uint32_t> positions;
  SKALD_TRY(columns_.find(column, text_, ignore_case_, positions));
  const edges& of = edges_[column];
  if (!of.heads.empty() || !of.tails.empty()) {
    SKALD_TRY_ASSIGN(const decoded_column decoded, columns_.values(column));
    std::vector<char> hit;
    hit.reserve(decoded.values.size());
    for (const std::string_view value : decoded.values) hit.push_back(crosses(of, value) ? 1 : 0);
    for (std::uint32_t i = 0; i < decoded.rows; ++i) {
      if (hit[decoded.codes.empty() ? i : decoded.codes[i]] != 0) positions.push_back(i);
    }
  }
  if (positions.empty()) return {};
  const auto rows = columns_.rows_with(column);
  for (const std::uint32_t position : positions) mark(rows[position]);
  return {};
}

result<void> text_rows::mark_plain_rows() {
  SKALD_TRY_ASSIGN(const std::string_view plain, columns_.plain_lines());
  const auto row_shapes = columns_.row_shapes();
  std::size_t line = 0;  // where the row's line begins among the plain ones
  std::size_t at = plain.empty() ? std::string_view::npos : find_in(plain, 0);
  for (std::uint32_t row = 0; row < row_shapes.size() && at != std::string_view::npos; ++row) {
    if (row_shapes[row] != 0) continue;
    const std::size_t end = line + (starts_[row + 1] - starts_[row]);
    if (at < end) {
      mark(row);
      at = find_in(plain, end);
    }
    line = end;
  }
  return {};
}

result<std::optional<std::vector<std::uint32_t>>> text_rows::find() {
  using answer = std::optional<std::vector<std::uint32_t>>;
  if (text_.size() < text_bytes_min) return answer();
  mark_shapes();
  if (is_too_many()) return answer();
  find_edges();
  for (std::uint32_t column = 0; column < edges_.size(); ++column) {
    SKALD_TRY(mark_column(column));
    if (is_too_many()) return answer();
  }
  SKALD_TRY(mark_plain_rows());
  if (is_too_many()) return answer();
  std::vector<std::uint32_t> rows;
  rows.reserve(marked_count_);
  for (std::uint32_t row = 0; row < marked_.size(); ++row) {
    if (marked_[row] != 0) rows.push_back(row);
  }
  return answer(std::move(rows));
}

}  // namespace skald
