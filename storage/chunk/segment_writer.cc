// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_writer.h"

#include <algorithm>
#include <numeric>

#include "storage/chunk/prefetch.h"

namespace skald {
namespace {

// Rows of small inputs lie all over memory: so many slices ahead they are fetched, in steps because
// what an input refers to is only known once it is there.
constexpr std::size_t ahead_slices = 4;
// Each small input lies in a page of its own, whose address the processor has to look up before a
// fetch can begin; a fetch behind it waits for that. So inputs and the pages of their rows are
// asked for in batches, whose look-ups go side by side.
constexpr std::size_t batch_slices = 16;
constexpr std::size_t ahead_pages = 4 * ahead_slices;
constexpr std::size_t ahead_batch_inputs = ahead_pages + 2 * batch_slices;
// The processor itself goes on with longer ones.
constexpr std::size_t ahead_bytes_max = 32 * cache_line_bytes;

void prefetch_bytes(const void* from, std::size_t bytes) {
  prefetch(from, std::min(bytes, ahead_bytes_max));
}

void prefetch_columns(const row_slice& slice) {
  const pack_input& input = *slice.input;
  prefetch_bytes(input.timestamps.data() + slice.first, slice.count * sizeof(std::int64_t));
  prefetch_bytes(input.lines.starts.data() + slice.first, slice.count * sizeof(std::uint32_t));
  if (input.metadata.empty()) return;
  prefetch_bytes(input.metadata.starts.data() + slice.first, slice.count * sizeof(std::uint32_t));
}

std::span<const metadata_pair> pairs_of(const row_slice& slice) {
  const metadata_column& column = slice.input->metadata;
  if (column.empty()) return {};
  const std::uint32_t first = column.starts[slice.first];
  const std::uint32_t end = column.starts[std::size_t{slice.first} + slice.count];
  if (end < first || end > column.pairs.size()) return {};
  return column.pairs.subspan(first, end - first);
}

void prefetch_lines(const row_slice& slice) {
  const line_column& lines = slice.input->lines;
  const std::uint32_t first_byte = lines.starts[slice.first];
  const std::uint32_t end_byte = lines.starts[std::size_t{slice.first} + slice.count];
  prefetch_bytes(lines.bytes.data() + first_byte, end_byte - first_byte);
  const auto pairs = pairs_of(slice);
  prefetch_bytes(pairs.data(), pairs.size_bytes());
}

// Mostly one piece.
void prefetch_metadata(const row_slice& slice) {
  const auto pairs = pairs_of(slice);
  if (pairs.empty()) return;
  const char* const first = pairs.front().name.data();
  const std::string_view last = pairs.back().value;
  prefetch_bytes(first, static_cast<std::size_t>(last.data() + last.size() - first));
}

// What the columns' readers rely on: of inputs with facts nobody has looked at the rows before.
bool rises(std::span<const std::uint32_t> starts, std::size_t end) {
  bool rising = starts.back() <= end;
  for (std::size_t i = 1; i < starts.size(); ++i) rising = rising && starts[i] >= starts[i - 1];
  return rising;
}

result<void> check_offsets(const row_slice& slice) {
  const pack_input& input = *slice.input;
  const std::size_t count = std::size_t{slice.count} + 1;
  if (!rises(input.lines.starts.subspan(slice.first, count), input.lines.bytes.size())) {
    return refused_input(input, "line offsets do not rise");
  }
  if (input.metadata.empty()) return {};
  if (!rises(input.metadata.starts.subspan(slice.first, count), input.metadata.pairs.size())) {
    return refused_input(input, "metadata offsets do not rise");
  }
  return {};
}

}  // namespace

result<void> segment_writer::gather(const segment_plan& plan, const planned_segment& planned) {
  timestamps_.clear();
  run_rows_.clear();
  lengths_.clear();
  lines_.clear();
  metadata_encoder_.begin();
  std::size_t next_batch = 0;
  for (const planned_run& run : planned.runs) {
    const std::size_t before = timestamps_.size();
    const std::size_t end = std::size_t{run.first_slice} + run.slice_count;
    for (std::size_t i = run.first_slice; i < end; ++i) {
      if (i >= next_batch) {
        prefetch_pages(plan, i);
        next_batch = i + batch_slices;
      }
      prefetch_ahead(plan, i);
      SKALD_TRY(gather_slice(plan.slices[i]));
    }
    if (!std::is_sorted(timestamps_.begin() + static_cast<std::ptrdiff_t>(before),
                        timestamps_.end())) {
      return refused_input(*plan.slices[run.first_slice].input, "timestamps are not sorted");
    }
    run_rows_.push_back(static_cast<std::uint32_t>(timestamps_.size() - before));
  }
  metadata_encoder_.finish();
  return {};
}

// What the fetches of a batch of slices need first. Also of the runs and segments to come.
void segment_writer::prefetch_pages(const segment_plan& plan, std::size_t slice) {
  const std::span<const row_slice> rest = std::span(plan.slices).subspan(slice);
  const auto batch = [&](std::size_t from) {
    if (rest.size() <= from) return std::span<const row_slice>();
    return rest.subspan(from, std::min(batch_slices, rest.size() - from));
  };
  for (const row_slice& one : batch(ahead_batch_inputs)) {
    prefetch_bytes(one.input, sizeof(pack_input));
  }
  for (const row_slice& one : batch(ahead_pages)) {
    prefetch_bytes(one.input->timestamps.data() + one.first, 1);
    prefetch_bytes(one.input->metadata.pairs.data(), 1);
  }
}

void segment_writer::prefetch_ahead(const segment_plan& plan, std::size_t slice) {
  const std::size_t left = plan.slices.size() - slice;
  const row_slice* const ahead = plan.slices.data() + slice;
  if (left > 3 * ahead_slices) prefetch_columns(ahead[3 * ahead_slices]);
  if (left > 2 * ahead_slices) prefetch_lines(ahead[2 * ahead_slices]);
  if (left > ahead_slices) prefetch_metadata(ahead[ahead_slices]);
}

result<void> segment_writer::gather_slice(const row_slice& slice) {
  const pack_input& input = *slice.input;
  SKALD_TRY(check_offsets(slice));
  const auto starts = input.lines.starts.subspan(slice.first, std::size_t{slice.count} + 1);
  const auto times = input.timestamps.subspan(slice.first, slice.count);
  timestamps_.insert(timestamps_.end(), times.begin(), times.end());
  const std::size_t line_bytes_before = lines_.size();
  lines_ += input.lines.bytes.substr(starts.front(), starts.back() - starts.front());
  // Asked of the copy, which is in the cache.
  const char* const copied = lines_.data() + line_bytes_before;
  const std::size_t rows_before = lengths_.size();
  lengths_.resize(rows_before + slice.count);
  std::uint64_t* const lengths = lengths_.data() + rows_before;
  bool ended = true;
  for (std::size_t row = 0; row < slice.count; ++row) {
    const std::uint32_t bytes = starts[row + 1] - starts[row];
    lengths[row] = bytes - 1;
    ended = ended && bytes > 0 && copied[starts[row + 1] - starts.front() - 1] == '\n';
  }
  if (!ended) return refused_input(input, "a line does not end in a newline");
  metadata_encoder_.add_rows(input.metadata, slice.first, slice.count);
  return {};
}

segment_entry segment_writer::append(std::string_view app, compressor& zstd, std::uint64_t offset,
                                     std::string& out) {
  segment_entry entry;
  entry.rows = static_cast<std::uint32_t>(timestamps_.size());
  entry.line_bytes = lines_.size() - timestamps_.size();
  const auto [min, max] = std::minmax_element(timestamps_.begin(), timestamps_.end());
  entry.min_timestamp_ns = *min;
  entry.max_timestamp_ns = *max;
  const std::size_t start = out.size();
  const auto place = [&](std::size_t bytes) {
    return section_place{offset + (out.size() - start) - bytes, bytes};
  };
  payload_.clear();
  timestamp_encoder_.append(timestamps_, run_rows_, zstd, payload_);
  entry.timestamps = place(append_raw_section(section_type::timestamps, payload_, out));
  payload_.clear();
  plane_encoder_.append(lengths_, &zstd, payload_);
  entry.lengths = place(append_raw_section(section_type::lengths, payload_, out));
  append_lines(apps_.of(app), zstd, offset + (out.size() - start), entry, out);
  if (!metadata_encoder_.empty()) {
    payload_.clear();
    metadata_encoder_.append(payload_);
    entry.metadata = place(append_section(section_type::metadata, payload_, zstd, out));
  }
  return entry;
}

// The sections by shape, to `by_shape_`; none when that is not worth a try.
structured_places segment_writer::try_shapes(app_experience& app, compressor& zstd,
                                             std::uint64_t offset) {
  by_shape_.clear();
  const std::size_t rows = timestamps_.size();
  const bool always = columns_ == column_use::always;
  if (columns_ == column_use::never) return {};
  if (!always && (rows < structured_rows_min || !app.tries_shapes())) return {};
  if (!always && !structured_.sample_has_shapes(lines_, lengths_)) return {};
  const std::size_t shaped = structured_.split(lines_, lengths_);
  if (!always && shaped * structured_share_min < rows) return {};
  return structured_.append(timestamps_, zstd, app.hints, offset, by_shape_);
}

// By shape when that is at least 5 % smaller than plain lines are, or were when last tried.
void segment_writer::append_lines(app_experience& app, compressor& zstd, std::uint64_t offset,
                                  segment_entry& entry, std::string& out) {
  const structured_places places = try_shapes(app, zstd, offset);
  bool by_shape = places.present() && (columns_ == column_use::always ||
                                       app.trusts_shapes(by_shape_.size(), lines_.size()));
  plain_.clear();
  if (!by_shape) {
    const std::size_t plain_bytes = append_section(section_type::lines, lines_, zstd, plain_);
    by_shape = places.present() && app.compare(by_shape_.size(), plain_bytes, lines_.size());
  }
  if (by_shape) {
    entry.structured = places;
    out += by_shape_;
  } else {
    entry.lines = {offset, plain_.size()};
    out += plain_;
  }
}

std::vector<chunk_range> segment_writer::ranges(const planned_segment& planned,
                                                std::uint32_t segment) const {
  std::vector<chunk_range> made;
  std::uint32_t row = 0;
  for (std::size_t i = 0; i < planned.runs.size(); ++i) {
    const std::uint32_t end = row + run_rows_[i];
    chunk_range range;
    range.segment = segment;
    range.first_row = row;
    range.rows = run_rows_[i];
    range.min_timestamp_ns = timestamps_[row];
    range.max_timestamp_ns = timestamps_[end - 1];
    range.line_bytes =
        std::accumulate(lengths_.begin() + row, lengths_.begin() + end, std::uint64_t{0});
    made.push_back(range);
    row = end;
  }
  return made;
}

}  // namespace skald
