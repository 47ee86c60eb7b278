// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_block.h"

#include <cstring>

#include "storage/chunk/pack_parts.h"
#include "storage/chunk/plane_codec.h"
#include "storage/chunk/timestamp_codec.h"

namespace skald {
namespace {

error short_section(const char* name, const char* why) {
  return {errc::corrupt, std::string("section ") + name + ": " + why};
}

}  // namespace

segment_block::segment_block(std::shared_ptr<const pack_reader> pack, std::uint32_t segment,
                             std::vector<row_run> runs, bool filter_pays)
    : pack_(std::move(pack)),
      entry_(pack_->contents_->segments[segment]),
      segment_(segment),
      filter_pays_(filter_pays),
      runs_(std::move(runs)) {}

segment_block::~segment_block() = default;

bool segment_block::may_match(const skip_probe& probe) {
  if (probe.what == skip_probe::kind::always) return true;
  pack_parts& parts = *pack_->parts_;
  const auto found = parts.filter_of(segment_, filter_pays_, stats_);
  if (found.group == nullptr) return true;
  return found.group->may_match(found.position, flags(), probe);
}

error segment_block::in_this_segment(const error& why) const {
  return {why.code,
          "pack " + pack_->key() + ", segment " + std::to_string(segment_) + ": " + why.message};
}

result<void> segment_block::fetch(const section_place& place, byte_buffer& memory) {
  memory.resize(place.bytes);
  SKALD_TRY(pack_->store_.read_range(pack_->key(), place.offset, memory.data(), place.bytes));
  stats_.stored_bytes_read += place.bytes;
  ++stats_.fetch_count;
  return {};
}

// `stored` is one whole section inside `stored_memory`; if it is stored raw, that memory is kept
// instead of a copy.
result<std::string_view> segment_block::open_section(section_type type, std::string_view stored,
                                                     byte_buffer& stored_memory,
                                                     byte_buffer& memory) {
  auto section = take_section(stored);
  if (!section.ok()) return in_this_segment(section.error());
  if (!section->is(type) || !stored.empty()) {
    return in_this_segment(short_section(section_name(static_cast<std::uint8_t>(type)).c_str(),
                                         "not where the table says"));
  }
  auto payload = inflate_section(*section, memory);
  if (!payload.ok()) return in_this_segment(payload.error());
  stats_.inflated_bytes += payload->size();
  if (section->codec == section_codec::raw) std::swap(memory, stored_memory);
  return *payload;
}

result<std::string_view> segment_block::load(section_type type, const section_place& place,
                                             byte_buffer& memory) {
  byte_buffer stored;
  SKALD_TRY(fetch(place, stored));
  return open_section(type, stored.view(), stored, memory);
}

result<std::span<const std::int64_t>> segment_block::timestamps() {
  if (!timestamps_.has_value()) {
    byte_buffer memory;
    SKALD_TRY_ASSIGN(const std::string_view payload,
                     load(section_type::timestamps, entry_.timestamps, memory));
    byte_buffer decoded(entry_.rows * sizeof(std::int64_t));
    const auto done = decode_timestamps(payload, decoded.as<std::int64_t>(entry_.rows));
    if (!done.ok()) return in_this_segment(done.error());
    timestamps_ = std::move(decoded);
  }
  return std::span<const std::int64_t>(timestamps_->as<std::int64_t>(entry_.rows));
}

result<line_column> segment_block::lines() {
  if (!lines_loaded_) {
    SKALD_TRY(load_lines());
    lines_loaded_ = true;
  }
  return line_column{line_bytes_, start_memory_.as<const std::uint32_t>(entry_.rows + 1)};
}

result<void> segment_block::load_lines() {
  const section_place& lengths = entry_.lengths;
  byte_buffer stored;
  byte_buffer length_memory;
  std::string_view length_payload;
  const bool adjacent = lengths.bytes > 0 && lengths.offset + lengths.bytes == entry_.lines.offset;
  std::size_t lines_at = 0;
  if (adjacent) {
    SKALD_TRY(fetch({lengths.offset, lengths.bytes + entry_.lines.bytes}, stored));
    lines_at = lengths.bytes;
    // A copy of the small section, so that the large one may take over the memory.
    byte_buffer own(lengths.bytes);
    std::memcpy(own.data(), stored.data(), lengths.bytes);
    SKALD_TRY_ASSIGN(length_payload,
                     open_section(section_type::lengths, own.view(), own, length_memory));
  } else {
    if (lengths.bytes > 0) {
      SKALD_TRY_ASSIGN(length_payload, load(section_type::lengths, lengths, length_memory));
    }
    SKALD_TRY(fetch(entry_.lines, stored));
  }
  SKALD_TRY_ASSIGN(line_bytes_, open_section(section_type::lines, stored.view().substr(lines_at),
                                             stored, line_memory_));
  if (line_bytes_.size() != entry_.line_bytes + entry_.rows) {
    return in_this_segment(short_section("LINES", "not as long as the segment table says"));
  }
  start_memory_.resize((entry_.rows + 1) * sizeof(std::uint32_t));
  return lengths.bytes > 0 ? decode_starts(length_payload) : find_starts();
}

result<void> segment_block::decode_starts(std::string_view lengths) {
  const auto starts = start_memory_.as<std::uint32_t>(entry_.rows + 1);
  bounded_reader from(lengths);
  if (!decode_planes(from, starts.subspan(1)) || !from.finished()) {
    return in_this_segment(short_section("LEN", "malformed"));
  }
  std::uint64_t end = 0;
  starts[0] = 0;
  for (std::size_t row = 1; row < starts.size(); ++row) {
    end += std::uint64_t{starts[row]} + 1;
    starts[row] = static_cast<std::uint32_t>(end);
  }
  if (end != line_bytes_.size()) {
    return in_this_segment(short_section("LEN", "lengths do not add up to the lines"));
  }
  return {};
}

// Segments without LEN have no newline inside a line.
result<void> segment_block::find_starts() {
  const auto starts = start_memory_.as<std::uint32_t>(entry_.rows + 1);
  std::size_t at = 0;
  for (std::size_t row = 0; row < entry_.rows; ++row) {
    starts[row] = static_cast<std::uint32_t>(at);
    const std::size_t newline = line_bytes_.find('\n', at);
    if (newline == std::string_view::npos) {
      return in_this_segment(short_section("LINES", "fewer lines than rows"));
    }
    at = newline + 1;
  }
  starts[entry_.rows] = static_cast<std::uint32_t>(at);
  if (at != line_bytes_.size()) {
    return in_this_segment(short_section("LINES", "more lines than rows"));
  }
  return {};
}

result<metadata_column> segment_block::metadata() {
  if (entry_.metadata.bytes == 0) return metadata_column{};
  if (!metadata_.has_value()) {
    SKALD_TRY_ASSIGN(const std::string_view payload,
                     load(section_type::metadata, entry_.metadata, metadata_memory_));
    auto decoded = decode_metadata(payload, entry_.rows);
    if (!decoded.ok()) return in_this_segment(decoded.error());
    metadata_ = std::move(*decoded);
  }
  return metadata_->column();
}

void segment_block::release() {
  timestamps_.reset();
  line_memory_.reset();
  start_memory_.reset();
  line_bytes_ = {};
  lines_loaded_ = false;
  metadata_.reset();
  metadata_memory_.reset();
}

}  // namespace skald
