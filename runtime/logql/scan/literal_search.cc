// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/literal_search.h"

#include <array>
#include <cstring>
#include <utility>

#include "runtime/logql/scan/literal_kernel.h"

namespace skald::logql {
namespace {

// How common a byte is in logs; 0 is rarest. From the order in which bytes occur in access logs,
// JSON and logfmt; only the order matters.
std::array<std::uint8_t, 256> make_rank_table() {
  constexpr std::string_view common_first =
      " e\"at0oin1r:s-2lcd.u,3m4p5/6g7h8=9f_bvkwyx{}\\[]()qzj|;+&?%@#\n\tTIESRODNACMLPGUFHBVW";
  std::array<std::uint8_t, 256> table{};
  for (int i = 'A'; i <= 'Z'; ++i) table[static_cast<std::size_t>(i)] = 20;
  for (int i = 0x80; i < 0x100; ++i) table[static_cast<std::size_t>(i)] = 15;
  std::uint8_t rank = 250;
  for (const char c : common_first) {
    table[static_cast<std::uint8_t>(c)] = rank;
    rank = static_cast<std::uint8_t>(rank - 2);
  }
  return table;
}

std::uint8_t rank_of(char c) {
  static const std::array<std::uint8_t, 256> table = make_rank_table();
  return table[static_cast<std::uint8_t>(c)];
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

char fold(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

literal_search::literal_search(std::string needle, letter_case mode)
    : needle_(std::move(needle)), mode_(mode) {
  if (mode_ == letter_case::ignore_ascii) {
    for (char& c : needle_) c = fold(c);
  }
  for (std::uint32_t i = 1; i < needle_.size(); ++i) {
    if (rank_of(needle_[i]) < rank_of(needle_[first_offset_])) first_offset_ = i;
  }
  // A second byte unlike the first says more; of a needle of equal bytes any other offset serves.
  bool found = false;
  for (std::uint32_t i = 0; i < needle_.size(); ++i) {
    if (needle_[i] == needle_[first_offset_]) continue;
    if (!found || rank_of(needle_[i]) < rank_of(needle_[second_offset_])) second_offset_ = i;
    found = true;
  }
  if (!found && needle_.size() > 1) {
    second_offset_ = static_cast<std::uint32_t>(needle_.size()) - 1;
    first_offset_ = 0;
  }
}

std::size_t literal_search::find(std::string_view text, std::size_t from) const {
  if (from > text.size()) return npos;
  if (needle_.empty()) return from;
  if (needle_.size() > text.size() - from) return npos;
  const bool ignore = mode_ == letter_case::ignore_ascii;
  if (needle_.size() == 1 && !(ignore && is_lower(needle_[0]))) {
    return text.find(needle_[0], from);
  }
  literal_kernel_input input;
  input.needle = needle_.data();
  input.needle_bytes = needle_.size();
  input.first_offset = first_offset_;
  input.second_offset = second_offset_;
  input.ignore_case = ignore;
  if (ignore) {
    input.first_mask = is_lower(needle_[first_offset_]) ? 0x20 : 0;
    input.second_mask = is_lower(needle_[second_offset_]) ? 0x20 : 0;
  }
  const std::size_t at = best_literal_kernel()(input, text.data(), text.size(), from);
  return at == text.size() ? npos : at;
}

void literal_search::select(const line_column& lines, std::span<const row_range> ranges,
                            row_selection& out) const {
  if (needle_.empty()) return select_all(ranges, out);
  if (needle_.find('\n') != std::string::npos) {
    for (const row_range& range : ranges) {
      for (std::uint32_t row = range.first; row < range.last; ++row) {
        if (is_in(lines.line(row))) out.push_back(row);
      }
    }
    return;
  }
  for (const row_range& range : ranges) {
    if (range.empty()) continue;
    // The needle holds no newline and every line ends in one, so no hit crosses lines.
    const std::string_view text = lines.bytes.substr(0, lines.starts[range.last]);
    std::size_t at = find(text, lines.starts[range.first]);
    std::uint32_t row = range.first;
    while (at != npos) {
      row = row_of_offset(lines.starts, static_cast<std::uint32_t>(at), row);
      out.push_back(row);
      at = find(text, lines.starts[row + 1]);
    }
  }
}

void literal_search::narrow(const line_column& lines, row_selection& rows, bool keep_hits) const {
  std::erase_if(rows, [&](std::uint32_t row) { return is_in(lines.line(row)) != keep_hits; });
}

}  // namespace skald::logql
