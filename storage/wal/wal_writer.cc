// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_writer.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <limits>

#include "runtime/base/crc32c.h"
#include "storage/wal/aligned_buffer.h"
#include "storage/wal/wal_segment_file.h"

namespace skald {
namespace {

// The group buffer keeps this much between syncs; more is given back.
constexpr std::size_t kept_buffer_bytes = 16 << 20;

result<void> validate(const wal_options& options) {
  if (options.segment_bytes < wal_segment_bytes_min ||
      options.segment_bytes > wal_segment_bytes_max ||
      options.segment_bytes % wal_block_bytes != 0) {
    return error{errc::invalid_argument,
                 "wal segment bytes must be a multiple of 4096 from 65536 to 1073741824, got " +
                     std::to_string(options.segment_bytes)};
  }
  if (!(options.disk_full_share > 0 && options.disk_full_share <= 1.0)) {
    return error{errc::invalid_argument, "wal disk full share must be above 0 and at most 1"};
  }
  return {};
}

struct pending_record {
  wal_record_header header;  // sequence and group index are set when it is written
  std::uint64_t stored_bytes = 0;
};

}  // namespace

class wal_writer::implementation {
 public:
  implementation(std::string directory, const wal_options& options, file_system& files,
                 const clock& time, wal_start start, wal_segment_pool pool)
      : directory_(std::move(directory)),
        options_(options),
        files_(files),
        time_(time),
        pool_(std::move(pool)),
        segments_(start.segments.begin(), start.segments.end()),
        next_segment_(start.next_segment),
        synced_(start.next_sequence - 1) {
    options_.incarnation = std::max(options_.incarnation, start.last_incarnation + 1);
  }

  result<std::uint64_t> append(wal_record_type type, std::uint32_t shard,
                               std::span<const std::string_view> parts);
  result<void> sync();
  void discard_pending();
  result<void> release_below(std::uint64_t sequence);
  result<bool> prepare(std::uint64_t bytes_max);
  bool disk_full();
  wal_stats stats() const;
  std::uint64_t pending_bytes() const { return buffer_.size(); }
  std::uint64_t synced_sequence() const { return synced_; }

 private:
  std::string path_of(std::uint64_t segment) const {
    return directory_ + "/" + wal_segment_name(segment);
  }
  std::uint64_t room_max() const { return options_.segment_bytes - wal_block_bytes; }
  result<void> write_pending();
  std::size_t records_that_fit(std::uint64_t room) const;
  result<void> write_group(std::size_t count);
  result<void> open_segment();
  result<void> make_segment(wal_spare_file& spare, const wal_segment_header& header);
  void abandon_segment();

  const std::string directory_;
  wal_options options_;
  file_system& files_;
  const clock& time_;
  wal_segment_pool pool_;
  std::deque<wal_segment_info> segments_;  // the last is the active one when active_ is set
  std::uint64_t next_segment_;

  std::unique_ptr<file> active_;
  std::uint32_t seed_ = 0;
  std::uint64_t write_offset_ = 0;
  std::uint64_t filled_ = 0;  // of the active segment: written at least once up to here

  aligned_buffer buffer_;
  std::deque<pending_record> pending_;
  std::uint64_t synced_;  // last durable sequence

