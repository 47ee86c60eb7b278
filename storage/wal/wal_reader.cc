// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_reader.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/crc32c.h"

namespace skald {
namespace {

class segment_scanner {
 public:
  segment_scanner(std::string_view segment, const wal_scan_context& context,
                  const wal_visitor& visitor)
      : segment_(segment),
        context_(context),
        visitor_(visitor),
        seed_(wal_record_seed(context.header)) {
    out_.next_sequence = context.next_sequence;
    seen_ = context.next_sequence;
  }

  result<wal_scan> run() {
    std::uint64_t offset = wal_block_bytes;
    while (offset + wal_record_header_bytes <= segment_.size()) {
      wal_record_header header;
      switch (header_at(offset, header)) {
        case wal_header_state::empty:  // padding of a group, or nothing was written from here on
          offset = next_block(offset);
          break;
        case wal_header_state::invalid:
          offset = resume_behind(offset);
          break;
        case wal_header_state::valid:
          if (header.sequence >= context_.sequence_limit) {
            finish();
            return out_;
          }
          if (body_is_good(offset, header)) {
            SKALD_TRY(take(offset, header));
          } else {
            note_bad(wal_stored_bytes(header.body_bytes));
          }
          offset += wal_stored_bytes(header.body_bytes);
      }
    }
    finish();
    return out_;
  }

 private:
  static std::uint64_t next_block(std::uint64_t offset) {
    return (offset / wal_block_bytes + 1) * wal_block_bytes;
  }

  wal_header_state header_at(std::uint64_t offset, wal_record_header& out) const {
    const auto state =
        decode_record_header(segment_.substr(offset, wal_record_header_bytes), seed_, out);
    if (state == wal_header_state::invalid && is_short_padding(offset)) {
      return wal_header_state::empty;
    }
    if (state != wal_header_state::valid) return state;
    const bool inside = wal_stored_bytes(out.body_bytes) <= segment_.size() - offset;
    return inside ? state : wal_header_state::invalid;
  }

  // Padding shorter than a header, with the next group behind it.
  bool is_short_padding(std::uint64_t offset) const {
    const std::uint64_t bytes = next_block(offset) - offset;
    return bytes < wal_record_header_bytes &&
           segment_.substr(offset, bytes).find_first_not_of('\0') == std::string_view::npos;
  }

  bool body_is_good(std::uint64_t offset, const wal_record_header& header) const {
    return crc32c(body_of(offset, header)) == header.body_crc;
  }

  std::string_view body_of(std::uint64_t offset, const wal_record_header& header) const {
    return segment_.substr(offset + wal_record_header_bytes, header.body_bytes);
  }

  // The offset of the next valid header, or the end of the segment. The bytes in between are damage
  // when a record follows, else they may as well be of an earlier life of the file: finish()
  // decides.
  std::uint64_t resume_behind(std::uint64_t offset) {
    const std::uint64_t bad = offset;
    // The next sequences cannot be further away than records fit into the segment; a cheap test
    // before the checksum.
    const std::uint64_t sequence_end = seen_ + segment_.size() / wal_record_header_bytes;
    for (offset += wal_record_alignment; offset + wal_record_header_bytes <= segment_.size();
         offset += wal_record_alignment) {
      std::uint64_t sequence;
      std::memcpy(&sequence, segment_.data() + offset + 16, sizeof sequence);
      if (sequence < seen_ || sequence > sequence_end) continue;
      wal_record_header header;
      if (header_at(offset, header) != wal_header_state::valid) continue;
      note_bad(offset - bad);
      return offset;
    }
    // Behind a record a group's padding is zero, so other bytes there are a torn write for certain.
    tail_is_torn_ = bad % wal_block_bytes != 0;
    tail_bytes_ = last_used_byte() > bad ? last_used_byte() - bad : 0;
    return segment_.size();
  }

  std::uint64_t last_used_byte() const {
    std::uint64_t end = segment_.size();
    while (end > 0 && segment_[end - 1] == 0) --end;
    return end;
  }

  void begin_undecided() {
    if (!undecided_) undecided_from_ = seen_;
    undecided_ = true;
  }

  void note_bad(std::uint64_t bytes) {
    begin_undecided();
    undecided_bytes_ += bytes;
  }

  result<void> take(std::uint64_t offset, const wal_record_header& header) {
    if (header.sequence < seen_) return {};  // an earlier segment had it
    const std::uint64_t missing = header.sequence - seen_;
    const std::uint64_t group_first =
        header.sequence - std::min<std::uint64_t>(header.group_index, header.sequence);
    // A later group was begun, so the one with the damage had been synced: that was lost, not torn.
    if (undecided_ && group_first > undecided_from_) settle(true);
    if (missing != 0 && group_first > seen_) {
      out_.lost_records += missing;
    } else if (missing != 0) {
      begin_undecided();
      undecided_records_ += missing;
    }
    seen_ = header.sequence + 1;
    out_.next_sequence = seen_;
    ++out_.records;
    out_.bytes += header.body_bytes;
    return visitor_({header.type, header.shard, header.sequence, body_of(offset, header)});
  }

  void settle(bool lost) {
    (lost ? out_.lost_bytes : out_.torn_bytes) += undecided_bytes_;
    if (lost) out_.lost_records += undecided_records_;
    undecided_ = false;
    undecided_bytes_ = 0;
    undecided_records_ = 0;
  }

  void finish() {
    const bool limited = context_.sequence_limit != std::numeric_limits<std::uint64_t>::max();
    const bool superseded = undecided_from_ >= context_.sequence_limit;
    settle(!context_.last_of_life && !superseded);
    // The next segment says that there were more records here.
    if (limited && seen_ < context_.sequence_limit) {
      out_.lost_records += context_.sequence_limit - seen_;
      out_.lost_bytes += tail_bytes_;
      out_.next_sequence = context_.sequence_limit;
    } else if (tail_is_torn_) {
      out_.torn_bytes += tail_bytes_;
    }
  }

  const std::string_view segment_;
  const wal_scan_context& context_;
  const wal_visitor& visitor_;
  const std::uint32_t seed_;
  wal_scan out_;
  std::uint64_t seen_ = 1;  // the next sequence that is expected
  // Damage of which is not known yet whether it had been durable.
  bool undecided_ = false;
  std::uint64_t undecided_bytes_ = 0;
  std::uint64_t undecided_records_ = 0;
  std::uint64_t undecided_from_ = 0;
  std::uint64_t tail_bytes_ = 0;
  bool tail_is_torn_ = false;
};

}  // namespace

result<wal_scan> scan_wal_segment(std::string_view segment, const wal_scan_context& context,
                                  const wal_visitor& visitor) {
  return segment_scanner(segment, context, visitor).run();
}

}  // namespace skald
