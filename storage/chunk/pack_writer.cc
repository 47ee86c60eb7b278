// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/pack_writer.h"

#include <algorithm>
#include <bit>

#include "runtime/base/hash.h"
#include "storage/chunk/byte_codec.h"
#include "storage/chunk/segment_plan.h"
#include "storage/chunk/segment_writer.h"
#include "storage/chunk/skip_filter.h"
#include "storage/chunk/utf8_text.h"

namespace skald {
namespace {

// How many of `left` segments the next filter group takes: powers of two, so that no row has unused
// bits.
std::size_t group_size(std::size_t left) {
  return std::min<std::size_t>(std::bit_floor(left), filter_group_segments_max);
}

std::uint8_t flags_of(std::string_view lines, std::size_t rows, const text_facts& facts) {
  std::uint8_t flags = 0;
  if (facts.ascii) flags |= segment_flag_ascii;
  if (facts.ascii || is_valid_utf8(lines)) flags |= segment_flag_utf8;
  if (facts.newlines != rows) flags |= segment_flag_embedded_newline;
  if (facts.unicode_escape) flags |= segment_flag_unicode_escape;
  return flags;
}

// A segment of several apps counts as one of the first.
std::string_view app_of_segment(const segment_plan& plan, const planned_segment& planned) {
  return app_of(plan.streams[planned.runs.front().chunk]->labels);
}

// A section that is too long would be unreadable.
result<void> check_labels(const segment_plan& plan) {
  std::uint64_t bytes = 0;
  for (const stream_ptr& stream : plan.streams) bytes += stream->canonical_labels.size() + 8;
  if (bytes <= section_bytes_max && plan.streams.size() <= pack_chunks_max) return {};
  return error{errc::invalid_argument, "pack of " + std::to_string(plan.streams.size()) +
                                           " streams with " + std::to_string(bytes) +
                                           " bytes of labels: too much for one"};
}

// The version of the format that the contents need: readers of 1.0 know plain lines only.
std::uint16_t minor_version_of(const pack_contents& contents) {
  const bool columns =
      std::any_of(contents.segments.begin(), contents.segments.end(),
                  [](const segment_entry& one) { return one.structured.present(); });
  return columns ? pack_version_minor : 0;
}

result<void> check_identity(const pack_identity& identity) {
  if (identity.tenant.size() > 150 || identity.origin.size() > 255) {
    return error{errc::invalid_argument, "pack identity: tenant or origin too long"};
  }
  return {};
}

}  // namespace

std::vector<std::string> pack_writer_options::validate() const {
  std::vector<std::string> problems;
  if (segment_bytes_target < (64U << 10) || segment_bytes_target > (4U << 20)) {
    problems.push_back("segment_bytes_target must be between 65536 and 4194304");
  }
  if (zstd_level < 1 || zstd_level > 19) problems.push_back("zstd_level must be between 1 and 19");
  if (!(filter_fill >= 0.3 && filter_fill <= 0.7)) {
    problems.push_back("filter_fill must be between 0.3 and 0.7");
  }
  return problems;
}

class pack_writer::implementation {
 public:
  explicit implementation(const pack_writer_options& options)
      : options_(options),
        lines_zstd_(options.zstd_level),
        filters_(options.filter_fill),
        segments_(options.columns) {
    SKALD_ASSERT(options.validate().empty());
  }

  result<written_pack> write(const pack_identity& identity, const std::vector<pack_input>& inputs) {
    SKALD_TRY(check_identity(identity));
    SKALD_TRY_ASSIGN(const segment_plan plan, plan_segments(inputs, options_.segment_bytes_target));
    SKALD_TRY(check_labels(plan));
    pack_ = {};
    contents_ = {};
    filter_parts_.clear();
    add_part([](std::string& out) { append_pack_header(0, out); });
    ranges_.assign(plan.streams.size(), {});
    SKALD_TRY(write_segments(plan, identity));
    fill_contents(plan, identity);
    write_end(plan);
    pack_.info = contents_.info;
    for (std::uint32_t entry = 0; entry < contents_.fingerprints.size(); ++entry) {
      pack_.chunks.push_back(contents_.reference(entry, {}));
    }
    return std::move(pack_);
  }

 private:
  template <class Fill>
  void add_part(Fill fill) {
    std::string part;
    fill(part);
    pack_.bytes += part.size();
    pack_.parts.push_back(std::move(part));
  }

  result<void> write_segments(const segment_plan& plan, const pack_identity& identity) {
    const std::uint64_t salt_seed = xxh3_64(identity.origin, identity.flush_id);
    for (std::size_t first = 0; first < plan.segments.size();) {
      const std::size_t size = group_size(plan.segments.size() - first);
      const auto group = std::span(plan.segments).subspan(first, size);
      std::uint64_t raw_bytes_max = 0;
      for (const planned_segment& one : group) {
        raw_bytes_max = std::max(raw_bytes_max, one.raw_bytes);
      }
      filters_.begin_group(raw_bytes_max);
      std::uint64_t stored_line_bytes = 0;
      for (const planned_segment& one : group) {
        SKALD_TRY_ASSIGN(const std::uint64_t stored, write_segment(plan, one));
        stored_line_bytes += stored;
      }
      finish_filter_group(size, stored_line_bytes, salt_seed + first);
      first += size;
    }
    return {};
  }

