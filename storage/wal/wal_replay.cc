// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_replay.h"

#include <algorithm>
#include <limits>

#include "storage/wal/aligned_buffer.h"
#include "storage/wal/wal_reader.h"

namespace skald {
namespace {

constexpr std::uint64_t read_bytes_max = 1 << 20;

struct segment_file {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  bool readable = false;     // a good header of this lane
  bool unused_copy = false;  // a recycled file whose renaming was not durable: holds nothing
  wal_segment_header header;
};

class lane_replay {
 public:
  lane_replay(const std::string& directory, file_system& files, const wal_visitor& visitor,
              const replay_options& options)
      : directory_(directory), files_(files), visitor_(visitor), options_(options) {}

  result<replay_summary> run() {
    SKALD_TRY(find_segments());
    next_ = std::max<std::uint64_t>(options_.from_sequence, 1);
    last_ = next_ - 1;
    for (std::size_t i = 0; i < segments_.size(); ++i) {
      SKALD_TRY(replay_segment(i));
      done_bytes_ += segments_[i].bytes;
      if (options_.progress) options_.progress(done_bytes_, total_bytes_);
    }
    // A segment says at which record it begins even when it holds none.
    for (const segment_file& s : segments_) {
      if (s.readable) last_ = std::max(last_, s.header.first_sequence - 1);
    }
    out_.last_sequence = last_;
    return std::move(out_);
  }

 private:
  std::string path_of(std::uint64_t segment) const {
    return directory_ + "/" + wal_segment_name(segment);
  }

  result<void> find_segments() {
    SKALD_TRY_ASSIGN(const bool exists, files_.exists(directory_));
    if (!exists) return {};
    SKALD_TRY_ASSIGN(const auto entries, files_.list(directory_));
    for (const directory_entry& entry : entries) {
      const std::uint64_t number = wal_segment_of_name(entry.name);
      if (entry.kind == entry_kind::regular && number != 0) segments_.push_back({number});
    }
    std::sort(segments_.begin(), segments_.end(),
              [](const segment_file& a, const segment_file& b) { return a.number < b.number; });
    for (segment_file& s : segments_) SKALD_TRY(inspect(s));
    for (const segment_file& s : segments_) {
      total_bytes_ += s.bytes;
      out_.next_segment = std::max(out_.next_segment, s.number + 1);
      if (s.readable) out_.last_incarnation = std::max(out_.last_incarnation, s.header.incarnation);
    }
    return {};
  }

  // Whether a failure to read counts as damage.
  bool is_accepted(const error& why) const {
    return options_.unreadable_is_damage && why.code == errc::unavailable;
  }

  result<void> inspect(segment_file& s) {
    SKALD_TRY_ASSIGN(s.bytes, files_.file_size(path_of(s.number)));
    auto opened = files_.open(path_of(s.number), open_mode::read_only);
    if (!opened.ok()) return is_accepted(opened.error()) ? result<void>() : opened.error();
    char block[wal_block_bytes];
    const auto read = (*opened)->read_at(0, block, sizeof block);
    if (!read.ok()) return is_accepted(read.error()) ? result<void>() : read.error();
    if (decode_segment_header({block, *read}, s.header)) accept_header(s);
    return {};
  }

  void accept_header(segment_file& s) const {
    if (s.header.version != wal_format_version || s.header.lane != options_.lane) return;
    s.unused_copy = s.header.segment != s.number;
    s.readable = !s.unused_copy && s.header.first_sequence != 0;
  }

  // The nearest later segment with a good header, or null.
  const segment_file* successor(std::size_t i) const {
    for (++i; i < segments_.size(); ++i) {
      if (segments_[i].readable) return &segments_[i];
    }
    return nullptr;
  }

  result<void> replay_segment(std::size_t i) {
    const segment_file& s = segments_[i];
    const segment_file* after = successor(i);
    const std::uint64_t first = s.readable ? s.header.first_sequence : next_;
    out_.segments.push_back({s.number, first, s.bytes});
    if (s.unused_copy) return {};
    if (after != nullptr && after->header.first_sequence <= next_ && s.readable &&
        after->number == s.number + 1) {
      return {};  // nothing in it is wanted, or it was never acknowledged
    }
    if (s.readable && first > next_) skip_gap(first);
    SKALD_TRY_ASSIGN(const bool opened, read(s));
    if (!opened) {
      lose_segment(s);
      return {};
    }
    const bool adjacent = after != nullptr && &segments_[i + 1] == after;
    const std::uint64_t limit =
        adjacent ? after->header.first_sequence : std::numeric_limits<std::uint64_t>::max();
    return s.readable ? scan_readable(s, limit, after) : scan_headless(s, limit);
  }

  // Records up to `first` are in no segment. In front of the oldest segment that is normal: they
  // were released.
  void skip_gap(std::uint64_t first) {
    if (seen_any_) out_.lost_records += first - next_;
    next_ = first;
  }

