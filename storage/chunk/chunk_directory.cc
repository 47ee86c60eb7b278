// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/chunk_directory.h"

#include <algorithm>

#include "runtime/base/crc32c.h"
#include "storage/chunk/byte_codec.h"

namespace skald {
namespace {

constexpr std::size_t trailer_version_offset = 48;
constexpr std::size_t trailer_crc_offset = 52;
constexpr std::size_t trailer_magic_offset = 56;
constexpr std::size_t tenant_bytes_max = 150;
constexpr std::size_t origin_bytes_max = 255;
constexpr std::uint64_t section_stored_max =
    section_header_bytes + std::uint64_t{section_bytes_max};

error malformed(section_type type, const std::string& why) {
  return {errc::corrupt, "section " + section_name(static_cast<std::uint8_t>(type)) + ": " + why};
}

// The places of a segment that a type has, or null for types that version 1 does not know.
section_place* place_of(segment_entry& segment, std::uint8_t type) {
  switch (static_cast<section_type>(type)) {
    case section_type::timestamps:
      return &segment.timestamps;
    case section_type::lengths:
      return &segment.lengths;
    case section_type::lines:
      return &segment.lines;
    case section_type::rows:
      return &segment.structured.rows;
    case section_type::shapes:
      return &segment.structured.shapes;
    case section_type::column_directory:
      return &segment.structured.directory;
    case section_type::column:
      return &segment.structured.columns;
    case section_type::metadata:
      return &segment.metadata;
    default:
      return nullptr;
  }
}

void append_segments(const pack_contents& contents, std::string& out) {
  append_varint(out, contents.segments.size());
  std::int64_t previous = 0;
  for (const segment_entry& segment : contents.segments) {
    append_varint(out, segment.rows);
    append_varint(out, segment.line_bytes);
    append_varint(
        out, zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(segment.min_timestamp_ns) -
                                              static_cast<std::uint64_t>(previous))));
    append_varint(out, static_cast<std::uint64_t>(segment.max_timestamp_ns) -
                           static_cast<std::uint64_t>(segment.min_timestamp_ns));
    previous = segment.min_timestamp_ns;
    out.push_back(static_cast<char>(segment.flags));
    const std::pair<section_type, section_place> sections[] = {
        {section_type::timestamps, segment.timestamps},
        {section_type::lengths, segment.lengths},
        {section_type::lines, segment.lines},
        {section_type::rows, segment.structured.rows},
        {section_type::shapes, segment.structured.shapes},
        {section_type::column_directory, segment.structured.directory},
        {section_type::column, segment.structured.columns},
        {section_type::metadata, segment.metadata}};
    const auto present = std::count_if(std::begin(sections), std::end(sections),
                                       [](const auto& one) { return one.second.bytes > 0; });
    append_varint(out, static_cast<std::uint64_t>(present));
    for (const auto& [type, place] : sections) {
      if (place.bytes == 0) continue;
      out.push_back(static_cast<char>(type));
      append_varint(out, place.bytes);
    }
  }
  append_varint(out, contents.filter_groups.size());
  for (const filter_group_entry& group : contents.filter_groups) {
    append_varint(out, group.segments);
    append_varint(out, group.section.bytes);
  }
}

// Lines are stored in one form, plain or by shape.
bool has_lines(const segment_entry& segment) {
  const structured_places& parts = segment.structured;
  if (segment.lines.bytes > 0) {
    return parts.rows.bytes + parts.shapes.bytes + parts.directory.bytes + parts.columns.bytes == 0;
  }
  return segment.lengths.bytes > 0 && parts.rows.bytes > 0 && parts.shapes.bytes > 0 &&
         parts.directory.bytes > 0;
}

// Reads one segment's sections; `offset` moves behind them.
bool parse_segment_sections(bounded_reader& from, segment_entry& segment, std::uint64_t& offset) {
  const std::uint64_t count = from.varint_up_to(segment_sections_max);
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto type = from.fixed<std::uint8_t>();
    const std::uint64_t bytes = from.varint_up_to(section_stored_max);
    if (from.failed() || bytes < section_header_bytes) return false;
    section_place* place = place_of(segment, type);
    if (place == nullptr && (type & section_type_skippable) == 0) return false;
    if (place != nullptr) {
      if (place->bytes != 0) return false;
      *place = {offset, bytes};
    }
    offset += bytes;
  }
  return segment.timestamps.bytes > 0 && has_lines(segment);
}

