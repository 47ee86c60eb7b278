// SPDX-License-Identifier: Apache-2.0
// Which rows may hold a text, told from fragments and columns without putting lines together. An
// occurrence lies inside a fragment, inside a value, or begins in one and goes on in the next; the
// values that it may begin or end in are tested each once. One thread at a time. Errors: corrupt.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/chunk/structured/segment_columns.h"

namespace skald {

class text_rows {
 public:
  // The columns must be open. `starts` are where all lines begin.
  text_rows(segment_columns& columns, std::span<const std::uint32_t> starts, std::string_view text,
            bool ignore_case);

  // As log_block::rows_with_text.
  result<std::optional<std::vector<std::uint32_t>>> find();

 private:
  // What a column's values must look like for the text to cross their edges.
  struct edges {
    std::vector<std::string_view> heads;  // the text's rest behind the fragment before
    std::vector<std::string_view> tails;  // the text's beginning in front of the fragment behind
    std::vector<char> behind;             // first bytes of the fragments behind
  };

  bool same(char a, char b) const { return ignore_case_ ? fold(a) == fold(b) : a == b; }
  static char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
  bool starts_with(std::string_view text, std::string_view prefix) const;
  std::size_t find_in(std::string_view text, std::size_t from) const;

  void find_edges();
  void add_heads(std::string_view fragment, edges& of) const;
  void add_tails(std::string_view fragment, edges& of) const;
  bool crosses(const edges& of, std::string_view value) const;
  void mark_shapes();
  result<void> mark_column(std::uint32_t column);
  result<void> mark_plain_rows();
  bool is_too_many() const { return marked_count_ * 3 > marked_.size(); }
  void mark(std::uint32_t row) {
    marked_count_ += marked_[row] == 0 ? 1 : 0;
    marked_[row] = 1;
  }

  segment_columns& columns_;
  const std::span<const std::uint32_t> starts_;
  const std::string_view text_;
  const bool ignore_case_;
  std::vector<edges> edges_;  // by column
  std::vector<char> marked_;  // by row
  std::size_t marked_count_ = 0;
};

}  // namespace skald