  result<void> scan_readable(const segment_file& s, std::uint64_t limit,
                             const segment_file* after) {
    wal_scan_context context;
    context.header = s.header;
    context.next_sequence = next_;
    context.sequence_limit = limit;
    context.last_of_life = after == nullptr || after->header.incarnation != s.header.incarnation;
    SKALD_TRY_ASSIGN(const wal_scan scan, scan_wal_segment(contents(), context, visitor_));
    add(scan);
    seen_any_ = true;
    if (scan.damaged()) quarantine(s);
    return {};
  }

  // Both header copies are gone. Which life the segment is of decides whether its records can be
  // checked: try all that are known here.
  result<void> scan_headless(const segment_file& s, std::uint64_t limit) {
    std::vector<std::uint64_t> lives;
    for (const segment_file& other : segments_) {
      if (other.readable) lives.push_back(other.header.incarnation);
    }
    lives.erase(std::unique(lives.begin(), lives.end()), lives.end());
    wal_scan scan;
    for (const std::uint64_t life : lives) {
      wal_scan_context context;
      context.header = {wal_format_version, options_.lane, life, s.number, next_};
      context.next_sequence = next_;
      context.sequence_limit = limit;
      SKALD_TRY_ASSIGN(scan, scan_wal_segment(contents(), context, visitor_));
      if (scan.records != 0) break;
    }
    if (scan.records == 0) {
      lose_segment(s);
      return {};
    }
    if (!seen_any_) scan.lost_records = 0;  // where the segment began is not known
    add(scan);
    seen_any_ = true;
    out_.lost_bytes += wal_block_bytes;
    quarantine(s);
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

  void lose_segment(const segment_file& s) {
    const std::string_view bytes = contents();
    const std::size_t used = bytes.find_last_not_of('\0');
    out_.lost_bytes += buffer_.size() == 0              ? s.bytes
                       : used == std::string_view::npos ? 0
                                                        : used + 1;
    quarantine(s);
  }

  std::string_view contents() const { return {buffer_.data(), buffer_.size()}; }

  // Reads the whole file into buffer_. What cannot be read and is accepted so stays zero and counts
  // as damage; false: nothing could be read.
  result<bool> read(const segment_file& s) {
    buffer_.resize(0);
    auto opened = files_.open(path_of(s.number), open_mode::read_only);
    if (!opened.ok()) {
      if (is_accepted(opened.error())) return false;
      return opened.error();
    }
    const std::uint64_t bytes = std::min(s.bytes, wal_segment_bytes_max);
    buffer_.resize(bytes);
    for (std::uint64_t offset = 0; offset < bytes;) {
      const std::uint64_t wanted = std::min(read_bytes_max, bytes - offset);
      const auto got = (*opened)->read_at(offset, buffer_.data() + offset, wanted);
      if (!got.ok()) {
        if (!is_accepted(got.error())) return got.error();
        out_.lost_bytes += wanted;
      }
      const std::uint64_t good = got.ok() ? *got : 0;
      std::fill(buffer_.data() + offset + good, buffer_.data() + offset + wanted, '\0');
      offset += wanted;
      if (options_.progress) options_.progress(done_bytes_ + offset, total_bytes_);
    }
    return true;
  }

  // Keeps the damaged bytes for people. That this fails must not stop the start.
  void quarantine(const segment_file& s) {
    const std::string directory = directory_ + "/" + std::string(wal_quarantine_directory);
    const std::string path = directory + "/" + wal_segment_name(s.number);
    out_.quarantined_segments.push_back(s.number);
    if (const auto there = files_.exists(path); there.ok() && *there) return;
    if (!files_.create_directories(directory).ok()) return;
    const std::string temporary = path + ".tmp";
    auto copy = files_.open(temporary, open_mode::create_or_empty);
    if (!copy.ok()) return;
    const bool written = (*copy)->write_at(0, contents()).ok() && (*copy)->sync_data().ok();
    copy->reset();
    const bool kept =
        written && files_.rename(temporary, path).ok() && files_.sync_directory(directory).ok();
    if (!kept) static_cast<void>(files_.remove(temporary).ok());
  }

  const std::string& directory_;
  file_system& files_;
  const wal_visitor& visitor_;
  const replay_options& options_;
  replay_summary out_;
  std::vector<segment_file> segments_;
  aligned_buffer buffer_;
  std::uint64_t next_ = 1;  // the next sequence to hand out
  std::uint64_t last_ = 0;
  std::uint64_t done_bytes_ = 0;
  std::uint64_t total_bytes_ = 0;
  bool seen_any_ = false;
};

}  // namespace

result<replay_summary> wal_replay(const std::string& directory, file_system& files,
                                  const wal_visitor& visitor, const replay_options& options) {
  return lane_replay(directory, files, visitor, options).run();
}

}  // namespace skald