  std::chrono::steady_clock::time_point disk_checked_{};
  bool disk_was_checked_ = false;
  bool disk_full_ = false;
  wal_stats counters_;
};

result<std::uint64_t> wal_writer::implementation::append(wal_record_type type, std::uint32_t shard,
                                                         std::span<const std::string_view> parts) {
  std::uint64_t body_bytes = 0;
  for (const std::string_view part : parts) body_bytes += part.size();
  const std::uint64_t stored = wal_stored_bytes(body_bytes);
  if (stored > room_max()) {
    return error{errc::invalid_argument, "wal record of " + std::to_string(body_bytes) +
                                             " bytes does not fit into a segment of " +
                                             std::to_string(options_.segment_bytes)};
  }
  if (type == wal_record_type::entries && disk_full()) {
    return error{errc::resource_exhausted, "wal_full: the disk of " + directory_ + " is too full"};
  }
  const std::size_t start = buffer_.size();
  buffer_.resize(start + stored);
  char* out = buffer_.data() + start + wal_record_header_bytes;
  pending_record record;
  for (const std::string_view part : parts) {
    if (part.empty()) continue;
    std::memcpy(out, part.data(), part.size());
    record.header.body_crc = crc32c(part, record.header.body_crc);
    out += part.size();
  }
  std::memset(out, 0, buffer_.data() + buffer_.size() - out);
  record.header.body_bytes = static_cast<std::uint32_t>(body_bytes);
  record.header.shard = shard;
  record.header.type = type;
  record.stored_bytes = stored;
  pending_.push_back(record);
  return synced_ + pending_.size();
}

result<void> wal_writer::implementation::sync() {
  if (pending_.empty()) return {};
  auto written = write_pending();
  if (written.ok()) {
    counters_.consecutive_failures = 0;
    if (buffer_.capacity() > kept_buffer_bytes) buffer_.release();
    return {};
  }
  ++counters_.failed_syncs;
  ++counters_.consecutive_failures;
  abandon_segment();
  if (written.error().code == errc::resource_exhausted) {
    disk_full_ = disk_was_checked_ = true;
    disk_checked_ = time_.now();
    return written;
  }
  return error{errc::unavailable, "wal sync failed: " + written.error().message};
}

result<void> wal_writer::implementation::write_pending() {
  while (!pending_.empty()) {
    if (!active_) SKALD_TRY(open_segment());
    const std::uint64_t room = options_.segment_bytes - write_offset_;
    std::size_t count = records_that_fit(room);
    // A group is one write: begin a new segment rather than split one that fits into it.
    const bool splits = count < pending_.size();
    const bool fits_whole = buffer_.size() <= room_max();
    if (count == 0 || (splits && fits_whole && write_offset_ > wal_block_bytes)) {
      active_.reset();
      continue;
    }
    SKALD_TRY(write_group(count));
  }
  return {};
}

std::size_t wal_writer::implementation::records_that_fit(std::uint64_t room) const {
  if (buffer_.size() <= room) return pending_.size();
  std::uint64_t used = 0;
  std::size_t count = 0;
  while (count < pending_.size() && used + pending_[count].stored_bytes <= room) {
    used += pending_[count++].stored_bytes;
  }
  return count;
}

result<void> wal_writer::implementation::write_group(std::size_t count) {
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    wal_record_header& header = pending_[i].header;
    header.sequence = synced_ + 1 + i;
    header.group_index = static_cast<std::uint32_t>(i);
    encode_record_header(header, seed_, buffer_.data() + bytes);
    bytes += pending_[i].stored_bytes;
  }
  const std::uint64_t padded = wal_round_to_block(bytes);
  if (bytes == buffer_.size()) {  // the usual case: one write for the padding, too
    buffer_.resize(padded);
    std::memset(buffer_.data() + bytes, 0, padded - bytes);
    const auto written = active_->write_at(write_offset_, {buffer_.data(), padded});
    buffer_.resize(bytes);
    SKALD_TRY(written);
  } else {
    const std::uint64_t whole = bytes / wal_block_bytes * wal_block_bytes;
    if (whole != 0) SKALD_TRY(active_->write_at(write_offset_, {buffer_.data(), whole}));
    if (whole != bytes) {
      alignas(wal_block_bytes) char last[wal_block_bytes] = {};
      std::memcpy(last, buffer_.data() + whole, bytes - whole);
      SKALD_TRY(active_->write_at(write_offset_ + whole, {last, sizeof last}));
    }
  }
  SKALD_TRY(active_->sync_data());
  write_offset_ += padded;
  filled_ = std::max(filled_, write_offset_);
  synced_ += count;
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  buffer_.erase_front(bytes);
  ++counters_.syncs;
  counters_.synced_bytes += padded;
  return {};
}

result<void> wal_writer::implementation::open_segment() {
  SKALD_TRY_ASSIGN(wal_spare_file spare, pool_.take());
  const wal_segment_header header{wal_format_version, options_.lane, options_.incarnation,
                                  next_segment_++, synced_ + 1};
  auto made = make_segment(spare, header);
  if (!made.ok()) {
    // Under either name it holds no records. That it cannot be removed does no harm.
    static_cast<void>(files_.remove(spare.path).ok());
    static_cast<void>(files_.remove(path_of(header.segment)).ok());
    return made;
  }
  active_ = std::move(spare.opened);
  seed_ = wal_record_seed(header);
  write_offset_ = wal_block_bytes;
  filled_ = std::max(spare.filled, write_offset_);
  segments_.push_back({header.segment, header.first_sequence, options_.segment_bytes});
  return {};
}

// The header is durable before the file gets the segment's name, so a named segment always has one.
result<void> wal_writer::implementation::make_segment(wal_spare_file& spare,
                                                      const wal_segment_header& header) {
  alignas(wal_block_bytes) char block[wal_block_bytes] = {};
  encode_segment_header(header, block);
  encode_segment_header(header, block + wal_header_copy_offset);
  SKALD_TRY(spare.opened->write_at(0, {block, sizeof block}));
  SKALD_TRY(spare.opened->sync_data());
  SKALD_TRY(files_.rename(spare.path, path_of(header.segment)));
  return files_.sync_directory(directory_);
}

// After a failed write or sync nothing is known of what reached the disk. The next segment's first
// sequence tells replay that whatever stands here beyond synced_ was never acknowledged.
void wal_writer::implementation::abandon_segment() {
  if (!active_) return;
  active_.reset();
  const bool holds_records = segments_.back().first_sequence <= synced_;
  if (!holds_records && files_.remove(path_of(segments_.back().segment)).ok()) segments_.pop_back();
}

