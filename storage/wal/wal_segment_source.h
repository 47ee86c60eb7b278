// SPDX-License-Identifier: Apache-2.0
// Where a scan gets the bytes of one segment from: they need not all be in memory at once.
// Context: one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "runtime/base/result.h"

namespace skald {

class wal_segment_source {
 public:
  virtual ~wal_segment_source() = default;

  // Of the whole segment, header block included.
  virtual std::uint64_t size() const = 0;
  // The bytes from `offset` on: at least `wanted` (the segment must have as many), more where they
  // are at hand. Offsets that are multiples of 8 give addresses that are. Valid until the next
  // call, and as long as owner() is held. Errors: those of the file system.
  virtual result<std::string_view> at(std::uint64_t offset, std::uint64_t wanted) = 0;
  // Keeps the bytes of the last call; null when the caller owns them anyway.
  virtual std::shared_ptr<const void> owner() const = 0;
};

// A segment that is in memory, at an 8-byte aligned address, and outlives what is made of it.
class wal_segment_in_memory final : public wal_segment_source {
 public:
  explicit wal_segment_in_memory(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  result<std::string_view> at(std::uint64_t offset, std::uint64_t) override {
    return bytes_.substr(offset);
  }
  std::shared_ptr<const void> owner() const override { return nullptr; }

 private:
  const std::string_view bytes_;
};

}  // namespace skald
