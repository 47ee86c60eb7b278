// SPDX-License-Identifier: Apache-2.0
// The lines of a segment that stores them by shape, as a segment_block needs them: put together,
// as fields, or searched. One thread at a time. Errors: corrupt, and the source's own.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/chunk/structured/field_reader.h"
#include "storage/chunk/structured/line_renderer.h"
#include "storage/chunk/structured/segment_columns.h"

namespace skald {

class structured_lines {
 public:
  // Reads shapes and directory. The source must outlive the result.
  static result<std::unique_ptr<structured_lines>> open(section_source& source,
                                                        const structured_places& places,
                                                        std::uint32_t rows);

  // As in line_renderer.
  result<void> render(std::span<const std::uint32_t> starts, char* out) {
    return renderer_.render(starts, out);
  }
  result<void> render_some(std::span<const std::uint32_t> rows,
                           std::span<const std::uint32_t> starts,
                           std::span<std::uint32_t> out_starts, byte_buffer& out) {
    return renderer_.render_some(rows, starts, out_starts, out);
  }
  // As in log_block.
  result<const field_column*> field(line_format_kind format, std::string_view label) {
    return fields_.field(format, label);
  }
  result<std::optional<std::vector<std::uint32_t>>> rows_with_text(
      std::string_view text, bool ignore_case, std::span<const std::uint32_t> starts);

  // As in segment_columns and line_renderer.
  void keep_columns() { columns_->keep_columns(); }
  void forget_some() { renderer_.forget_some(); }
  std::size_t memory_bytes() const {
    return columns_->memory_bytes() + renderer_.memory_bytes() + fields_.memory_bytes();
  }

 private:
  explicit structured_lines(std::unique_ptr<segment_columns> columns)
      : columns_(std::move(columns)), renderer_(*columns_), fields_(*columns_) {}

  std::unique_ptr<segment_columns> columns_;
  line_renderer renderer_;
  field_reader fields_;
};

}  // namespace skald