result<void> parse_segments(std::string_view payload, const pack_trailer& trailer,
                            pack_contents& contents) {
  bounded_reader from(payload);
  // A segment takes more than one byte here, so this bounds the allocation by the payload's size.
  contents.segments.resize(
      from.varint_up_to(std::min<std::uint64_t>(pack_segments_max, from.remaining())));
  std::uint64_t offset = pack_header_bytes;
  std::uint64_t min = 0;
  for (segment_entry& segment : contents.segments) {
    segment.rows = static_cast<std::uint32_t>(from.varint_up_to(section_bytes_max));
    segment.line_bytes = from.varint_up_to(section_bytes_max - segment.rows);
    min += static_cast<std::uint64_t>(unzigzag(from.varint()));
    segment.min_timestamp_ns = static_cast<std::int64_t>(min);
    segment.max_timestamp_ns = static_cast<std::int64_t>(min + from.varint());
    segment.flags = from.fixed<std::uint8_t>();
    if (segment.max_timestamp_ns < segment.min_timestamp_ns || segment.rows == 0 ||
        !parse_segment_sections(from, segment, offset)) {
      return malformed(section_type::segments, "malformed segment");
    }
  }
  if (from.failed() || offset != trailer.filters_offset) {
    return malformed(section_type::segments, "segments do not fill their part of the pack");
  }
  contents.filter_groups.resize(
      from.varint_up_to(std::min<std::uint64_t>(contents.segments.size(), from.remaining())));
  std::uint32_t next = 0;
  for (filter_group_entry& group : contents.filter_groups) {
    group.first_segment = next;
    group.segments = static_cast<std::uint32_t>(from.varint_up_to(filter_group_segments_max));
    group.section = {offset, from.varint_up_to(section_stored_max)};
    next += group.segments;
    offset += group.section.bytes;
  }
  if (!from.finished() || next > contents.segments.size() || offset != trailer.labels_offset) {
    return malformed(section_type::segments, "malformed filter groups");
  }
  return {};
}

void append_chunks(const pack_contents& contents, std::string& out) {
  append_varint(out, contents.fingerprints.size());
  for (std::uint32_t entry = 0; entry < contents.fingerprints.size(); ++entry) {
    const auto ranges = contents.ranges_of(entry);
    append_varint(out, ranges.size());
    std::uint32_t segment = 0;
    for (const chunk_range& range : ranges) {
      const auto min = static_cast<std::uint64_t>(range.min_timestamp_ns);
      append_varint(out, range.segment - segment);
      append_varint(out, range.first_row);
      append_varint(out, range.rows);
      append_varint(
          out, min - static_cast<std::uint64_t>(contents.segments[range.segment].min_timestamp_ns));
      append_varint(out, static_cast<std::uint64_t>(range.max_timestamp_ns) - min);
      append_varint(out, range.line_bytes);
      segment = range.segment;
    }
  }
}

// One range behind `segment`; false when it does not fit the segment it names.
bool parse_range(bounded_reader& from, const pack_contents& contents, std::uint32_t segment,
                 bool first, chunk_range& range) {
  const std::uint64_t step = from.varint_up_to(pack_segments_max);
  if (from.failed() || (!first && step == 0) || segment + step >= contents.segments.size()) {
    return false;
  }
  range.segment = segment + static_cast<std::uint32_t>(step);
  const segment_entry& of = contents.segments[range.segment];
  const auto base = static_cast<std::uint64_t>(of.min_timestamp_ns);
  const std::uint64_t span_max = static_cast<std::uint64_t>(of.max_timestamp_ns) - base;
  range.first_row = static_cast<std::uint32_t>(from.varint_up_to(of.rows));
  range.rows = static_cast<std::uint32_t>(from.varint_up_to(of.rows - range.first_row));
  const std::uint64_t min = from.varint_up_to(span_max);
  const std::uint64_t span = from.varint_up_to(span_max - min);
  range.min_timestamp_ns = static_cast<std::int64_t>(base + min);
  range.max_timestamp_ns = static_cast<std::int64_t>(base + min + span);
  range.line_bytes = from.varint_up_to(of.line_bytes);
  return !from.failed() && range.rows > 0;
}

result<void> parse_chunks(std::string_view payload, pack_contents& contents) {
  bounded_reader from(payload);
  const std::uint64_t count = from.varint_up_to(pack_chunks_max);
  if (from.failed() || count != contents.fingerprints.size()) {
    return malformed(section_type::chunks, "not one entry for each fingerprint");
  }
  contents.range_starts.assign(1, 0);
  contents.range_starts.reserve(count + 1);
  for (std::uint64_t entry = 0; entry < count; ++entry) {
    const std::uint64_t ranges = from.varint_up_to(contents.segments.size());
    std::uint32_t segment = 0;
    for (std::uint64_t i = 0; i < ranges; ++i) {
      chunk_range range;
      if (!parse_range(from, contents, segment, i == 0, range)) {
        return malformed(section_type::chunks, "malformed range");
      }
      segment = range.segment;
      contents.ranges.push_back(range);
    }
    if (from.failed() || ranges == 0) return malformed(section_type::chunks, "malformed entry");
    contents.range_starts.push_back(static_cast<std::uint32_t>(contents.ranges.size()));
  }
  if (!from.finished()) return malformed(section_type::chunks, "bytes left over");
  return {};
}

