// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/pack_reader.h"

#include <algorithm>

#include "storage/chunk/chunk_directory.h"
#include "storage/chunk/pack_parts.h"
#include "storage/chunk/segment_block.h"

namespace skald {
namespace {

error in_pack(const std::string& key, const error& why) {
  return {why.code, "pack " + key + ": " + why.message};
}

// Trailer and tables, from one or two fetches.
result<pack_contents> read_contents(object_store& store, const std::string& key) {
  SKALD_TRY_ASSIGN(const object_tail tail, store.get_tail(key, pack_tail_fetch_bytes));
  const std::string_view bytes = tail.bytes;
  if (tail.object_bytes < pack_header_bytes + pack_trailer_bytes ||
      bytes.size() < pack_trailer_bytes) {
    return error{errc::corrupt, "shorter than header and trailer"};
  }
  SKALD_TRY_ASSIGN(
      const pack_trailer trailer,
      parse_trailer(bytes.substr(bytes.size() - pack_trailer_bytes), tail.object_bytes));
  const std::uint64_t table_bytes = tail.object_bytes - pack_trailer_bytes - trailer.tables_offset;
  if (table_bytes + pack_trailer_bytes <= bytes.size()) {
    return parse_tables(bytes.substr(bytes.size() - pack_trailer_bytes - table_bytes, table_bytes),
                        trailer);
  }
  SKALD_TRY_ASSIGN(const std::string tables,
                   store.get_range(key, trailer.tables_offset, table_bytes));
  return parse_tables(tables, trailer);
}

}  // namespace

pack_reader::pack_reader(object_store& store, std::string key,
                         std::unique_ptr<pack_contents> contents,
                         std::shared_ptr<segment_cache> segments)
    : store_(store),
      key_(std::move(key)),
      key_hash_(xxh3_128(key_)),
      contents_(std::move(contents)),
      parts_(std::make_unique<pack_parts>(store_, key_, *contents_)),
      segments_(std::move(segments)) {}

pack_reader::~pack_reader() = default;

result<std::shared_ptr<const pack_reader>> pack_reader::open(
    object_store& store, std::string key, std::shared_ptr<segment_cache> segments) {
  auto contents = read_contents(store, key);
  if (!contents.ok()) return in_pack(key, contents.error());
  return std::shared_ptr<const pack_reader>(
      new pack_reader(store, std::move(key), std::make_unique<pack_contents>(std::move(*contents)),
                      std::move(segments)));
}

const std::string& pack_reader::key() const {
  return key_;
}

const pack_info& pack_reader::info() const {
  return contents_->info;
}

std::size_t pack_reader::chunk_count() const {
  return contents_->fingerprints.size();
}

chunk_ref pack_reader::chunk(std::uint32_t entry) const {
  SKALD_ASSERT(entry < chunk_count());
  return contents_->reference(entry, key_);
}

result<stream_ptr> pack_reader::stream(std::uint32_t entry) const {
  SKALD_ASSERT(entry < chunk_count());
  const auto text = parts_->labels(entry);
  if (!text.ok()) return in_pack(key_, text.error());
  auto made = make_stream(*text);
  if (!made.ok() || (*made)->fingerprint != contents_->fingerprints[entry]) {
    return error{errc::corrupt, "pack " + key_ + ": labels of directory entry " +
                                    std::to_string(entry) + " do not fit its fingerprint"};
  }
  return made;
}

result<void> pack_reader::check(const chunk_selection& wanted, std::vector<bool>& selected) const {
  const std::uint32_t entry = wanted.directory_entry;
  if (entry >= chunk_count() || selected[entry]) {
    return error{errc::invalid_argument,
                 "pack " + key_ + ": directory entry " + std::to_string(entry) +
                     (entry < chunk_count() ? " is selected twice" : " does not exist")};
  }
  selected[entry] = true;
  if (wanted.stream == nullptr || wanted.stream->fingerprint == contents_->fingerprints[entry]) {
    return {};
  }
  return error{errc::corrupt, "pack " + key_ + ": directory entry " + std::to_string(entry) +
                                  " is not of stream " + wanted.stream->canonical_labels};
}

result<block_list> pack_reader::blocks(std::span<const chunk_selection> selection,
                                       time_range range) const {
  std::vector<bool> selected(chunk_count(), false);
  std::vector<std::uint32_t> run_counts(contents_->segments.size(), 0);
  for (const chunk_selection& wanted : selection) {
    SKALD_TRY(check(wanted, selected));
    for (const chunk_range& one : contents_->ranges_of(wanted.directory_entry)) {
      if (range.overlaps(one.min_timestamp_ns, one.max_timestamp_ns)) ++run_counts[one.segment];
    }
  }
  std::vector<std::vector<row_run>> runs(contents_->segments.size());
  for (std::size_t i = 0; i < runs.size(); ++i) runs[i].reserve(run_counts[i]);
  for (const chunk_selection& wanted : selection) {
    stream_ptr made;
    for (const chunk_range& one : contents_->ranges_of(wanted.directory_entry)) {
      if (!range.overlaps(one.min_timestamp_ns, one.max_timestamp_ns)) continue;
      if (wanted.stream == nullptr && made == nullptr) {
        SKALD_TRY_ASSIGN(made, stream(wanted.directory_entry));
      }
      runs[one.segment].push_back({made == nullptr ? wanted.stream : made, one.first_row, one.rows,
                                   one.min_timestamp_ns, one.max_timestamp_ns, one.line_bytes});
    }
  }
  return make_blocks(std::move(runs));
}

block_list pack_reader::make_blocks(std::vector<std::vector<row_run>> runs_by_segment) const {
  // A filter group is worth a fetch when the wanted segments of it hold more than the filter
  // itself.
  std::vector<std::uint64_t> wanted_bytes(contents_->filter_groups.size() + 1);
  for (std::uint32_t segment = 0; segment < runs_by_segment.size(); ++segment) {
    if (runs_by_segment[segment].empty()) continue;
    wanted_bytes[parts_->group_of(segment)] += contents_->segments[segment].stored_line_bytes();
  }
  const auto by_row = [](const row_run& a, const row_run& b) { return a.first_row < b.first_row; };
  block_list blocks;
  for (std::uint32_t segment = 0; segment < runs_by_segment.size(); ++segment) {
    std::vector<row_run>& runs = runs_by_segment[segment];
    if (runs.empty()) continue;
    if (!std::is_sorted(runs.begin(), runs.end(), by_row)) {
      std::sort(runs.begin(), runs.end(), by_row);
    }
    const std::size_t group = parts_->group_of(segment);
    const bool filter_pays = group < contents_->filter_groups.size() &&
                             wanted_bytes[group] > contents_->filter_groups[group].section.bytes;
    blocks.push_back(
        std::make_unique<segment_block>(shared_from_this(), segment, std::move(runs), filter_pays));
  }
  return blocks;
}

std::size_t pack_reader::memory_bytes_max() const {
  return sizeof(*this) + key_.size() + contents_->memory_bytes() + parts_->memory_bytes_max();
}

}  // namespace skald
