// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/head_snapshot.h"

#include <utility>

#include "actors/ingester/head_columns.h"

namespace skald {

head_snapshot_ptr for_reader(head_snapshot_ptr taken, reader_form form) {
  if (!taken->is_by_reference()) return taken;
  if (form == reader_form::copied) {
    head_columns columns;
    columns.reserve(taken->rows, taken->text_bytes);
    for (const auto& slice : taken->slices) {
      columns.append(slice.columns(), slice.first_row, slice.row_count);
    }
    return columns.snapshot(taken->stream, taken->day, taken->first_sequence);
  }
  auto copy = std::make_shared<head_snapshot>(*taken);
  for (auto& slice : copy->slices) {
    const auto& from = *slice.source;
    slice.source = std::make_shared<const durable_frame>(
        durable_frame{from.frame, from.sequence, nullptr, from.hold->pin()});
  }
  return copy;
}

}  // namespace skald
