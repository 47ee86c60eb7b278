// SPDX-License-Identifier: Apache-2.0
// Substring search for line filters: one needle over a line or over all bytes of a block. Compares
// the needle's two rarest bytes at 64 positions per turn with AVX2 (SSE2 or plain code on other
// machines, chosen at start-up), and the whole needle only where both agree.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "runtime/logql/scan/row_selection.h"

namespace skald::logql {

// How a needle is compared with text.
enum class letter_case : std::uint8_t {
  exact,
  ignore_ascii,  // A-Z equal a-z; all other bytes exactly
};

// An immutable value, safe to use from many threads.
class literal_search {
 public:
  static constexpr std::size_t npos = std::string_view::npos;

  explicit literal_search(std::string needle, letter_case mode = letter_case::exact);

  const std::string& needle() const { return needle_; }
  letter_case mode() const { return mode_; }

  // First occurrence at or after `from`, or npos. An empty needle is found at `from`.
  std::size_t find(std::string_view text, std::size_t from = 0) const;
  bool is_in(std::string_view text) const { return find(text) != npos; }

  // Appends the rows of `ranges` (ascending, disjoint) whose line holds the needle. One pass over
  // the bytes; after a hit it goes on behind the line. A needle with '\n' is searched line by line.
  void select(const line_column& lines, std::span<const row_range> ranges,
              row_selection& out) const;
  // Keeps only the rows whose line holds the needle (or, with `keep_hits` false, does not).
  void narrow(const line_column& lines, row_selection& rows, bool keep_hits = true) const;

 private:
  std::string needle_;  // lower case when mode is ignore_ascii
  letter_case mode_;
  std::uint32_t first_offset_ = 0;   // of the rarest byte
  std::uint32_t second_offset_ = 0;  // of the second rarest
};

}  // namespace skald::logql
