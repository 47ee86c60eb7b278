// SPDX-License-Identifier: Apache-2.0
// What the json and logfmt parsers of the query language would extract from each row, told from
// columns. Where a parser does anything but take a value as it stands, the row is left to it. One
// thread at a time. Errors: corrupt.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/model/log_block.h"
#include "storage/chunk/structured/segment_columns.h"

namespace skald {

class field_reader {
 public:
  // The columns must be open, and outlive this.
  explicit field_reader(segment_columns& columns);

  // As log_block::field; valid as long as this.
  result<const field_column*> field(line_format_kind format, std::string_view label);
  std::size_t memory_bytes() const;

 private:
  struct found_field {
    std::vector<std::uint32_t> codes;
    std::vector<std::string_view> values;
    field_column column;
  };
  using label_key = std::pair<line_format_kind, std::string>;

  result<void> build(line_format_kind format, const std::vector<std::uint32_t>& columns,
                     found_field& into);
  // What rows without a value have, by row shape; and which shapes may take values.
  void code_shapes(line_format_kind format, const std::vector<std::uint32_t>& columns,
                   std::vector<std::uint32_t>& codes, std::vector<char>& takes_value) const;
  result<void> add_column(std::uint32_t column, bool alone, const std::vector<char>& takes_value,
                          found_field& into);

  segment_columns& columns_;
  std::map<label_key, std::vector<std::uint32_t>> labels_;
  std::vector<char> opaque_;  // by column: its label is not known
  std::map<label_key, std::unique_ptr<found_field>> found_;
};

}  // namespace skald
