// SPDX-License-Identifier: Apache-2.0
// The rows of one open chunk. As long as they come in order of time, in frames that are worth
// keeping, it only refers to them; else, from the first row on for which that is not so, they are
// copied into columns. Either way an entry equal to one that is there is dropped. Pure. Owned by
// one actor; snapshots may go to any thread.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "actors/ingester/head_columns.h"
#include "actors/ingester/head_snapshot.h"
#include "actors/ingester/slice_ref.h"

namespace skald {

class head_buffer {
 public:
  // The slices come in order of WAL sequence. The caller keeps line bytes within
  // head_columns::line_bytes_max.
  void append(std::vector<slice_ref> slices);

  bool is_by_reference() const { return std::holds_alternative<slice_list>(rows_); }
  head_snapshot_ptr snapshot(stream_ptr stream, std::int64_t day) const;
  // The last snapshot: the buffer is empty behind it.
  head_snapshot_ptr take(stream_ptr stream, std::int64_t day);

 private:
  using slice_list = std::vector<slice_ref>;

  void append_one(slice_ref slice);
  head_columns& copy(const slice_ref& next);

  std::variant<slice_list, head_columns> rows_;
  std::uint64_t first_sequence_ = 0;
};

}  // namespace skald
