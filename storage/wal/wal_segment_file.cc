// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_segment_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "storage/wal/page_memory.h"

namespace skald {
namespace {

constexpr std::string_view spare_name = "spare.tmp";
// The system's own page of zeros where it has one of that size; one block of ours elsewhere. Large
// steps: what a write costs beside its bytes is more than the bytes.
std::string_view zero_bytes() {
  static const page_memory large = page_memory::map(page_memory::large_page_bytes, false);
  if (large.data() != nullptr) return {large.data(), large.size()};
  alignas(wal_block_bytes) static constinit char block[wal_block_bytes] = {};
  return {block, sizeof block};
}

// The number in "recycled-<n>", or 0.
std::uint64_t recycled_number(std::string_view name) {
  if (!name.starts_with(wal_recycled_prefix)) return 0;
  name.remove_prefix(wal_recycled_prefix.size());
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
  return parsed.ptr == name.data() + name.size() ? number : 0;
}

// Writes go past the page cache where the file system can do that: the log is read only after a
// crash, and first writes to fresh cache pages cost several times what the disk's own copy does.
// Every write to a segment is aligned to blocks, in memory too.
void write_directly(file& segment) {
  const int descriptor = segment.descriptor();
  if (descriptor < 0) return;
  const int flags = ::fcntl(descriptor, F_GETFL);
  if (flags < 0 || ::fcntl(descriptor, F_SETFL, flags | O_DIRECT) < 0) return;
  alignas(wal_block_bytes) char block[wal_block_bytes];
  // A file system may take the flag and refuse the calls.
  if (::pread(descriptor, block, sizeof block, 0) < 0) ::fcntl(descriptor, F_SETFL, flags);
}

}  // namespace

result<void> wal_fill_with_zeros(file& out, std::uint64_t from, std::uint64_t bytes) {
  const std::string_view zeros = zero_bytes();
  for (const std::uint64_t end = from + bytes; from < end;) {
    const std::uint64_t step = std::min<std::uint64_t>(zeros.size(), end - from);
    SKALD_TRY(out.write_at(from, zeros.substr(0, step)));
    from += step;
  }
  return {};
}

result<wal_segment_pool> wal_segment_pool::open(std::string directory, std::uint64_t segment_bytes,
                                                std::uint32_t files_max, bool direct_io,
                                                file_system& files) {
  wal_segment_pool pool(std::move(directory), segment_bytes, files_max, direct_io, files);
  SKALD_TRY_ASSIGN(const auto entries, files.list(pool.directory_));
  for (const directory_entry& entry : entries) {
    const std::string path = pool.directory_ + "/" + entry.name;
    const std::uint64_t number = recycled_number(entry.name);
    if (number == 0 && entry.name != spare_name) continue;
    pool.next_number_ = std::max(pool.next_number_, number + 1);
    const auto bytes = files.file_size(path);
    const bool usable = number != 0 && bytes.ok() && *bytes == segment_bytes;
    if (usable && pool.recycled_.size() < files_max) {
      pool.recycled_.push_back(path);
    } else {
      SKALD_TRY(files.remove(path));
    }
  }
  return pool;
}

result<wal_spare_file> wal_segment_pool::create() const {
  wal_spare_file out;
  out.path = directory_ + "/" + std::string(spare_name);
  SKALD_TRY_ASSIGN(out.opened, files_->open(out.path, open_mode::create_or_empty));
  SKALD_TRY(out.opened->resize(segment_bytes_));
  if (direct_io_) write_directly(*out.opened);
  return out;
}

result<wal_spare_file> wal_segment_pool::take() {
  while (!recycled_.empty()) {
    wal_spare_file out{recycled_.back(), nullptr, segment_bytes_};
    recycled_.pop_back();
    auto opened = files_->open(out.path, open_mode::read_write);
    if (!opened.ok()) continue;  // one spare less
    out.opened = std::move(*opened);
    if (direct_io_) write_directly(*out.opened);
    return out;
  }
  if (next_.opened) return std::exchange(next_, {});
  return create();
}

result<void> wal_segment_pool::give(const std::string& segment_path) {
  const auto bytes = files_->file_size(segment_path);
  if (bytes.ok() && *bytes == segment_bytes_ && recycled_.size() < files_max_) {
    const std::string path =
        directory_ + "/" + std::string(wal_recycled_prefix) + std::to_string(next_number_++);
    SKALD_TRY(files_->rename(segment_path, path));
    recycled_.push_back(path);
    return {};
  }
  auto removed = files_->remove(segment_path);
  if (!removed.ok() && removed.error().code == errc::not_found) return {};
  return removed;
}

result<std::uint64_t> wal_segment_pool::fill_ahead(std::uint64_t bytes_max) {
  if (!recycled_.empty()) return std::uint64_t{0};
  if (!next_.opened) {
    SKALD_TRY_ASSIGN(next_, create());
  }
  const std::uint64_t bytes = std::min(bytes_max, segment_bytes_ - next_.filled);
  if (bytes == 0) return std::uint64_t{0};
  SKALD_TRY(wal_fill_with_zeros(*next_.opened, next_.filled, bytes));
  next_.filled += bytes;
  if (next_.filled == segment_bytes_) SKALD_TRY(next_.opened->sync_data());
  return bytes;
}

}  // namespace skald
