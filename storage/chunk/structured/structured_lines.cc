// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/structured_lines.h"

#include "storage/chunk/structured/text_rows.h"

namespace skald {

result<std::unique_ptr<structured_lines>> structured_lines::open(section_source& source,
                                                                 const structured_places& places,
                                                                 std::uint32_t rows) {
  auto columns = std::make_unique<segment_columns>(source, places, rows);
  SKALD_TRY(columns->open());
  return std::unique_ptr<structured_lines>(new structured_lines(std::move(columns)));
}

result<std::optional<std::vector<std::uint32_t>>> structured_lines::rows_with_text(
    std::string_view text, bool ignore_case, std::span<const std::uint32_t> starts) {
  return text_rows(*columns_, starts, text, ignore_case).find();
}

}  // namespace skald
