// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_replay.h"

#include <algorithm>

#include "storage/wal/wal_lane.h"
#include "storage/wal/wal_reader.h"
#include "storage/wal/wal_segment_reader.h"

namespace skald {
namespace {

constexpr std::uint64_t copied_bytes = 1 << 20;

class lane_replay {
 public:
  lane_replay(file_system& files, const wal_visitor& visitor, const replay_options& options)
      : files_(files), visitor_(visitor), options_(options) {}

  result<replay_summary> run(const std::string& directory) {
    SKALD_TRY_ASSIGN(
        lane_, list_wal_lane(directory, options_.lane, files_, options_.unreadable_is_damage));
    for (const wal_lane_segment& s : lane_.segments) {
      total_bytes_ += s.bytes;
      out_.next_segment = std::max(out_.next_segment, s.number + 1);
      if (s.readable) out_.last_incarnation = std::max(out_.last_incarnation, s.header.incarnation);
    }
    next_ = std::max<std::uint64_t>(options_.from_sequence, 1);
    last_ = next_ - 1;
    for (std::size_t i = 0; i < lane_.segments.size(); ++i) {
      SKALD_TRY(replay_segment(i));
      done_bytes_ += lane_.segments[i].bytes;
      tell_progress(done_bytes_);
    }
    // A segment says at which record it begins even when it holds none.
    for (const wal_lane_segment& s : lane_.segments) {
      if (s.readable) last_ = std::max(last_, s.header.first_sequence - 1);
    }
    out_.last_sequence = last_;
    return std::move(out_);
  }

 private:
  // Whether a failure to read counts as damage.
  bool is_accepted(const error& why) const {
    return options_.unreadable_is_damage && why.code == errc::unavailable;
  }

  // A segment may be read more than once.
  void tell_progress(std::uint64_t done) {
    if (done <= told_bytes_ && told_bytes_ != 0) return;
    told_bytes_ = done;
    if (options_.progress) options_.progress(done, total_bytes_);
  }

  result<void> replay_segment(std::size_t i) {
    const wal_lane_segment& s = lane_.segments[i];
    const std::uint64_t first = s.readable ? s.header.first_sequence : next_;
    out_.segments.push_back({s.number, first, s.bytes});
    // Nothing in it is wanted, or it was never acknowledged.
    if (s.unused_copy || lane_.is_wholly_below(i, next_)) return {};
    if (s.readable && first > next_) skip_gap(first);
    SKALD_TRY_ASSIGN(auto segment, open(s));
    if (segment == nullptr) {
      out_.lost_bytes += s.bytes;
      quarantine(s, nullptr);
      return {};
    }
    auto outcome = s.readable ? scan_readable(*segment, i) : scan_headless(*segment, i);
    out_.lost_bytes += segment->unreadable_bytes();
    return outcome;
  }

  // Records up to `first` are in no segment. In front of the oldest segment that is normal: they
  // were released.
  void skip_gap(std::uint64_t first) {
    if (seen_any_) out_.lost_records += first - next_;
    next_ = first;
  }

  // Null: that it cannot be opened counts as damage.
  result<std::unique_ptr<wal_segment_reader>> open(const wal_lane_segment& s) {
    auto opened = files_.open(lane_.path_of(s), open_mode::read_only);
    if (!opened.ok()) {
      if (is_accepted(opened.error())) return std::unique_ptr<wal_segment_reader>();
      return std::move(opened).error();
    }
    wal_segment_reader::callbacks tell;
    tell.is_damage = [this](const error& why) { return is_accepted(why); };
    tell.progress = [this](std::uint64_t done) { tell_progress(done_bytes_ + done); };
    return std::make_unique<wal_segment_reader>(
        std::move(*opened), std::min(s.bytes, wal_segment_bytes_max), slabs_, std::move(tell));
  }

  result<void> scan_readable(wal_segment_reader& segment, std::size_t i) {
    const wal_lane_segment& s = lane_.segments[i];
    const wal_lane_segment* after = lane_.successor(i);
    wal_scan_context context;
    context.header = s.header;
    context.next_sequence = next_;
    context.sequence_limit = lane_.sequence_limit(i);
    context.last_of_life = after == nullptr || after->header.incarnation != s.header.incarnation;
    SKALD_TRY_ASSIGN(const wal_scan scan, scan_wal_segment(segment, context, visitor_));
    add(scan);
    seen_any_ = true;
    if (scan.damaged()) quarantine(s, &segment);
    return {};
  }