result<void> parse_fingerprints(std::string_view payload, pack_contents& contents) {
  constexpr std::size_t fingerprint_bytes = 16;
  if (payload.size() % fingerprint_bytes != 0) {
    return malformed(section_type::fingerprints, "not a whole number of fingerprints");
  }
  contents.fingerprints.resize(payload.size() / fingerprint_bytes);
  const char* from = payload.data();
  for (stream_fingerprint& fingerprint : contents.fingerprints) {
    fingerprint = {load_fixed<std::uint64_t>(from), load_fixed<std::uint64_t>(from + 8)};
    from += fingerprint_bytes;
  }
  return {};
}

void append_text(std::string_view text, std::string& out) {
  append_varint(out, text.size());
  out += text;
}

void append_info(const pack_info& info, std::string& out) {
  append_text(info.identity.tenant, out);
  append_text(info.identity.origin, out);
  append_fixed(out, info.identity.flush_id);
  append_fixed(out, info.identity.flush_sequence);
  for (const std::uint64_t value : {info.segments, info.chunks, info.rows, info.line_bytes}) {
    append_varint(out, value);
  }
  append_fixed(out, info.min_timestamp_ns);
  append_fixed(out, info.max_timestamp_ns);
}

result<void> parse_info(std::string_view payload, pack_contents& contents) {
  bounded_reader from(payload);
  pack_info& info = contents.info;
  info.identity.tenant = from.take(from.varint_up_to(tenant_bytes_max));
  info.identity.origin = from.take(from.varint_up_to(origin_bytes_max));
  info.identity.flush_id = from.fixed<std::uint64_t>();
  info.identity.flush_sequence = from.fixed<std::uint64_t>();
  info.segments = from.varint();
  info.chunks = from.varint();
  info.rows = from.varint();
  info.line_bytes = from.varint();
  info.min_timestamp_ns = from.fixed<std::int64_t>();
  info.max_timestamp_ns = from.fixed<std::int64_t>();
  if (!from.finished()) return malformed(section_type::info, "malformed");
  if (info.segments != contents.segments.size() || info.chunks != contents.fingerprints.size()) {
    return malformed(section_type::info, "counts differ from the tables'");
  }
  return {};
}

}  // namespace

std::uint64_t segment_entry::stored_line_bytes() const {
  return lines.bytes + structured.rows.bytes + structured.shapes.bytes +
         structured.directory.bytes + structured.columns.bytes;
}

text_flags segment_entry::text() const {
  return {.ascii = (flags & segment_flag_ascii) != 0,
          .utf8 = (flags & segment_flag_utf8) != 0,
          .embedded_newline = (flags & segment_flag_embedded_newline) != 0,
          .unicode_escape = (flags & segment_flag_unicode_escape) != 0};
}

chunk_ref pack_contents::reference(std::uint32_t entry, std::string pack_key) const {
  const auto of_chunk = ranges_of(entry);
  chunk_ref made;
  made.stream = fingerprints[entry];
  made.pack_key = std::move(pack_key);
  made.directory_entry = entry;
  made.min_timestamp_ns = of_chunk.front().min_timestamp_ns;
  made.max_timestamp_ns = of_chunk.front().max_timestamp_ns;
  for (const chunk_range& range : of_chunk) {
    made.min_timestamp_ns = std::min(made.min_timestamp_ns, range.min_timestamp_ns);
    made.max_timestamp_ns = std::max(made.max_timestamp_ns, range.max_timestamp_ns);
    made.rows += range.rows;
    made.line_bytes += range.line_bytes;
  }
  return made;
}

std::size_t pack_contents::memory_bytes() const {
  return sizeof(*this) + segments.capacity() * sizeof(segment_entry) +
         filter_groups.capacity() * sizeof(filter_group_entry) +
         fingerprints.capacity() * sizeof(stream_fingerprint) +
         range_starts.capacity() * sizeof(std::uint32_t) + ranges.capacity() * sizeof(chunk_range);
}

void append_pack_header(std::uint16_t minor, std::string& out) {
  out += pack_magic;
  append_fixed(out, pack_version_major);
  append_fixed(out, minor);
  append_fixed(out, std::uint32_t{0});
}

