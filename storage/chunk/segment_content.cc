// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_content.h"

#include <algorithm>
#include <utility>

#include "storage/chunk/pack_parts.h"
#include "storage/chunk/plane_codec.h"
#include "storage/chunk/timestamp_codec.h"

namespace skald {
namespace {

error short_section(section_type type, const char* why) {
  return {errc::corrupt, "section " + section_name(static_cast<std::uint8_t>(type)) + ": " + why};
}

}  // namespace

segment_content::~segment_content() = default;

void segment_content::attach(const pack_reader& pack, std::uint32_t segment,
                             block_read_stats& stats) {
  pack_ = &pack;
  entry_ = &pack.contents_->segments[segment];
  segment_ = segment;
  stats_ = &stats;
  attached_stored_bytes_ = stored_bytes_;
}

void segment_content::detach() {
  pack_ = nullptr;
  entry_ = nullptr;
  stats_ = nullptr;
  minutes_asked_ = false;
  gave_times_ = false;
  some_line_memory_.reset();
  some_start_memory_.reset();
  if (structured_ == nullptr) return;
  structured_->forget_some();
  structured_->keep_columns();
  line_memory_.reset();
  line_bytes_.reset();
}

std::size_t segment_content::memory_bytes() const {
  std::size_t bytes = sizeof(*this) + line_memory_.capacity() + start_memory_.capacity() +
                      metadata_memory_.capacity();
  for (const auto& [offset, memory] : fetched_) bytes += sizeof(memory) + memory.capacity();
  if (timestamps_.has_value()) bytes += timestamps_->capacity();
  if (structured_ != nullptr) bytes += structured_->memory_bytes();
  if (metadata_.has_value()) {
    bytes += metadata_->starts.capacity() * sizeof(std::uint32_t) +
             metadata_->pairs.capacity() * sizeof(metadata_pair);
  }
  return bytes;
}

// What public calls give: errors name pack and segment, once.
template <class T>
result<T> segment_content::named(result<T> got) {
  if (got.ok()) return got;
  failed_ = true;
  const error& why = got.error();
  return error{why.code, "pack " + pack_->key() + ", segment " + std::to_string(segment_) + ": " +
                             why.message};
}

result<void> segment_content::prefetch(std::uint64_t from, std::uint64_t to) {
  byte_buffer memory(to - from);
  SKALD_TRY(pack_->store_.read_range(pack_->key(), from, memory.data(), memory.size()));
  stored_bytes_ += memory.size();
  stats_->stored_bytes_read += memory.size();
  ++stats_->fetch_count;
  fetched_.insert_or_assign(from, std::move(memory));
  return {};
}

result<std::string_view> segment_content::stored(const section_place& place) {
  for (const bool again : {true, false}) {
    const auto behind = fetched_.upper_bound(place.offset);
    if (behind != fetched_.begin()) {
      const auto& [offset, memory] = *std::prev(behind);
      const std::uint64_t skipped = place.offset - offset;
      if (skipped <= memory.size() && place.bytes <= memory.size() - skipped) {
        return memory.view().substr(skipped, place.bytes);
      }
    }
    if (again) SKALD_TRY(prefetch(place.offset, place.offset + place.bytes));
  }
  return error{errc::internal, "a fetched section is not there"};
}

// What one section holds; it points into `memory` or, of a section stored raw, into what was
// fetched.
result<std::string_view> segment_content::payload(section_type type, const section_place& place,
                                                  byte_buffer& memory) {
  SKALD_TRY_ASSIGN(std::string_view bytes, stored(place));
  SKALD_TRY_ASSIGN(const section_view section, take_section(bytes));
  if (!section.is(type) || !bytes.empty()) return short_section(type, "not where the table says");
  SKALD_TRY_ASSIGN(const std::string_view inflated, inflate_section(section, memory));
  stats_->inflated_bytes += inflated.size();
  return inflated;
}

result<std::span<const std::int64_t>> segment_content::entry_times() {
  if (!timestamps_.has_value()) {
    byte_buffer memory;
    const std::uint64_t stored_before = stored_bytes_;
    SKALD_TRY_ASSIGN(const std::string_view bytes,
                     payload(section_type::timestamps, entry_->timestamps, memory));
    // Read a second time for the minutes, they do not make it more.
    if (std::exchange(times_counted_, true)) stored_bytes_ = stored_before;
    byte_buffer decoded(entry_->rows * sizeof(std::int64_t));
    const auto times = decoded.as<std::int64_t>(entry_->rows);
    std::vector<std::uint32_t> run_rows;
    SKALD_TRY(decode_timestamps(bytes, times, minutes_asked_ ? &run_rows : nullptr));
    if (minutes_asked_) {
      pack_->parts_->keep_minutes(segment_,
                                  std::make_shared<const segment_minutes>(times, run_rows));
    }
    timestamps_ = std::move(decoded);
    fetched_.erase(entry_->timestamps.offset);
  }
  gave_times_ = true;
  return std::span<const std::int64_t>(timestamps_->as<std::int64_t>(entry_->rows));
}

result<std::span<const std::int64_t>> segment_content::timestamps() {
  return named(entry_times());
}

// They are made from the stored form.
void segment_content::want_minutes() {
  minutes_asked_ = true;
  if (!gave_times_) timestamps_.reset();
}

result<line_column> segment_content::lines() {
  if (!line_bytes_.has_value()) {
    const auto done = has_fields() ? render_lines() : read_plain_lines();
    if (!done.ok()) return named(result<line_column>(done.error()));
  }
  return line_column{*line_bytes_, starts()};
}

result<std::span<const std::uint32_t>> segment_content::line_starts() {
  if (!has_starts_ && entry_->lengths.bytes == 0) {
    SKALD_TRY_ASSIGN(const line_column all, lines());
    return all.starts;
  }
  const auto done = read_starts();
  if (!done.ok()) return named(result<std::span<const std::uint32_t>>(done.error()));
  return starts();
}

// Needs LEN.
result<void> segment_content::read_starts() {
  if (has_starts_) return {};
  byte_buffer memory;
  SKALD_TRY_ASSIGN(const std::string_view lengths,
                   payload(section_type::lengths, entry_->lengths, memory));
  start_memory_.resize((entry_->rows + 1) * sizeof(std::uint32_t));
  const auto starts = start_memory_.as<std::uint32_t>(entry_->rows + 1);
  bounded_reader from(lengths);
  if (!decode_planes(from, starts.subspan(1)) || !from.finished()) {
    return short_section(section_type::lengths, "malformed");
  }
  std::uint64_t end = 0;
  starts[0] = 0;
  for (std::size_t row = 1; row < starts.size(); ++row) {
    end += std::uint64_t{starts[row]} + 1;
    starts[row] = static_cast<std::uint32_t>(end);
  }
  if (end != entry_->line_bytes + entry_->rows) {
    return short_section(section_type::lengths, "lengths do not add up to the lines");
  }
  has_starts_ = true;
  return {};
}

result<void> segment_content::read_plain_lines() {
  const section_place& lengths = entry_->lengths;
  const bool together =
      !has_starts_ && lengths.bytes > 0 && lengths.offset + lengths.bytes == entry_->lines.offset;
  if (together) SKALD_TRY(prefetch(lengths.offset, entry_->lines.offset + entry_->lines.bytes));
  if (lengths.bytes > 0) SKALD_TRY(read_starts());
  SKALD_TRY_ASSIGN(const std::string_view bytes,
                   payload(section_type::lines, entry_->lines, line_memory_));
  if (bytes.size() != entry_->line_bytes + entry_->rows) {
    return short_section(section_type::lines, "not as long as the segment table says");
  }
  if (lengths.bytes == 0) SKALD_TRY(find_starts(bytes));
  line_bytes_ = bytes;
  // What was inflated is not needed twice.
  if (bytes.data() == line_memory_.data()) {
    fetched_.erase(together ? lengths.offset : entry_->lines.offset);
  }
  return {};
}

// Segments without LEN have no newline inside a line.
result<void> segment_content::find_starts(std::string_view lines) {
  start_memory_.resize((entry_->rows + 1) * sizeof(std::uint32_t));
  const auto starts = start_memory_.as<std::uint32_t>(entry_->rows + 1);
  std::size_t at = 0;
  for (std::size_t row = 0; row < entry_->rows; ++row) {
    starts[row] = static_cast<std::uint32_t>(at);
    const std::size_t newline = lines.find('\n', at);
    if (newline == std::string_view::npos) {
      return short_section(section_type::lines, "fewer lines than rows");
    }
    at = newline + 1;
  }
  starts[entry_->rows] = static_cast<std::uint32_t>(at);
  if (at != lines.size()) return short_section(section_type::lines, "more lines than rows");
  has_starts_ = true;
  return {};
}

// `whole`: all columns will be wanted.
result<structured_lines*> segment_content::open_structured(bool whole) {
  const structured_places& places = entry_->structured;
  const bool is_open = structured_ != nullptr;
  if (whole && !is_open) {
    const std::uint64_t end = std::max(places.directory.offset + places.directory.bytes,
                                       places.columns.offset + places.columns.bytes);
    SKALD_TRY(prefetch(std::min(entry_->lengths.offset, places.rows.offset), end));
  }
  if (!is_open) {
    if (!whole) {
      SKALD_TRY(prefetch(std::min(entry_->lengths.offset, places.rows.offset),
                         places.directory.offset + places.directory.bytes));
    }
    SKALD_TRY_ASSIGN(structured_, structured_lines::open(*this, places, entry_->rows));
  }
  SKALD_TRY(read_starts());
  return structured_.get();
}

result<void> segment_content::render_lines() {
  SKALD_TRY_ASSIGN(structured_lines * lines, open_structured(true));
  const std::size_t bytes = entry_->line_bytes + entry_->rows;
  line_memory_.resize(bytes + line_renderer::slack_bytes);
  SKALD_TRY(lines->render(starts(), line_memory_.data()));
  stats_->inflated_bytes += bytes;
  line_bytes_ = line_memory_.view().substr(0, bytes);
  return {};
}

result<line_column> segment_content::lines_of(std::span<const std::uint32_t> rows) {
  if (!has_fields() || line_bytes_.has_value()) return lines();
  return named([&]() -> result<line_column> {
    SKALD_TRY_ASSIGN(structured_lines * lines, open_structured(true));
    some_start_memory_.resize((entry_->rows + 1) * sizeof(std::uint32_t));
    const auto some_starts = some_start_memory_.as<std::uint32_t>(entry_->rows + 1);
    SKALD_TRY(lines->render_some(rows, starts(), some_starts, some_line_memory_));
    const std::size_t bytes = some_starts.back();
    stats_->inflated_bytes += bytes;
    return line_column{some_line_memory_.view().substr(0, bytes), some_starts};
  }());
}

result<const field_column*> segment_content::field(line_format_kind format,
                                                   std::string_view label) {
  if (!has_fields()) return static_cast<const field_column*>(nullptr);
  return named([&]() -> result<const field_column*> {
    SKALD_TRY_ASSIGN(structured_lines * lines, open_structured(false));
    return lines->field(format, label);
  }());
}

result<std::optional<std::vector<std::uint32_t>>> segment_content::rows_with_text(
    std::string_view text, bool ignore_case) {
  using answer = std::optional<std::vector<std::uint32_t>>;
  if (!has_fields() || line_bytes_.has_value()) return answer();
  return named([&]() -> result<answer> {
    SKALD_TRY_ASSIGN(structured_lines * lines, open_structured(false));
    return lines->rows_with_text(text, ignore_case, starts());
  }());
}

result<metadata_column> segment_content::metadata() {
  if (entry_->metadata.bytes == 0) return metadata_column{};
  if (!metadata_.has_value()) {
    const auto done = [&]() -> result<void> {
      SKALD_TRY_ASSIGN(const std::string_view bytes,
                       payload(section_type::metadata, entry_->metadata, metadata_memory_));
      SKALD_TRY_ASSIGN(metadata_, decode_metadata(bytes, entry_->rows));
      return {};
    }();
    if (!done.ok()) return named(result<metadata_column>(done.error()));
  }
  return metadata_->column();
}

}  // namespace skald
