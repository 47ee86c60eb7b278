// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_segment_reader.h"

#include <algorithm>
#include <cstring>

#include "storage/wal/wal_format.h"

namespace skald {
namespace {

// In one call: what a bad sector takes with it when reading errors count as damage.
constexpr std::uint64_t read_bytes_max = 1 << 20;

}  // namespace

wal_segment_reader::wal_segment_reader(std::unique_ptr<file> opened, std::uint64_t bytes,
                                       wal_slabs& slabs, callbacks tell)
    : file_(std::move(opened)), bytes_(bytes), slabs_(slabs), tell_(std::move(tell)) {}

result<std::string_view> wal_segment_reader::at(std::uint64_t offset, std::uint64_t wanted) {
  SKALD_ASSERT(offset <= bytes_ && wanted <= bytes_ - offset);
  if (!slab_ || offset < begin_ || offset + wanted > end_) {
    const std::uint64_t begin = offset / wal_block_bytes * wal_block_bytes;
    const std::uint64_t end =
        std::min(bytes_, std::max(offset + wanted, begin + wal_slabs::slab_bytes));
    auto slab = slabs_.take(end - begin);
    std::uint64_t filled = begin;
    if (slab_ && begin >= begin_ && begin < end_) {  // the beginning of a record was read before
      filled = end_;
      std::memcpy(slab.get(), slab_.get() + (begin - begin_), end_ - begin);
    }
    SKALD_TRY(fill(slab.get() + (filled - begin), filled, end));
    slab_ = std::move(slab);
    begin_ = begin;
    end_ = end;
  }
  return std::string_view(slab_.get() + (offset - begin_), end_ - offset);
}

result<void> wal_segment_reader::fill(char* out, std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t offset = begin; offset < end;) {
    const std::uint64_t wanted = std::min(read_bytes_max, end - offset);
    const auto got = file_->read_at(offset, out, wanted);
    if (!got.ok()) {
      if (!tell_.is_damage || !tell_.is_damage(got.error())) return got.error();
      const std::uint64_t counted = std::max(counted_until_, offset);
      if (offset + wanted > counted) unreadable_bytes_ += offset + wanted - counted;
      counted_until_ = std::max(counted_until_, offset + wanted);
    }
    const std::uint64_t good = got.ok() ? *got : 0;
    std::memset(out + good, 0, wanted - good);
    out += wanted;
    offset += wanted;
  }
  if (tell_.progress) tell_.progress(end);
  return {};
}

}  // namespace skald