void wal_writer::implementation::discard_pending() {
  pending_.clear();
  buffer_.resize(0);
}

result<void> wal_writer::implementation::release_below(std::uint64_t sequence) {
  // The last one stays: it tells the next life where sequences go on.
  while (segments_.size() > 1 && segments_[1].first_sequence <= sequence) {
    SKALD_TRY(pool_.give(path_of(segments_.front().segment)));
    segments_.pop_front();
  }
  return {};
}

result<bool> wal_writer::implementation::prepare(std::uint64_t bytes_max) {
  if (disk_full()) return false;  // the room is needed for records
  bytes_max = wal_round_to_block(bytes_max);
  if (!active_) SKALD_TRY(open_segment());
  const std::uint64_t target =
      std::min(options_.segment_bytes, write_offset_ + options_.zero_fill_ahead_bytes);
  if (filled_ < target) {
    const std::uint64_t bytes = std::min(bytes_max, target - filled_);
    SKALD_TRY(wal_fill_with_zeros(*active_, filled_, bytes));
    filled_ += bytes;
    return true;
  }
  // The next file is begun when half of this one is used: a node that hardly writes never needs it.
  if (write_offset_ < options_.segment_bytes / 2) return false;
  SKALD_TRY_ASSIGN(const std::uint64_t filled, pool_.fill_ahead(bytes_max));
  return filled != 0;
}

bool wal_writer::implementation::disk_full() {
  if (options_.disk_full_share >= 1.0 && !disk_full_) return false;
  const auto now = time_.now();
  if (disk_was_checked_ && now - disk_checked_ < options_.disk_check_interval) return disk_full_;
  disk_was_checked_ = true;
  disk_checked_ = now;
  disk_full_ = false;
  const auto space = files_.space(directory_);
  if (!space.ok() || options_.disk_full_share >= 1.0) return false;
  const auto available = static_cast<double>(space->available_bytes);
  const double all = static_cast<double>(space->used_bytes) + available;
  disk_full_ = available < (1.0 - options_.disk_full_share) * all;
  return disk_full_;
}

wal_stats wal_writer::implementation::stats() const {
  wal_stats out = counters_;
  out.segments = segments_.size();
  out.recycled = pool_.file_count();
  for (const wal_segment_info& s : segments_) out.disk_bytes += s.file_bytes;
  out.disk_bytes += pool_.disk_bytes();
  out.oldest_sequence = segments_.empty() ? synced_ + 1 : segments_.front().first_sequence;
  out.synced_sequence = synced_;
  return out;
}

wal_start wal_start_after(const replay_summary& replayed, std::uint64_t checkpoint_sequence) {
  wal_start start;
  start.next_sequence =
      std::max({replayed.last_sequence + 1, checkpoint_sequence, std::uint64_t{1}});
  start.next_segment = replayed.next_segment;
  start.last_incarnation = replayed.last_incarnation;
  start.segments = replayed.segments;
  return start;
}

wal_writer::wal_writer(std::unique_ptr<implementation> state) : state_(std::move(state)) {}
wal_writer::~wal_writer() = default;

result<std::unique_ptr<wal_writer>> wal_writer::open(std::string directory, wal_options options,
                                                     file_system& files, const clock& time,
                                                     wal_start start) {
  SKALD_TRY(validate(options));
  if (start.next_sequence == 0 || start.next_segment == 0) {
    return error{errc::invalid_argument, "wal sequences and segments are counted from 1"};
  }
  SKALD_TRY(files.create_directories(directory));
  SKALD_TRY_ASSIGN(auto pool,
                   wal_segment_pool::open(directory, options.segment_bytes,
                                          options.recycled_segments_max, options.direct_io, files));
  auto state = std::make_unique<implementation>(std::move(directory), options, files, time,
                                                std::move(start), std::move(pool));
  return std::unique_ptr<wal_writer>(new wal_writer(std::move(state)));
}

result<std::uint64_t> wal_writer::append(wal_record_type type, std::uint32_t shard,
                                         std::span<const std::string_view> parts) {
  return state_->append(type, shard, parts);
}
std::uint64_t wal_writer::pending_bytes() const {
  return state_->pending_bytes();
}
result<void> wal_writer::sync() {
  return state_->sync();
}
std::uint64_t wal_writer::synced_sequence() const {
  return state_->synced_sequence();
}
void wal_writer::discard_pending() {
  state_->discard_pending();
}
result<void> wal_writer::release_below(std::uint64_t sequence) {
  return state_->release_below(sequence);
}
result<bool> wal_writer::prepare(std::uint64_t bytes_max) {
  return state_->prepare(bytes_max);
}
bool wal_writer::disk_full() {
  return state_->disk_full();
}
wal_stats wal_writer::stats() const {
  return state_->stats();
}

}  // namespace skald
