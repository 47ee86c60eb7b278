// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_writer.h"

#include <algorithm>
#include <numeric>

namespace skald {
namespace {

// Rows of small inputs lie all over memory: so many slices ahead they are fetched, in two steps
// because what an input refers to is only known once it is there.
constexpr std::size_t ahead_slices = 4;
constexpr std::size_t cache_line_bytes = 64;
constexpr std::size_t ahead_bytes_max = 32 * cache_line_bytes;

void prefetch_bytes(const void* from, std::size_t bytes) {
  const auto* at = static_cast<const char*>(from);
  for (std::size_t i = 0; i < std::min(bytes, ahead_bytes_max); i += cache_line_bytes) {
    __builtin_prefetch(at + i);
  }
}

void prefetch_columns(const row_slice& slice) {
  const pack_input& input = *slice.input;
  prefetch_bytes(input.timestamps.data() + slice.first, slice.count * sizeof(std::int64_t));
  prefetch_bytes(input.lines.starts.data() + slice.first, slice.count * sizeof(std::uint32_t));
  if (input.metadata.empty()) return;
  prefetch_bytes(input.metadata.starts.data() + slice.first, slice.count * sizeof(std::uint32_t));
}

void prefetch_texts(const row_slice& slice) {
  const pack_input& input = *slice.input;
  const std::size_t end = std::size_t{slice.first} + slice.count;
  const std::uint32_t first_byte = input.lines.starts[slice.first];
  prefetch_bytes(input.lines.bytes.data() + first_byte, input.lines.starts[end] - first_byte);
  if (input.metadata.empty()) return;
  const std::uint32_t first_pair = input.metadata.starts[slice.first];
  prefetch_bytes(input.metadata.pairs.data() + first_pair,
                 (input.metadata.starts[end] - first_pair) * sizeof(metadata_pair));
}

}  // namespace

result<void> segment_writer::gather(const segment_plan& plan, const planned_segment& planned) {
  timestamps_.clear();
  run_rows_.clear();
  lengths_.clear();
  lines_.clear();
  metadata_encoder_.begin();
  for (const planned_run& run : planned.runs) {
    const std::size_t before = timestamps_.size();
    const std::size_t end = std::size_t{run.first_slice} + run.slice_count;
    for (std::size_t i = run.first_slice; i < end; ++i) {
      // Those of the runs to come, too.
      if (i + 2 * ahead_slices < plan.slices.size()) {
        prefetch_columns(plan.slices[i + 2 * ahead_slices]);
      }
      if (i + ahead_slices < plan.slices.size()) prefetch_texts(plan.slices[i + ahead_slices]);
      SKALD_TRY(gather_slice(plan.slices[i]));
    }
    run_rows_.push_back(static_cast<std::uint32_t>(timestamps_.size() - before));
  }
  metadata_encoder_.finish();
  return {};
}

result<void> segment_writer::gather_slice(const row_slice& slice) {
  const pack_input& input = *slice.input;
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
    lengths[row] = starts[row + 1] - starts[row] - 1;
    ended = ended && copied[starts[row + 1] - starts.front() - 1] == '\n';
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
