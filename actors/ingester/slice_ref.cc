// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/slice_ref.h"

#include <algorithm>
#include <utility>

namespace skald {
namespace {

// So many rows before one are compared with it; a longer run of one timestamp counts as not in
// order.
constexpr std::uint32_t compared_rows_max = 16;

bool rows_equal(const stream_slice& slice, std::uint32_t a, std::uint32_t b) {
  if (slice.lines.line(a) != slice.lines.line(b)) return false;
  const auto left = slice.metadata.row(a);
  const auto right = slice.metadata.row(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const metadata_pair& x, const metadata_pair& y) {
                      return x.name == y.name && x.value == y.value;
                    });
}

// Whether `row` is unlike those of [first, row) that have its timestamp and stand right before it.
bool is_new(const stream_slice& slice, std::uint32_t first, std::uint32_t row) {
  const auto times = slice.timestamps;
  for (auto before = row; before > first && times[before - 1] == times[row];) {
    --before;
    if (row - before > compared_rows_max || rows_equal(slice, before, row)) return false;
  }
  return true;
}

}  // namespace

slice_ref::slice_ref(durable_frame_ptr from, std::uint32_t slice_number, std::uint32_t first,
                     std::uint32_t rows)
    : source(std::move(from)), slice(slice_number), first_row(first), row_count(rows) {
  const auto& all = columns();
  if (rows == all.rows() && all.rises) {
    min_timestamp_ns_ = all.min_timestamp_ns;
    max_timestamp_ns_ = all.max_timestamp_ns;
    line_bytes_ = static_cast<std::uint32_t>(all.lines.bytes.size());
    stored_bytes_ = line_bytes_ + all.metadata_bytes;
    return;
  }
  const auto times = all.timestamps;
  const auto end = first + rows;
  min_timestamp_ns_ = max_timestamp_ns_ = times[first];
  for (auto row = first + 1; row < end; ++row) {
    if (times[row] <= times[row - 1]) {
      in_order_ = in_order_ && times[row] == times[row - 1] && is_new(all, first, row);
    }
    min_timestamp_ns_ = std::min(min_timestamp_ns_, times[row]);
    max_timestamp_ns_ = std::max(max_timestamp_ns_, times[row]);
  }
  line_bytes_ = all.lines.starts[end] - all.lines.starts[first];
  stored_bytes_ =
      line_bytes_ + static_cast<std::uint32_t>(metadata_text_bytes(all.metadata, first, end));
}

std::uint64_t metadata_text_bytes(const metadata_column& metadata, std::size_t first,
                                  std::size_t end) {
  if (metadata.empty()) return 0;
  const auto first_pair = metadata.starts[first];
  const auto end_pair = metadata.starts[end];
  if (first_pair == end_pair) return 0;
  const auto& last = metadata.pairs[end_pair - 1].value;
  return static_cast<std::uint64_t>(last.data() + last.size() -
                                    metadata.pairs[first_pair].name.data());
}

}  // namespace skald
