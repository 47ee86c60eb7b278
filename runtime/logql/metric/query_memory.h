// SPDX-License-Identifier: Apache-2.0
// The memory that the evaluation of one query may take: entries with their labels, states of
// series, points. All its workers count into one query_memory, each for what it holds itself; a
// holder that finds the bound passed ends the query. All queries of a node may have a bound
// together. Estimates of bytes. Safe from many threads.
#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <utility>

#include "runtime/base/result.h"
#include "runtime/model/labels.h"

namespace skald::logql {

class query_memory {
 public:
  // Zero: no bound. `all` counts what all queries take; may be null.
  explicit query_memory(std::uint64_t bytes_max, std::shared_ptr<query_memory> all = nullptr)
      : bytes_max_(bytes_max),
        all_(std::move(all)),
        all_step_bits_(all_ == nullptr ? 0 : step_bits(all_->bytes_max_)) {}

  void take(std::uint64_t bytes) {
    const std::uint64_t before = used_.fetch_add(bytes, std::memory_order_relaxed);
    if (all_) tell_all(before, before + bytes);
  }
  void give_back(std::uint64_t bytes) {
    const std::uint64_t before = used_.fetch_sub(bytes, std::memory_order_relaxed);
    if (all_) tell_all(before, before - bytes);
  }
  std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

  bool is_exceeded() const { return is_over() || all_are_over(); }
  // The error of a query that is over its bound: resource_exhausted; overloaded when it is not, but
  // all together are.
  error exceeded_error() const;
  result<void> check() const {
    if (is_exceeded()) return exceeded_error();
    return {};
  }

 private:
  // Queries that take less than this part of what all may take do not end for the others.
  static constexpr std::uint64_t small_part = 64;

  // Below zero for a moment, while threads cross.
  bool is_over() const {
    const auto used_now = static_cast<std::int64_t>(used());
    return bytes_max_ > 0 && used_now > 0 && static_cast<std::uint64_t>(used_now) > bytes_max_;
  }
  bool all_are_over() const {
    return all_ != nullptr && all_->is_over() && used() > all_->bytes_max_ / small_part;
  }

  // Told in steps: the count of all is written by all threads of the node. Whoever moves used_
  // across the border of a step tells it, so the steps told are those of used_ once all have ended.
  void tell_all(std::uint64_t before, std::uint64_t after) {
    const std::uint64_t more = (after >> all_step_bits_) - (before >> all_step_bits_);
    // A step back may be told before the step forward that another thread made: see is_over().
    if (more != 0) all_->used_.fetch_add(more << all_step_bits_, std::memory_order_relaxed);
  }
  static int step_bits(std::uint64_t bytes_max) {
    return std::bit_width(std::clamp<std::uint64_t>(bytes_max / 4096, 4 << 10, 256 << 10)) - 1;
  }

  const std::uint64_t bytes_max_;
  const std::shared_ptr<query_memory> all_;
  const int all_step_bits_;
  std::atomic<std::uint64_t> used_{0};
};

// Owned by all who hold memory.
using query_memory_ptr = std::shared_ptr<query_memory>;

// What one holder has taken; its end gives it back. Move-only. The default one counts nowhere.
class memory_share {
 public:
  memory_share() = default;
  explicit memory_share(query_memory_ptr memory) : memory_(std::move(memory)) {}
  memory_share(memory_share&& other) noexcept
      : memory_(std::move(other.memory_)), taken_(std::exchange(other.taken_, 0)) {}
  memory_share& operator=(memory_share&& other) noexcept {
    if (this == &other) return *this;
    hold(0);
    memory_ = std::move(other.memory_);
    taken_ = std::exchange(other.taken_, 0);
    return *this;
  }
  ~memory_share() { hold(0); }

  // The holder now has `bytes`. Counted in steps, so that it may be told often.
  void hold(std::uint64_t bytes) {
    const std::uint64_t wanted = (bytes + step_bytes - 1) / step_bytes * step_bytes;
    if (wanted == taken_ || memory_ == nullptr) return;
    if (wanted > taken_) {
      memory_->take(wanted - taken_);
    } else {
      memory_->give_back(taken_ - wanted);
    }
    taken_ = wanted;
  }
  bool is_exceeded() const { return memory_ != nullptr && memory_->is_exceeded(); }
  result<void> check() const { return memory_ == nullptr ? result<void>() : memory_->check(); }

 private:
  static constexpr std::uint64_t step_bytes = 4096;
  query_memory_ptr memory_;
  std::uint64_t taken_ = 0;
};

// Of the labels and their text.
std::uint64_t memory_bytes(const label_set& labels);

}  // namespace skald::logql
