// SPDX-License-Identifier: Apache-2.0
// A segment's file, read piece by piece, mostly from the front to the end.
#pragma once

#include <functional>
#include <memory>

#include "storage/file/file_system.h"
#include "storage/wal/wal_segment_source.h"
#include "storage/wal/wal_slabs.h"

namespace skald {

class wal_segment_reader final : public wal_segment_source {
 public:
  struct callbacks {
    // Whether a failure to read counts as damage: the bytes read as zeros. Null: no.
    std::function<bool(const error&)> is_damage;
    // All up to here was read.
    std::function<void(std::uint64_t)> progress;
  };

  // `bytes` is the file's size; where it has become shorter, it reads as zeros. `slabs` must
  // outlive the reader.
  wal_segment_reader(std::unique_ptr<file> opened, std::uint64_t bytes, wal_slabs& slabs,
                     callbacks tell);

  std::uint64_t size() const override { return bytes_; }
  result<std::string_view> at(std::uint64_t offset, std::uint64_t wanted) override;
  std::shared_ptr<const void> owner() const override { return slab_; }

  // How many bytes could not be read and were taken for damage, each counted once.
  std::uint64_t unreadable_bytes() const { return unreadable_bytes_; }

 private:
  result<void> fill(char* out, std::uint64_t begin, std::uint64_t end);

  const std::unique_ptr<file> file_;
  const std::uint64_t bytes_;
  wal_slabs& slabs_;
  const callbacks tell_;
  std::shared_ptr<char> slab_;  // holds [begin_, end_) of the file
  std::uint64_t begin_ = 0;
  std::uint64_t end_ = 0;
  std::uint64_t counted_until_ = 0;  // unreadable bytes in front of this are counted
  std::uint64_t unreadable_bytes_ = 0;
};

}  // namespace skald