  // Returns the bytes of lines that a filter's size is measured by: those stored, and for lines by
  // shape at least a tenth of the raw ones, since they are dearer to search than their size tells.
  result<std::uint64_t> write_segment(const segment_plan& plan, const planned_segment& planned) {
    SKALD_TRY(segments_.gather(plan, planned));
    collect_pair_hashes(segments_.metadata(), pair_hashes_);
    const text_facts facts = filters_.add_segment(segments_.lines(), pair_hashes_);
    const auto number = static_cast<std::uint32_t>(contents_.segments.size());
    const std::uint64_t offset = pack_.bytes;
    add_part([&](std::string& out) {
      segment_entry entry =
          segments_.append(app_of_segment(plan, planned), lines_zstd_, offset, out);
      entry.flags = flags_of(segments_.lines(), entry.rows, facts);
      contents_.segments.push_back(entry);
    });
    pack_.parts.back().shrink_to_fit();
    const auto ranges = segments_.ranges(planned, number);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      ranges_[planned.runs[i].chunk].push_back(ranges[i]);
    }
    const segment_entry& entry = contents_.segments.back();
    if (!entry.structured.present()) return entry.lines.bytes;
    return std::max<std::uint64_t>(entry.stored_line_bytes(), entry.line_bytes / 10);
  }

  // Filters stand behind all segments, so they wait.
  void finish_filter_group(std::size_t size, std::uint64_t stored_line_bytes,
                           std::uint64_t salt_seed) {
    std::string payload;
    if (options_.filters) {
      const std::uint64_t salt = xxh3_64("gram45", salt_seed);
      filters_.finish_group(stored_line_bytes, static_cast<std::uint32_t>(salt), payload);
    }
    std::string section;
    if (!payload.empty()) append_raw_section(section_type::skip_filter, payload, section);
    filter_group_entry group;
    group.segments = static_cast<std::uint32_t>(size);
    group.section.bytes = section.size();
    contents_.filter_groups.push_back(group);
    filter_parts_.push_back(std::move(section));
  }

  void fill_contents(const segment_plan& plan, const pack_identity& identity) {
    contents_.range_starts.assign(1, 0);
    for (std::size_t entry = 0; entry < plan.streams.size(); ++entry) {
      contents_.fingerprints.push_back(plan.streams[entry]->fingerprint);
      contents_.ranges.insert(contents_.ranges.end(), ranges_[entry].begin(), ranges_[entry].end());
      contents_.range_starts.push_back(static_cast<std::uint32_t>(contents_.ranges.size()));
    }
    pack_info& info = contents_.info;
    info.identity = identity;
    info.segments = contents_.segments.size();
    info.chunks = plan.streams.size();
    info.min_timestamp_ns = contents_.segments.front().min_timestamp_ns;
    info.max_timestamp_ns = contents_.segments.front().max_timestamp_ns;
    for (const segment_entry& segment : contents_.segments) {
      info.rows += segment.rows;
      info.line_bytes += segment.line_bytes;
      info.min_timestamp_ns = std::min(info.min_timestamp_ns, segment.min_timestamp_ns);
      info.max_timestamp_ns = std::max(info.max_timestamp_ns, segment.max_timestamp_ns);
    }
  }

  // Filters, labels, tables and trailer.
  void write_end(const segment_plan& plan) {
    pack_trailer trailer;
    trailer.filters_offset = pack_.bytes;
    for (std::string& section : filter_parts_) {
      pack_.bytes += section.size();
      pack_.filter_bytes += section.size();
      if (!section.empty()) pack_.parts.push_back(std::move(section));
    }
    trailer.labels_offset = pack_.bytes;
    std::vector<std::string_view> labels;
    for (const stream_ptr& stream : plan.streams) labels.push_back(stream->canonical_labels);
    std::string payload;
    append_labels(labels, payload);
    add_part([&](std::string& out) {
      append_section(section_type::labels, payload, tables_zstd_, out);
    });
    trailer.tables_offset = pack_.bytes;
    add_part([&](std::string& out) { append_tables(contents_, tables_zstd_, out); });
    trailer.pack_bytes = pack_.bytes + pack_trailer_bytes;
    const std::uint16_t minor = minor_version_of(contents_);
    add_part([&](std::string& out) { append_trailer(trailer, minor, out); });
    pack_.parts.front().clear();
    append_pack_header(minor, pack_.parts.front());
  }

  const pack_writer_options options_;
  compressor lines_zstd_;
  compressor tables_zstd_;
  skip_filter_builder filters_;
  segment_writer segments_;
  // Of the pack that is being written.
  written_pack pack_;
  pack_contents contents_;
  std::vector<std::string> filter_parts_;
  std::vector<std::uint32_t> pair_hashes_;
  std::vector<std::vector<chunk_range>> ranges_;  // by directory entry
};

pack_writer::pack_writer(pack_writer_options options)
    : implementation_(std::make_unique<implementation>(options)) {}

pack_writer::~pack_writer() = default;

result<written_pack> pack_writer::write(const pack_identity& identity,
                                        std::vector<pack_input> inputs) {
  return implementation_->write(identity, inputs);
}

std::string pack_object_key(const pack_identity& identity, std::int64_t day, std::size_t part) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string id(16, '0');
  for (int i = 0; i < 16; ++i) id[15 - i] = digits[identity.flush_id >> (4 * i) & 15];
  const std::string end = part == 0 ? std::string() : '.' + std::to_string(part);
  return "packs/" + identity.tenant + "/" + std::to_string(day) + "/" + identity.origin + "-" + id +
         end + ".skp";
}

}  // namespace skald
