// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_lookahead.h"

#include <algorithm>
#include <memory>

#include "runtime/base/crc32c.h"
#include "storage/wal/aligned_buffer.h"
#include "storage/wal/wal_lane.h"

namespace skald {
namespace {

// Read at a header: much where records are small, as little as possible where they are large.
constexpr std::uint64_t near_bytes = 64 << 10;
constexpr std::uint64_t far_bytes = wal_block_bytes;

// Hops through one segment until something is not as it should be.
class segment_hops {
 public:
  segment_hops(file& from, const wal_lane_segment& segment, std::uint64_t limit)
      : file_(from),
        bytes_(segment.bytes),
        limit_(limit),
        seed_(wal_record_seed(segment.header)),
        next_sequence_(segment.header.first_sequence) {}

  void find(wal_record_type type, std::uint64_t from_sequence, std::vector<wal_found_record>& out) {
    std::uint64_t offset = wal_block_bytes;
    while (offset + wal_record_header_bytes <= bytes_) {
      wal_record_header header;
      if (!read(offset, wal_record_header_bytes)) return;
      const auto state = decode_record_header(at(offset, wal_record_header_bytes), seed_, header);
      const std::uint64_t in_block = offset % wal_block_bytes;
      const bool may_be_padding = in_block != 0;
      const bool is_short = wal_block_bytes - in_block < wal_record_header_bytes;
      if (state != wal_header_state::valid) {
        if (!may_be_padding || (state == wal_header_state::invalid && !is_short)) return;
        offset += wal_block_bytes - in_block;
        continue;
      }
      const std::uint64_t stored = wal_stored_bytes(header.body_bytes);
      if (stored > bytes_ - offset || header.sequence >= limit_) return;
      if (header.type == type && header.sequence >= std::max(from_sequence, next_sequence_)) {
        if (!take(offset, header, out)) return;
      }
      next_sequence_ = std::max(next_sequence_, header.sequence + 1);
      window_bytes_ = stored < near_bytes ? near_bytes : far_bytes;
      offset += stored;
    }
  }

 private:
  bool take(std::uint64_t offset, const wal_record_header& header,
            std::vector<wal_found_record>& out) {
    if (!read(offset, wal_record_header_bytes + header.body_bytes)) return false;
    const auto body = at(offset + wal_record_header_bytes, header.body_bytes);
    if (crc32c(body) == header.body_crc) out.push_back({header.sequence, std::string(body)});
    return true;
  }

  std::string_view at(std::uint64_t offset, std::uint64_t bytes) const {
    return {window_.data() + (offset - begin_), bytes};
  }

  // Makes at() work for these bytes. False: they cannot be read.
  bool read(std::uint64_t offset, std::uint64_t wanted) {
    if (offset >= begin_ && offset + wanted <= begin_ + window_.size()) return true;
    const std::uint64_t begin = offset / wal_block_bytes * wal_block_bytes;
    const std::uint64_t end =
        std::min(bytes_, std::max(wal_round_to_block(offset + wanted), begin + window_bytes_));
    window_.resize(0);
    begin_ = begin;
    window_.resize(end - begin);
    const auto got = file_.read_at(begin, window_.data(), end - begin);
    window_.resize(got.ok() ? *got : 0);
    return offset + wanted <= begin_ + window_.size();
  }

  file& file_;
  const std::uint64_t bytes_;
  const std::uint64_t limit_;
  const std::uint32_t seed_;
  std::uint64_t next_sequence_;
  std::uint64_t window_bytes_ = far_bytes;
  aligned_buffer window_;  // holds the file from begin_ on
  std::uint64_t begin_ = 0;
};

}  // namespace

std::vector<wal_found_record> find_wal_records(const std::string& directory, std::uint32_t lane,
                                               file_system& files, wal_record_type type,
                                               std::uint64_t from_sequence) {
  std::vector<wal_found_record> found;
  const auto listed = list_wal_lane(directory, lane, files, /*unreadable_is_damage=*/true);
  if (!listed.ok()) return found;
  for (std::size_t i = 0; i < listed->segments.size(); ++i) {
    const wal_lane_segment& s = listed->segments[i];
    if (!s.readable || listed->is_wholly_below(i, from_sequence)) continue;
    const auto opened = files.open(listed->path_of(s), open_mode::read_only);
    if (!opened.ok()) continue;
    segment_hops(**opened, s, listed->sequence_limit(i)).find(type, from_sequence, found);
  }
  return found;
}

}  // namespace skald
