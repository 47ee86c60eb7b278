// SPDX-License-Identifier: Apache-2.0
// Columns under construction of one open chunk: timestamps, lines, structured metadata.
// Append-only; a snapshot shares the arrays, since rows below its count never change (an array that
// must grow is copied and the old one lives on in the snapshots). So readers on other threads need
// no lock. Also holds Loki's duplicate rule for the chunk: an entry equal to one that is there in
// timestamp, line and structured metadata is dropped. Pure. Owned by one actor; snapshots may go to
// any thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "actors/common/push_frame.h"
#include "actors/ingester/head_snapshot.h"
#include "runtime/model/labels.h"

namespace skald {

// A grow-only array of plain values. 24 bytes when empty.
template <class T>
class shared_column {
 public:
  std::uint32_t size() const { return size_; }
  std::uint32_t capacity() const { return capacity_; }
  const T* data() const { return data_.get(); }
  const T& operator[](std::size_t i) const { return data_[i]; }
  std::span<const T> view() const { return {data_.get(), size_}; }
  std::shared_ptr<const T[]> share() const { return data_; }

  // Room for `count` more values; returns where they go and counts them as there.
  T* extend(std::uint32_t count) {
    if (count > capacity_ - size_) grow(size_ + count);
    T* at = data_.get() + size_;
    size_ += count;
    return at;
  }
  void push_back(T value) { *extend(1) = value; }
  void reserve(std::uint32_t count) {
    if (count > capacity_ - size_) grow_to(size_ + count);
  }
  void append(std::span<const T> values) {
    if (!values.empty()) {
      std::memcpy(extend(static_cast<std::uint32_t>(values.size())), values.data(),
                  values.size_bytes());
    }
  }

 private:
  void grow(std::uint32_t needed) {
    // The first allocation is exact, since most streams get few entries between two flushes; later
    // ones grow by half.
    const std::uint64_t half_more = std::uint64_t{capacity_} + capacity_ / 2;
    const auto wanted = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(std::max<std::uint64_t>(half_more, needed), UINT32_MAX));
    grow_to(wanted);
  }
  void grow_to(std::uint32_t wanted) {
    std::shared_ptr<T[]> larger = std::make_shared_for_overwrite<T[]>(wanted);
    if (size_ > 0) std::memcpy(larger.get(), data_.get(), std::size_t{size_} * sizeof(T));
    data_ = std::move(larger);
    capacity_ = wanted;
  }

  std::shared_ptr<T[]> data_;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

class head_columns {
 public:
  // Most bytes that one buffer takes; offsets are 32-bit. A stream begins another buffer then.
  static constexpr std::uint64_t line_bytes_max = std::uint64_t{1} << 30;

  // Appends rows [first, first + count) of a slice, leaving out duplicates. Returns rows left out.
  // The caller keeps line bytes within line_bytes_max.
  std::uint32_t append(const stream_slice& slice, std::uint32_t first, std::uint32_t count);

  // Room for so many more rows and bytes of lines, exactly.
  void reserve(std::uint32_t rows, std::uint32_t line_bytes);

  std::uint32_t rows() const { return timestamps_.size(); }
  std::uint64_t line_bytes() const { return lines_.size(); }
  // What the columns take in memory.
  std::uint64_t memory_bytes() const;
  head_snapshot_ptr snapshot(stream_ptr stream, std::int64_t day,
                             std::uint64_t first_sequence) const;

  // Aborts when the columns contradict each other. For tests.
  void check_invariants() const;

 private:
  // Open addressing: row number + 1 with the upper half of the entry's hash; 0 is empty.
  struct seen_rows {
    struct slot {
      std::uint32_t row_plus_one = 0;
      std::uint32_t hash_high = 0;
    };
    std::vector<slot> slots;  // a power of two
    std::uint32_t used = 0;
  };

  void append_all(const stream_slice& slice, std::uint32_t first, std::uint32_t count);
  void append_metadata(const stream_slice& slice, std::uint32_t first, std::uint32_t count);
  bool is_duplicate(const stream_slice& slice, std::uint32_t row);
  bool row_equals(std::uint32_t mine, const stream_slice& slice, std::uint32_t row) const;
  bool metadata_equals(std::uint32_t mine, std::span<const metadata_pair> pairs) const;
  bool found_among_seen(const stream_slice& slice, std::uint32_t row);
  void remember_rows_until(std::uint32_t end);
  void remember(std::uint32_t row);
  std::string_view line(std::uint32_t row) const;
  std::uint64_t hash_row(std::uint32_t row) const;

  shared_column<std::int64_t> timestamps_;
  shared_column<std::uint32_t> line_ends_;
  shared_column<char> lines_;
  shared_column<std::uint32_t> metadata_ends_;  // empty until the first metadata
  shared_column<char> metadata_;
  std::int64_t min_timestamp_ns_ = 0;
  std::int64_t max_timestamp_ns_ = 0;
  std::uint32_t duplicates_ = 0;
  std::uint32_t equal_tail_ = 0;  // rows at the end that have the highest timestamp
  bool sorted_ = true;
  std::unique_ptr<seen_rows> seen_;  // made when first needed
};

}  // namespace skald
