// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/head_buffer.h"

#include <utility>

namespace skald {
namespace {

head_snapshot_ptr snapshot_of(std::vector<slice_ref> slices, stream_ptr stream, std::int64_t day) {
  auto taken = std::make_shared<head_snapshot>();
  taken->stream = std::move(stream);
  taken->day = day;
  if (slices.empty()) return taken;
  taken->first_sequence = slices.front().sequence();
  taken->min_timestamp_ns = slices.front().min_timestamp_ns();
  taken->max_timestamp_ns = slices.back().max_timestamp_ns();
  for (const auto& slice : slices) {
    taken->rows += slice.row_count;
    taken->text_bytes += slice.line_bytes();
  }
  taken->slices = std::move(slices);
  return taken;
}

// Rows that are all later than those before them cannot be like any of them.
bool may_refer_to(const slice_ref* before, const slice_ref& slice) {
  return slice.source->is_dense() && slice.is_in_order() &&
         (before == nullptr || slice.min_timestamp_ns() > before->max_timestamp_ns());
}

bool may_refer_to(const std::vector<slice_ref>& slices) {
  const slice_ref* before = nullptr;
  for (const auto& slice : slices) {
    if (!may_refer_to(before, slice)) return false;
    before = &slice;
  }
  return true;
}

}  // namespace

void head_buffer::append(std::vector<slice_ref> slices) {
  if (slices.empty()) return;
  if (first_sequence_ == 0) first_sequence_ = slices.front().sequence();
  if (auto* held = std::get_if<slice_list>(&rows_); held != nullptr && held->empty()) {
    if (may_refer_to(slices)) {
      *held = std::move(slices);
      return;
    }
  }
  for (auto& slice : slices) append_one(std::move(slice));
}

void head_buffer::append_one(slice_ref slice) {
  if (auto* held = std::get_if<slice_list>(&rows_)) {
    if (may_refer_to(held->empty() ? nullptr : &held->back(), slice)) {
      held->push_back(std::move(slice));
      return;
    }
    copy(slice);
  }
  std::get<head_columns>(rows_).append(slice.columns(), slice.first_row, slice.row_count);
}

// With room for the slice that comes next.
head_columns& head_buffer::copy(const slice_ref& next) {
  const auto held = std::get<slice_list>(std::move(rows_));
  std::uint32_t rows = next.row_count;
  std::uint32_t bytes = next.line_bytes();
  for (const auto& slice : held) {
    rows += slice.row_count;
    bytes += slice.line_bytes();
  }
  auto& columns = rows_.emplace<head_columns>();
  columns.reserve(rows, bytes);
  for (const auto& slice : held) {
    columns.append(slice.columns(), slice.first_row, slice.row_count);
  }
  return columns;
}

head_snapshot_ptr head_buffer::snapshot(stream_ptr stream, std::int64_t day) const {
  if (const auto* held = std::get_if<slice_list>(&rows_)) {
    return snapshot_of(*held, std::move(stream), day);
  }
  return std::get<head_columns>(rows_).snapshot(std::move(stream), day, first_sequence_);
}

head_snapshot_ptr head_buffer::take(stream_ptr stream, std::int64_t day) {
  if (auto* held = std::get_if<slice_list>(&rows_)) {
    return snapshot_of(std::exchange(*held, {}), std::move(stream), day);
  }
  return std::get<head_columns>(rows_).snapshot(std::move(stream), day, first_sequence_);
}

}  // namespace skald
