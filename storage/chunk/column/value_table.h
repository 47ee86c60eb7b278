// SPDX-License-Identifier: Apache-2.0
// Finds the distinct values of a column: an open-addressing table that keeps its memory.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace skald {

struct distinct_value {
  // The first and the last eight bytes, or all that there are: two values of one length up to 16
  // are equal if these are.
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  const char* data = nullptr;
  std::uint32_t bytes = 0;
  std::uint32_t count = 0;  // of rows

  std::string_view view() const { return {data, bytes}; }
};

// One thread at a time. Values are referred to, not copied.
class value_table {
 public:
  // Numbers the distinct values in order of first appearance. Gives up, with false, when more than
  // half are distinct, as soon as that is likely, and when hashes collide on purpose.
  bool build(std::span<const std::string_view> values);

  std::span<const distinct_value> distinct() const { return distinct_; }
  // The number of each row's value.
  std::span<const std::uint32_t> codes() const { return codes_; }

  // Of all values together.
  std::uint64_t bytes() const;
  // Bits that the codes take at least if each is as long as its frequency allows; nearly.
  std::uint64_t entropy_bits() const;
  // Orders values by falling frequency, equally frequent ones by appearance: ranks()[number] is a
  // value's place, by_rank() the views in that order.
  void rank();
  std::span<const std::uint32_t> ranks() const { return ranks_; }
  std::span<const std::string_view> by_rank() const { return by_rank_; }

 private:
  bool add(std::string_view value, std::size_t row);

  std::vector<std::uint64_t> slots_;  // upper half of the hash, then number of the value plus 1
  std::vector<distinct_value> distinct_;
  std::vector<std::uint32_t> codes_;
  std::vector<std::uint32_t> ranks_;
  std::vector<std::uint32_t> counts_;
  std::vector<std::string_view> by_rank_;
};

}  // namespace skald