void append_tables(const pack_contents& contents, compressor& zstd, std::string& out) {
  std::string payload;
  append_segments(contents, payload);
  append_section(section_type::segments, payload, zstd, out);
  payload.clear();
  for (const stream_fingerprint& fingerprint : contents.fingerprints) {
    append_fixed(payload, fingerprint.high);
    append_fixed(payload, fingerprint.low);
  }
  append_raw_section(section_type::fingerprints, payload, out);
  payload.clear();
  append_chunks(contents, payload);
  append_section(section_type::chunks, payload, zstd, out);
  payload.clear();
  append_info(contents.info, payload);
  append_raw_section(section_type::info, payload, out);
}

void append_trailer(const pack_trailer& trailer, std::uint16_t minor, std::string& out) {
  const std::size_t start = out.size();
  append_fixed(out, trailer.filters_offset);
  append_fixed(out, trailer.labels_offset);
  append_fixed(out, trailer.tables_offset);
  append_fixed(out, trailer.pack_bytes);
  out.append(trailer_version_offset - (out.size() - start), '\0');
  append_fixed(out, pack_version_major);
  append_fixed(out, minor);
  append_fixed(out, crc32c(std::string_view(out).substr(start)));
  out += pack_magic;
  SKALD_ASSERT(out.size() - start == pack_trailer_bytes);
}

result<pack_trailer> parse_trailer(std::string_view bytes, std::uint64_t object_bytes) {
  if (bytes.size() != pack_trailer_bytes || bytes.substr(trailer_magic_offset) != pack_magic) {
    return error{errc::corrupt, "pack trailer: magic not found, cut off or not a pack"};
  }
  bounded_reader from(bytes);
  pack_trailer trailer;
  trailer.filters_offset = from.fixed<std::uint64_t>();
  trailer.labels_offset = from.fixed<std::uint64_t>();
  trailer.tables_offset = from.fixed<std::uint64_t>();
  trailer.pack_bytes = from.fixed<std::uint64_t>();
  const auto crc = load_fixed<std::uint32_t>(bytes.data() + trailer_crc_offset);
  if (crc != crc32c(bytes.substr(0, trailer_crc_offset))) {
    return error{errc::corrupt, "pack trailer: checksum does not match"};
  }
  const auto major = load_fixed<std::uint16_t>(bytes.data() + trailer_version_offset);
  if (major != pack_version_major) {
    return error{errc::corrupt, "pack trailer: unknown major version " + std::to_string(major) +
                                    ", this reader knows " + std::to_string(pack_version_major)};
  }
  const bool ordered = pack_header_bytes <= trailer.filters_offset &&
                       trailer.filters_offset <= trailer.labels_offset &&
                       trailer.labels_offset <= trailer.tables_offset &&
                       trailer.tables_offset <= object_bytes - pack_trailer_bytes;
  if (trailer.pack_bytes != object_bytes || !ordered) {
    return error{errc::corrupt,
                 "pack trailer: offsets do not fit " + std::to_string(object_bytes) + " bytes"};
  }
  return trailer;
}

result<pack_contents> parse_tables(std::string_view bytes, const pack_trailer& trailer) {
  pack_contents contents;
  contents.labels = {trailer.labels_offset, trailer.tables_offset - trailer.labels_offset};
  const section_type order[] = {section_type::segments, section_type::fingerprints,
                                section_type::chunks, section_type::info};
  std::size_t next = 0;
  while (!bytes.empty()) {
    SKALD_TRY_ASSIGN(const section_view section, take_section(bytes));
    if ((section.type & section_type_skippable) != 0) continue;
    if (next == std::size(order) || !section.is(order[next])) {
      return error{errc::corrupt, "section " + section_name(section.type) + ": not expected here"};
    }
    byte_buffer memory;
    SKALD_TRY_ASSIGN(const std::string_view payload, inflate_section(section, memory));
    switch (order[next++]) {
      case section_type::segments:
        SKALD_TRY(parse_segments(payload, trailer, contents));
        break;
      case section_type::fingerprints:
        SKALD_TRY(parse_fingerprints(payload, contents));
        break;
      case section_type::chunks:
        SKALD_TRY(parse_chunks(payload, contents));
        break;
      default:
        SKALD_TRY(parse_info(payload, contents));
        break;
    }
  }
  if (next != std::size(order)) return error{errc::corrupt, "pack tables: sections are missing"};
  return contents;
}

void append_labels(std::span<const std::string_view> labels, std::string& out) {
  append_varint(out, labels.size());
  for (const std::string_view text : labels) append_text(text, out);
}

result<std::vector<std::string_view>> parse_labels_table(std::string_view payload,
                                                         std::size_t count) {
  bounded_reader from(payload);
  if (from.varint() != count) return malformed(section_type::labels, "not one text per chunk");
  std::vector<std::string_view> labels(count);
  for (std::string_view& text : labels) text = from.take(from.varint());
  if (!from.finished()) return malformed(section_type::labels, "malformed");
  return labels;
}

}  // namespace skald
