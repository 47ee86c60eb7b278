// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/head_snapshot.h"

#include <utility>

namespace skald {

head_snapshot_ptr for_reader(head_snapshot_ptr taken) {
  if (!taken->is_by_reference()) return taken;
  auto copy = std::make_shared<head_snapshot>(*taken);
  for (auto& slice : copy->slices) {
    slice.source = std::make_shared<durable_frame>(slice.source->frame, slice.source->sequence);
  }
  return copy;
}

}  // namespace skald