  // Both header copies are gone. Which life the segment is of decides whether its records can be
  // checked: try all that are known here.
  result<void> scan_headless(wal_segment_reader& segment, std::size_t i) {
    const wal_lane_segment& s = lane_.segments[i];
    std::vector<std::uint64_t> lives;
    for (const wal_lane_segment& other : lane_.segments) {
      if (other.readable) lives.push_back(other.header.incarnation);
    }
    lives.erase(std::unique(lives.begin(), lives.end()), lives.end());
    wal_scan scan;
    for (const std::uint64_t life : lives) {
      wal_scan_context context;
      context.header = {wal_format_version, options_.lane, life, s.number, next_};
      context.next_sequence = next_;
      context.sequence_limit = lane_.sequence_limit(i);
      SKALD_TRY_ASSIGN(scan, scan_wal_segment(segment, context, visitor_));
      if (scan.records != 0) break;
    }
    if (scan.records == 0) {
      SKALD_TRY_ASSIGN(const std::uint64_t used, used_bytes(segment));
      out_.lost_bytes += used;
      quarantine(s, &segment);
      return {};
    }
    if (!seen_any_) scan.lost_records = 0;  // where the segment began is not known
    add(scan);
    seen_any_ = true;
    out_.lost_bytes += wal_block_bytes;
    quarantine(s, &segment);
    return {};
  }

  void add(const wal_scan& scan) {
    out_.records += scan.records;
    out_.bytes += scan.bytes;
    out_.lost_bytes += scan.lost_bytes;
    out_.lost_records += scan.lost_records;
    out_.torn_bytes += scan.torn_bytes;
    if (scan.next_sequence > next_) last_ = scan.next_sequence - 1;
    next_ = std::max(next_, scan.next_sequence);
  }

  // Calls `take(offset, bytes)` with all of a segment, piece by piece.
  template <class Take>
  static result<void> for_each_piece(wal_segment_reader& segment, Take take) {
    for (std::uint64_t offset = 0; offset < segment.size();) {
      const auto wanted = std::min(copied_bytes, segment.size() - offset);
      SKALD_TRY_ASSIGN(const std::string_view bytes, segment.at(offset, wanted));
      SKALD_TRY(take(offset, bytes.substr(0, wanted)));
      offset += wanted;
    }
    return {};
  }

  // Up to the last byte that is not zero.
  static result<std::uint64_t> used_bytes(wal_segment_reader& segment) {
    std::uint64_t used = 0;
    SKALD_TRY(for_each_piece(segment, [&](std::uint64_t offset, std::string_view bytes) {
      const auto last = bytes.find_last_not_of('\0');
      if (last != std::string_view::npos) used = offset + last + 1;
      return result<void>();
    }));
    return used;
  }

  // Keeps the damaged bytes for people. That this fails must not stop the start.
  void quarantine(const wal_lane_segment& s, wal_segment_reader* segment) {
    const std::string directory = lane_.directory + "/" + std::string(wal_quarantine_directory);
    const std::string path = directory + "/" + wal_segment_name(s.number);
    out_.quarantined_segments.push_back(s.number);
    if (const auto there = files_.exists(path); there.ok() && *there) return;
    if (!files_.create_directories(directory).ok()) return;
    const std::string temporary = path + ".tmp";
    auto copy = files_.open(temporary, open_mode::create_or_empty);
    if (!copy.ok()) return;
    const auto write = [&](std::uint64_t offset, std::string_view bytes) {
      return (*copy)->write_at(offset, bytes);
    };
    const bool written =
        (segment == nullptr || for_each_piece(*segment, write).ok()) && (*copy)->sync_data().ok();
    copy->reset();
    const bool kept =
        written && files_.rename(temporary, path).ok() && files_.sync_directory(directory).ok();
    if (!kept) static_cast<void>(files_.remove(temporary).ok());
  }

  file_system& files_;
  const wal_visitor& visitor_;
  const replay_options& options_;
  wal_lane lane_;
  wal_slabs slabs_;
  replay_summary out_;
  std::uint64_t next_ = 1;  // the next sequence to hand out
  std::uint64_t last_ = 0;
  std::uint64_t done_bytes_ = 0;
  std::uint64_t told_bytes_ = 0;
  std::uint64_t total_bytes_ = 0;
  bool seen_any_ = false;
};

}  // namespace

result<replay_summary> wal_replay(const std::string& directory, file_system& files,
                                  const wal_visitor& visitor, const replay_options& options) {
  return lane_replay(files, visitor, options).run(directory);
}

}  // namespace skald
