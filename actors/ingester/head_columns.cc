// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/head_columns.h"

#include <algorithm>

#include "runtime/base/assert.h"
#include "runtime/base/hash.h"

namespace skald {
namespace {

// Up to this many rows with the highest timestamp are compared one by one, without a hash table.
constexpr std::uint32_t compared_tail_rows_max = 16;
constexpr std::size_t pair_header_bytes = 8;

std::uint64_t hash_entry(std::int64_t timestamp_ns, std::string_view line) {
  return xxh3_64(line, static_cast<std::uint64_t>(timestamp_ns));
}

}  // namespace

std::uint32_t head_columns::append(const stream_slice& slice, std::uint32_t first,
                                   std::uint32_t count) {
  std::uint32_t dropped = 0;
  const auto times = slice.timestamps;
  std::uint32_t run_begin = first;  // rows [run_begin, row) are accepted and not yet copied
  for (std::uint32_t row = first; row < first + count; ++row) {
    const auto newest = row > run_begin ? times[row - 1] : max_timestamp_ns_;
    const bool rises = (row == run_begin && rows() == 0) || times[row] > newest;
    if (rises) continue;
    // Only what does not rise can be a duplicate: copy the run before it, so that it is compared
    // too.
    append_all(slice, run_begin, row - run_begin);
    run_begin = row;
    if (is_duplicate(slice, row)) {
      ++dropped;
    } else {
      append_all(slice, row, 1);
    }
    run_begin = row + 1;
  }
  append_all(slice, run_begin, first + count - run_begin);
  duplicates_ += dropped;
  return dropped;
}

// Rows must be strictly rising among themselves; the first may be anywhere.
void head_columns::append_all(const stream_slice& slice, std::uint32_t first, std::uint32_t count) {
  if (count == 0) return;
  const auto before = rows();
  const auto times = slice.timestamps.subspan(first, count);
  if (before == 0) {
    min_timestamp_ns_ = times.front();
    max_timestamp_ns_ = times.back();
    equal_tail_ = 1;
  } else {
    if (times.front() < max_timestamp_ns_) sorted_ = false;
    min_timestamp_ns_ = std::min(min_timestamp_ns_, times.front());
    if (times.back() > max_timestamp_ns_) {
      max_timestamp_ns_ = times.back();
      equal_tail_ = 1;
    } else if (times.back() == max_timestamp_ns_) {
      ++equal_tail_;
    } else {
      // A tail that is not at the end cannot be compared row by row.
      equal_tail_ = compared_tail_rows_max + 1;
    }
  }
  timestamps_.append(times);
  const auto source_begin = slice.lines.starts[first];
  const auto source_end = slice.lines.starts[first + count];
  const auto target_begin = lines_.size();
  lines_.append({slice.lines.bytes.data() + source_begin, source_end - source_begin});
  auto* ends = line_ends_.extend(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    ends[i] = target_begin + (slice.lines.starts[first + i + 1] - source_begin);
  }
  append_metadata(slice, first, count);
}

void head_columns::append_metadata(const stream_slice& slice, std::uint32_t first,
                                   std::uint32_t count) {
  const auto before = rows() - count;
  if (slice.metadata.empty()) {
    if (metadata_ends_.size() == 0) return;
    std::fill_n(metadata_ends_.extend(count), count, metadata_.size());
    return;
  }
  if (metadata_ends_.size() == 0 && before > 0) {
    std::fill_n(metadata_ends_.extend(before), before, 0U);
  }
  for (std::uint32_t row = first; row < first + count; ++row) {
    for (const auto& pair : slice.metadata.row(row)) {
      const auto name_bytes = static_cast<std::uint32_t>(pair.name.size());
      const auto value_bytes = static_cast<std::uint32_t>(pair.value.size());
      char* at = metadata_.extend(static_cast<std::uint32_t>(pair_header_bytes) + name_bytes +
                                  value_bytes);
      std::memcpy(at, &name_bytes, 4);
      std::memcpy(at + 4, &value_bytes, 4);
      if (name_bytes > 0) std::memcpy(at + pair_header_bytes, pair.name.data(), name_bytes);
      if (value_bytes > 0) {
        std::memcpy(at + pair_header_bytes + name_bytes, pair.value.data(), value_bytes);
      }
    }
    metadata_ends_.push_back(metadata_.size());
  }
}

bool head_columns::is_duplicate(const stream_slice& slice, std::uint32_t row) {
  const auto timestamp = slice.timestamps[row];
  if (!seen_) {
    if (timestamp == max_timestamp_ns_ && equal_tail_ <= compared_tail_rows_max) {
      for (auto mine = rows() - equal_tail_; mine < rows(); ++mine) {
        if (row_equals(mine, slice, row)) return true;
      }
      return false;
    }
    if (sorted_ && timestamp < max_timestamp_ns_) {
      const auto times = timestamps_.view();
      const auto [low, high] = std::equal_range(times.begin(), times.end(), timestamp);
      if (high - low <= compared_tail_rows_max) {
        for (auto it = low; it != high; ++it) {
          if (row_equals(static_cast<std::uint32_t>(it - times.begin()), slice, row)) return true;
        }
        return false;
      }
    }
  }
  return found_among_seen(slice, row);
}

bool head_columns::found_among_seen(const stream_slice& slice, std::uint32_t row) {
  if (!seen_) seen_ = std::make_unique<seen_rows>();
  remember_rows_until(rows());
  const auto hash = hash_entry(slice.timestamps[row], slice.lines.line(row));
  const auto mask = seen_->slots.size() - 1;
  for (auto at = hash & mask;; at = (at + 1) & mask) {
    const auto& slot = seen_->slots[at];
    if (slot.row_plus_one == 0) return false;
    if (slot.hash_high == hash >> 32 && row_equals(slot.row_plus_one - 1, slice, row)) return true;
  }
}

void head_columns::remember_rows_until(std::uint32_t end) {
  auto& slots = seen_->slots;
  std::size_t wanted = std::max<std::size_t>(slots.size(), 64);
  while (wanted < std::size_t{end} * 2) wanted *= 2;
  if (wanted != slots.size()) {
    // All rows go in again: their hashes are not kept whole.
    slots.assign(wanted, {});
    seen_->used = 0;
  }
  for (auto row = seen_->used; row < end; ++row) remember(row);
  seen_->used = end;
}

void head_columns::remember(std::uint32_t row) {
  auto& slots = seen_->slots;
  const auto hash = hash_row(row);
  const auto mask = slots.size() - 1;
  auto at = hash & mask;
  while (slots[at].row_plus_one != 0) at = (at + 1) & mask;
  slots[at] = {row + 1, static_cast<std::uint32_t>(hash >> 32)};
}

std::string_view head_columns::line(std::uint32_t row) const {
  const auto begin = row == 0 ? 0 : line_ends_[row - 1];
  return {lines_.data() + begin, line_ends_[row] - begin - 1};
}

std::uint64_t head_columns::hash_row(std::uint32_t row) const {
  return hash_entry(timestamps_[row], line(row));
}

bool head_columns::row_equals(std::uint32_t mine, const stream_slice& slice,
                              std::uint32_t row) const {
  return timestamps_[mine] == slice.timestamps[row] && line(mine) == slice.lines.line(row) &&
         metadata_equals(mine, slice.metadata.row(row));
}

bool head_columns::metadata_equals(std::uint32_t mine, std::span<const metadata_pair> pairs) const {
  if (metadata_ends_.size() == 0) return pairs.empty();
  const char* at = metadata_.data() + (mine == 0 ? 0 : metadata_ends_[mine - 1]);
  const char* const end = metadata_.data() + metadata_ends_[mine];
  for (const auto& pair : pairs) {
    if (at == end) return false;
    std::uint32_t name_bytes = 0;
    std::uint32_t value_bytes = 0;
    std::memcpy(&name_bytes, at, 4);
    std::memcpy(&value_bytes, at + 4, 4);
    at += pair_header_bytes;
    if (std::string_view(at, name_bytes) != pair.name ||
        std::string_view(at + name_bytes, value_bytes) != pair.value) {
      return false;
    }
    at += name_bytes + value_bytes;
  }
  return at == end;
}

void head_columns::reserve(std::uint32_t rows, std::uint32_t line_bytes) {
  timestamps_.reserve(rows);
  line_ends_.reserve(rows);
  lines_.reserve(line_bytes);
}

std::uint64_t head_columns::memory_bytes() const {
  return sizeof(*this) + timestamps_.capacity() * sizeof(std::int64_t) +
         line_ends_.capacity() * sizeof(std::uint32_t) + lines_.capacity() +
         metadata_ends_.capacity() * sizeof(std::uint32_t) + metadata_.capacity() +
         (seen_ ? seen_->slots.size() * sizeof(seen_rows::slot) : 0);
}

head_snapshot_ptr head_columns::snapshot(stream_ptr stream, std::int64_t day,
                                         std::uint64_t first_sequence) const {
  auto taken = std::make_shared<head_snapshot>();
  taken->stream = std::move(stream);
  taken->day = day;
  taken->first_sequence = first_sequence;
  taken->rows = rows();
  taken->duplicates = duplicates_;
  taken->sorted = sorted_;
  taken->min_timestamp_ns = min_timestamp_ns_;
  taken->max_timestamp_ns = max_timestamp_ns_;
  taken->text_bytes = lines_.size();
  taken->timestamps = timestamps_.share();
  taken->line_ends = line_ends_.share();
  taken->lines = lines_.share();
  if (metadata_.size() > 0) {
    taken->metadata_ends = metadata_ends_.share();
    taken->metadata = metadata_.share();
  }
  return taken;
}

void head_columns::check_invariants() const {
  SKALD_ASSERT(line_ends_.size() == rows());
  SKALD_ASSERT(metadata_ends_.size() == 0 || metadata_ends_.size() == rows());
  SKALD_ASSERT(rows() == 0 || line_ends_[rows() - 1] == lines_.size());
  bool sorted = true;
  for (std::uint32_t row = 0; row < rows(); ++row) {
    SKALD_ASSERT(timestamps_[row] >= min_timestamp_ns_ && timestamps_[row] <= max_timestamp_ns_);
    SKALD_ASSERT(lines_[line_ends_[row] - 1] == '\n');
    if (row > 0) {
      SKALD_ASSERT(line_ends_[row] > line_ends_[row - 1]);
      sorted = sorted && timestamps_[row] >= timestamps_[row - 1];
    }
  }
  SKALD_ASSERT(sorted == sorted_);
}

}  // namespace skald
