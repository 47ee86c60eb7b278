// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/pack_parts.h"

#include <algorithm>

#include "storage/chunk/section_codec.h"

namespace skald {
namespace {

// Label text compresses well; the inflated size is known only once it was read.
constexpr std::size_t labels_inflation_guess = 8;

// Rows per run from which on it is worth to keep how they spread over minutes.
constexpr std::size_t long_run_rows = 32;

std::size_t minute_bytes_max(const pack_contents& contents) {
  if (contents.info.rows < long_run_rows * contents.ranges.size()) return 0;
  std::size_t bytes = contents.segments.size() * sizeof(segment_minutes);
  for (const chunk_range& one : contents.ranges) {
    bytes += segment_minutes::run_bytes_max(one.min_timestamp_ns, one.max_timestamp_ns, one.rows);
  }
  return bytes;
}

// One whole section of the wanted type, inflated.
result<std::string> read_section(object_store& store, const std::string& key,
                                 const section_place& place, section_type type) {
  if (place.bytes > section_header_bytes + std::uint64_t{section_bytes_max}) {
    return error{errc::corrupt, "pack " + key + ": section longer than the limit"};
  }
  SKALD_TRY_ASSIGN(const std::string stored, store.get_range(key, place.offset, place.bytes));
  std::string_view bytes = stored;
  SKALD_TRY_ASSIGN(const section_view section, take_section(bytes));
  if (!section.is(type) || !bytes.empty()) {
    return error{errc::corrupt, "pack " + key + ", section " + section_name(section.type) +
                                    ": not where the table says"};
  }
  byte_buffer memory;
  SKALD_TRY_ASSIGN(const std::string_view payload, inflate_section(section, memory));
  return std::string(payload);
}

}  // namespace

pack_parts::pack_parts(object_store& store, const std::string& key, const pack_contents& contents)
    : store_(store),
      key_(key),
      contents_(contents),
      groups_(contents.filter_groups.size()),
      minute_bytes_max_(minute_bytes_max(contents)),
      minutes_(minute_bytes_max_ > 0 ? contents.segments.size() : 0) {}

segment_minutes_ptr pack_parts::minutes(std::uint32_t segment) {
  const std::lock_guard lock(minute_mutex_);
  return segment < minutes_.size() ? minutes_[segment] : nullptr;
}

void pack_parts::keep_minutes(std::uint32_t segment, segment_minutes_ptr minutes) {
  const std::lock_guard lock(minute_mutex_);
  if (segment < minutes_.size()) minutes_[segment] = std::move(minutes);
}

std::size_t pack_parts::group_of(std::uint32_t segment) const {
  const auto& groups = contents_.filter_groups;
  const auto behind = std::upper_bound(groups.begin(), groups.end(), segment,
                                       [](std::uint32_t wanted, const filter_group_entry& group) {
                                         return wanted < group.first_segment;
                                       });
  if (behind == groups.begin()) return groups.size();
  const auto found = behind - 1;
  if (segment - found->first_segment >= found->segments) return groups.size();
  return static_cast<std::size_t>(found - groups.begin());
}

bool pack_parts::has_filter(std::uint32_t segment) {
  const std::size_t group = group_of(segment);
  if (group == groups_.size()) return false;
  const std::lock_guard lock(filter_mutex_);
  return groups_[group].group != nullptr;
}

pack_parts::filter_position pack_parts::filter_of(std::uint32_t segment, bool fetch,
                                                  block_read_stats& stats) {
  const std::size_t number = group_of(segment);
  if (number == groups_.size()) return {};
  const filter_group_entry& entry = contents_.filter_groups[number];
  if (entry.section.bytes == 0) return {};
  const std::lock_guard lock(filter_mutex_);
  group_slot& slot = groups_[number];
  if (!slot.tried && fetch) {
    slot.tried = true;
    auto group = read_group(entry, stats);
    // Without its filter a segment is read; what is damaged for good will be found by scrubbing.
    if (group.ok()) slot.group = std::make_unique<const skip_filter_group>(std::move(*group));
  }
  if (slot.group == nullptr) return {};
  return {slot.group.get(), segment - entry.first_segment};
}

result<skip_filter_group> pack_parts::read_group(const filter_group_entry& entry,
                                                 block_read_stats& stats) {
  SKALD_TRY_ASSIGN(std::string payload,
                   read_section(store_, key_, entry.section, section_type::skip_filter));
  stats.stored_bytes_read += entry.section.bytes;
  stats.inflated_bytes += payload.size();
  ++stats.fetch_count;
  SKALD_TRY_ASSIGN(skip_filter_group group, skip_filter_group::parse(std::move(payload)));
  if (group.segment_count() != entry.segments) {
    return error{errc::corrupt, "section FILTER: of another number of segments"};
  }
  return group;
}

result<void> pack_parts::read_labels() {
  SKALD_TRY_ASSIGN(label_payload_,
                   read_section(store_, key_, contents_.labels, section_type::labels));
  SKALD_TRY_ASSIGN(labels_, parse_labels_table(label_payload_, contents_.fingerprints.size()));
  labels_read_ = true;
  return {};
}

result<std::string_view> pack_parts::labels(std::uint32_t entry) {
  const std::lock_guard lock(label_mutex_);
  if (!labels_read_) SKALD_TRY(read_labels());
  return labels_[entry];
}

std::size_t pack_parts::memory_bytes_max() const {
  std::size_t bytes = sizeof(*this) + groups_.size() * sizeof(group_slot);
  for (const filter_group_entry& group : contents_.filter_groups) bytes += group.section.bytes;
  bytes += minute_bytes_max_;
  bytes += contents_.labels.bytes * labels_inflation_guess;
  return bytes + contents_.fingerprints.size() * sizeof(std::string_view);
}

}  // namespace skald
