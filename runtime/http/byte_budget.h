// SPDX-License-Identifier: Apache-2.0
// A counter of bytes in flight with an upper bound, shared by the HTTP server (bodies on their way
// in) and the body decoders (inflated bytes). All members are safe from any thread. Units: bytes.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace skald {

class byte_budget;

// Bytes taken from a budget; given back by destruction. Move-only. The default holds nothing.
class byte_lease {
 public:
  byte_lease() = default;
  byte_lease(byte_lease&& other) noexcept
      : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}
  byte_lease& operator=(byte_lease&& other) noexcept {
    if (this != &other) {
      release();
      budget_ = std::move(other.budget_);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }
  ~byte_lease() { release(); }

  std::uint64_t bytes() const { return bytes_; }
  // Takes `more` bytes in addition. False: the budget has not so many left, and nothing changed.
  bool grow(std::uint64_t more);
  void release();

 private:
  friend class byte_budget;
  byte_lease(std::shared_ptr<byte_budget> budget, std::uint64_t bytes)
      : budget_(std::move(budget)), bytes_(bytes) {}
  std::shared_ptr<byte_budget> budget_;
  std::uint64_t bytes_ = 0;
};

// Owned by shared_ptr, since leases keep it alive.
class byte_budget : public std::enable_shared_from_this<byte_budget> {
 public:
  explicit byte_budget(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // False: not so many bytes are left, and `lease` is unchanged. On success the lease's former
  // bytes are given back.
  bool reserve(std::uint64_t bytes, byte_lease& lease);
  std::uint64_t bytes_max() const { return bytes_max_; }
  std::uint64_t bytes_used() const { return used_.load(std::memory_order_relaxed); }

 private:
  friend class byte_lease;
  bool take(std::uint64_t bytes);
  const std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> used_{0};
};

}  // namespace skald
