// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_lane.h"

#include <algorithm>
#include <limits>

namespace skald {
namespace {

result<void> read_header(const wal_lane& lane, file_system& files, wal_lane_segment& out) {
  SKALD_TRY_ASSIGN(const auto opened, files.open(lane.path_of(out), open_mode::read_only));
  char block[wal_block_bytes];
  SKALD_TRY_ASSIGN(const auto read, opened->read_at(0, block, sizeof block));
  if (!decode_segment_header({block, read}, out.header)) return {};
  if (out.header.version != wal_format_version || out.header.lane != lane.lane) return {};
  out.unused_copy = out.header.segment != out.number;
  out.readable = !out.unused_copy && out.header.first_sequence != 0;
  return {};
}

}  // namespace

const wal_lane_segment* wal_lane::successor(std::size_t i) const {
  for (++i; i < segments.size(); ++i) {
    if (segments[i].readable) return &segments[i];
  }
  return nullptr;
}

std::uint64_t wal_lane::sequence_limit(std::size_t i) const {
  const bool known = i + 1 < segments.size() && segments[i + 1].readable;
  return known ? segments[i + 1].header.first_sequence : std::numeric_limits<std::uint64_t>::max();
}

bool wal_lane::is_wholly_below(std::size_t i, std::uint64_t sequence) const {
  const wal_lane_segment& s = segments[i];
  const wal_lane_segment* after = successor(i);
  return after != nullptr && after->header.first_sequence <= sequence && s.readable &&
         after->number == s.number + 1;
}

result<wal_lane> list_wal_lane(const std::string& directory, std::uint32_t lane, file_system& files,
                               bool unreadable_is_damage) {
  wal_lane out;
  out.directory = directory;
  out.lane = lane;
  SKALD_TRY_ASSIGN(const bool exists, files.exists(directory));
  if (!exists) return out;
  SKALD_TRY_ASSIGN(const auto entries, files.list(directory));
  for (const directory_entry& entry : entries) {
    const std::uint64_t number = wal_segment_of_name(entry.name);
    if (entry.kind == entry_kind::regular && number != 0) out.segments.push_back({number});
  }
  std::sort(out.segments.begin(), out.segments.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  for (wal_lane_segment& s : out.segments) {
    SKALD_TRY_ASSIGN(s.bytes, files.file_size(out.path_of(s)));
    const auto read = read_header(out, files, s);
    if (read.ok()) continue;
    if (!unreadable_is_damage || read.error().code != errc::unavailable) return read.error();
  }
  return out;
}

}  // namespace skald
