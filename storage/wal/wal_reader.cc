// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_reader.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/crc32c.h"

namespace skald {
namespace {

// Of the sequence in a record's header.
constexpr std::uint64_t sequence_offset = 16;

class segment_scanner {
 public:
  segment_scanner(wal_segment_source& source, const wal_scan_context& context,
                  const wal_visitor& visitor)
      : source_(source),
        size_(source.size()),
        context_(context),
        visitor_(visitor),
        seed_(wal_record_seed(context.header)) {
    out_.next_sequence = context.next_sequence;
    seen_ = context.next_sequence;
  }

  result<wal_scan> run() {
    std::uint64_t offset = wal_block_bytes;
    while (offset + wal_record_header_bytes <= size_) {
      SKALD_TRY(fetch(offset, wal_record_header_bytes));
      wal_record_header header;
      switch (header_at(offset, header)) {
        case wal_header_state::empty:  // padding of a group, or nothing was written from here on
          offset = next_block(offset);
          break;
        case wal_header_state::invalid: {
          SKALD_TRY_ASSIGN(offset, resume_behind(offset));
          break;
        }
        case wal_header_state::valid:
          if (header.sequence >= context_.sequence_limit) {
            finish();
            return out_;
          }
          SKALD_TRY(fetch(offset, wal_record_header_bytes + header.body_bytes));
          if (crc32c(body_of(offset, header)) == header.body_crc) {
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

  // Makes `bytes` from `offset` on ready for the functions below. The segment has as many.
  result<void> fetch(std::uint64_t offset, std::uint64_t bytes) {
    if (offset >= window_begin_ && offset + bytes <= window_begin_ + window_.size()) return {};
    SKALD_TRY_ASSIGN(window_, source_.at(offset, bytes));
    window_begin_ = offset;
    return {};
  }

  std::string_view fetched(std::uint64_t offset, std::uint64_t bytes) const {
    return {window_.data() + (offset - window_begin_), bytes};
  }

  // The header's bytes are fetched.
  wal_header_state header_at(std::uint64_t offset, wal_record_header& out) const {
    const auto state = decode_record_header(fetched(offset, wal_record_header_bytes), seed_, out);
    if (state == wal_header_state::invalid && is_short_padding(offset)) {
      return wal_header_state::empty;
    }
    if (state != wal_header_state::valid) return state;
    const bool inside = wal_stored_bytes(out.body_bytes) <= size_ - offset;
    return inside ? state : wal_header_state::invalid;
  }

  // Padding shorter than a header, with the next group behind it.
  bool is_short_padding(std::uint64_t offset) const {
    const std::uint64_t bytes = next_block(offset) - offset;
    return bytes < wal_record_header_bytes &&
           fetched(offset, bytes).find_first_not_of('\0') == std::string_view::npos;
  }

  std::string_view body_of(std::uint64_t offset, const wal_record_header& header) const {
    return fetched(offset + wal_record_header_bytes, header.body_bytes);
  }

  // The offset of the next valid header, or the end of the segment. The bytes in between are damage
  // when a record follows, else they may as well be of an earlier life of the file: finish()
  // decides.
  result<std::uint64_t> resume_behind(const std::uint64_t bad) {
    // The next sequences cannot be further away than records fit into the segment; a cheap test
    // before the checksum.
    const std::uint64_t sequence_end = seen_ + size_ / wal_record_header_bytes;
    std::uint64_t offset = bad + wal_record_alignment;
    std::uint64_t last_used_word = 0;  // none
    while (offset + wal_record_header_bytes <= size_) {
      SKALD_TRY(fetch(offset, wal_record_header_bytes));
      const char* at = window_.data() + (offset - window_begin_);
      const char* const end = window_.data() + window_.size() - wal_record_header_bytes;
      for (; at <= end; at += wal_record_alignment, offset += wal_record_alignment) {
        std::uint64_t sequence;
        std::memcpy(&sequence, at + sequence_offset, sizeof sequence);
        if (sequence == 0) continue;
        last_used_word = offset + sequence_offset;
        if (sequence < seen_ || sequence > sequence_end) continue;
        wal_record_header header;
        if (header_at(offset, header) != wal_header_state::valid) continue;
        note_bad(offset - bad);
        return offset;
      }
    }
    // Behind a record a group's padding is zero, so other bytes there are a torn write for certain.
    tail_is_torn_ = bad % wal_block_bytes != 0;
    SKALD_TRY_ASSIGN(tail_bytes_, used_bytes(bad, offset + sequence_offset, last_used_word));
    return size_;
  }

  // From `bad` to the last byte of the segment that is not zero. Of [bad + 24, seen) it is known
  // which word that is in (0: none), the other bytes are looked at.
  result<std::uint64_t> used_bytes(std::uint64_t bad, std::uint64_t seen, std::uint64_t last_word) {
    const std::uint64_t front = bad + wal_record_alignment + sequence_offset;
    for (const auto& [begin, end] :
         {std::pair{std::min(seen, size_), size_},
          std::pair{last_word,
                    last_word == 0 ? 0 : std::min(last_word + wal_record_alignment, size_)},
          std::pair{bad, std::min(front, size_)}}) {
      if (begin >= end) continue;
      SKALD_TRY(fetch(begin, end - begin));
      const auto last = fetched(begin, end - begin).find_last_not_of('\0');
      if (last != std::string_view::npos) return begin + last + 1 - bad;
    }
    return std::uint64_t{0};
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
    return visitor_(
        {header.type, header.shard, header.sequence, body_of(offset, header), source_.owner()});
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

  wal_segment_source& source_;
  const std::uint64_t size_;
  std::string_view window_;  // fetched last
  std::uint64_t window_begin_ = 0;
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

result<wal_scan> scan_wal_segment(wal_segment_source& segment, const wal_scan_context& context,
                                  const wal_visitor& visitor) {
  return segment_scanner(segment, context, visitor).run();
}

result<wal_scan> scan_wal_segment(std::string_view segment, const wal_scan_context& context,
                                  const wal_visitor& visitor) {
  wal_segment_in_memory source(segment);
  return scan_wal_segment(source, context, visitor);
}

}  // namespace skald
