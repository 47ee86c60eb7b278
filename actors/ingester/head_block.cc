// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/head_block.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "runtime/base/assert.h"

namespace skald {
namespace {

text_flags flags_of(const line_column& lines) {
  unsigned char seen = 0;
  std::size_t newlines = 0;
  for (const char c : lines.bytes) {
    seen |= static_cast<unsigned char>(c);
    newlines += c == '\n';
  }
  text_flags flags;
  flags.ascii = seen < 0x80;
  flags.utf8 = flags.ascii;
  flags.embedded_newline = newlines != lines.rows();
  flags.unicode_escape = lines.bytes.find("\\u") != std::string_view::npos;
  return flags;
}

}  // namespace

sorted_columns::sorted_columns(head_snapshot_ptr snapshot) : snapshot_(std::move(snapshot)) {
  if (snapshot_->is_by_reference()) {
    gather_slices();
  } else if (snapshot_->sorted) {
    take_sorted();
  } else {
    sort_rows();
  }
}

void sorted_columns::take_sorted() {
  const auto& from = *snapshot_;
  line_starts_.resize(from.rows + 1);
  std::copy_n(from.line_ends.get(), from.rows, line_starts_.begin() + 1);
  timestamps_ = {from.timestamps.get(), from.rows};
  lines_ = {{from.lines.get(), from.text_bytes}, line_starts_};
  if (from.metadata) decode_metadata({});
}

// Metadata stays where it is: its pairs are views.
void sorted_columns::gather_slices() {
  const auto& from = *snapshot_;
  own_timestamps_.reserve(from.rows);
  own_lines_.reserve(from.text_bytes);
  line_starts_.reserve(from.rows + 1);
  line_starts_.push_back(0);
  for (const auto& slice : from.slices) {
    const auto& columns = slice.columns();
    const auto end = slice.first_row + slice.row_count;
    const auto times = columns.timestamps.subspan(slice.first_row, slice.row_count);
    own_timestamps_.insert(own_timestamps_.end(), times.begin(), times.end());
    const auto starts = columns.lines.starts;
    const auto shift = static_cast<std::uint32_t>(own_lines_.size()) - starts[slice.first_row];
    for (auto row = slice.first_row; row < end; ++row) {
      line_starts_.push_back(starts[row + 1] + shift);
    }
    const auto text = columns.lines.bytes.substr(starts[slice.first_row], slice.line_bytes());
    own_lines_.insert(own_lines_.end(), text.begin(), text.end());
  }
  timestamps_ = own_timestamps_;
  lines_ = {{own_lines_.data(), own_lines_.size()}, line_starts_};
  gather_metadata();
}

void sorted_columns::gather_metadata() {
  const auto& slices = snapshot_->slices;
  if (std::all_of(slices.begin(), slices.end(),
                  [](const slice_ref& slice) { return slice.columns().metadata.empty(); })) {
    return;
  }
  metadata_starts_.reserve(snapshot_->rows + 1);
  metadata_starts_.push_back(0);
  for (const auto& slice : slices) {
    const auto end = slice.first_row + slice.row_count;
    for (auto row = slice.first_row; row < end; ++row) {
      const auto pairs = slice.columns().metadata.row(row);
      pairs_.insert(pairs_.end(), pairs.begin(), pairs.end());
      metadata_starts_.push_back(static_cast<std::uint32_t>(pairs_.size()));
    }
  }
  metadata_ = {metadata_starts_, pairs_};
}

void sorted_columns::sort_rows() {
  const auto& from = *snapshot_;
  std::vector<std::uint32_t> order(from.rows);
  std::iota(order.begin(), order.end(), 0U);
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return from.timestamps[a] < from.timestamps[b];
  });
  own_timestamps_.resize(from.rows);
  own_lines_.resize(from.text_bytes);
  line_starts_.resize(from.rows + 1);
  std::uint32_t written = 0;
  for (std::uint32_t i = 0; i < from.rows; ++i) {
    const auto row = order[i];
    const auto begin = row == 0 ? 0 : from.line_ends[row - 1];
    const auto bytes = from.line_ends[row] - begin;
    own_timestamps_[i] = from.timestamps[row];
    std::memcpy(own_lines_.data() + written, from.lines.get() + begin, bytes);
    written += bytes;
    line_starts_[i + 1] = written;
  }
  timestamps_ = own_timestamps_;
  lines_ = {{own_lines_.data(), own_lines_.size()}, line_starts_};
  if (from.metadata) decode_metadata(order);
}

// An empty order means: as they stand.
void sorted_columns::decode_metadata(const std::vector<std::uint32_t>& order) {
  const auto& from = *snapshot_;
  metadata_starts_.resize(from.rows + 1);
  for (std::uint32_t i = 0; i < from.rows; ++i) {
    const auto row = order.empty() ? i : order[i];
    const char* at = from.metadata.get() + (row == 0 ? 0 : from.metadata_ends[row - 1]);
    const char* const end = from.metadata.get() + from.metadata_ends[row];
    while (at < end) {
      std::uint32_t name_bytes = 0;
      std::uint32_t value_bytes = 0;
      std::memcpy(&name_bytes, at, 4);
      std::memcpy(&value_bytes, at + 4, 4);
      pairs_.push_back({{at + 8, name_bytes}, {at + 8 + name_bytes, value_bytes}});
      at += 8 + name_bytes + value_bytes;
    }
    metadata_starts_[i + 1] = static_cast<std::uint32_t>(pairs_.size());
  }
  metadata_ = {metadata_starts_, pairs_};
}

head_block::head_block(head_snapshot_ptr snapshot) : snapshot_(std::move(snapshot)) {
  SKALD_ASSERT(snapshot_->rows > 0);
  run_.stream = snapshot_->stream;
  run_.first_row = 0;
  run_.row_count = snapshot_->rows;
  run_.min_timestamp_ns = snapshot_->min_timestamp_ns;
  run_.max_timestamp_ns = snapshot_->max_timestamp_ns;
  run_.line_bytes = snapshot_->line_bytes();
}

const sorted_columns& head_block::columns() {
  if (!columns_) columns_ = std::make_unique<sorted_columns>(snapshot_);
  return *columns_;
}

result<std::span<const std::int64_t>> head_block::timestamps() {
  return columns().timestamps();
}

result<line_column> head_block::lines() {
  const auto lines = columns().lines();
  if (!flags_known_) {
    flags_ = flags_of(lines);
    flags_known_ = true;
  }
  return lines;
}

result<metadata_column> head_block::metadata() {
  return columns().metadata();
}

}  // namespace skald
