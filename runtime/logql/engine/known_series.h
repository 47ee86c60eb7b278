// SPDX-License-Identifier: Apache-2.0
// From the column codes of a row to the number of its series: each combination of codes is turned
// into labels once per block, and again where the stream's part of the labels is another one.
// Belongs to one sink.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "runtime/logql/pipeline/column_rows.h"
#include "runtime/model/labels.h"

namespace skald::logql {

class known_series {
 public:
  // `plan` gives the names of the labels; may be null when enter() is never called.
  explicit known_series(const column_plan* plan) : plan_(plan) {}

  // Rows of this run follow. `rows` must live until the last call of of().
  void enter(const known_rows& rows);

  // `make(label_set)` gives the number of the series with these labels.
  template <class Make>
  std::uint32_t of(std::uint32_t row, Make make) {
    if (!is_cached_) return make(labels_of(row));
    std::uint64_t key = 0;
    for (const auto& part : parts_) key += part.codes[row] * part.weight;
    if (!is_dense_) {
      const auto [at, added] = sparse_.emplace(key, 0);
      if (added) at->second = make(labels_of(row));
      return at->second;
    }
    slot& known = dense_[key];
    if (known.epoch != epoch_) known = {epoch_, make(labels_of(row))};
    return known.series;
  }

 private:
  struct slot {
    std::uint32_t epoch = 0;  // when it is not the current one the slot is empty
    std::uint32_t series = 0;
  };
  // A label that comes from a column.
  struct part {
    std::span<const std::uint32_t> codes;
    std::uint64_t weight = 1;
  };

  label_set labels_of(std::uint32_t row) const;

  const column_plan* plan_;
  const known_rows* rows_ = nullptr;
  std::vector<part> parts_;
  bool is_cached_ = true;  // combinations of codes fit into a key
  bool is_dense_ = true;
  std::vector<slot> dense_;  // by the sum of codes times weights
  std::unordered_map<std::uint64_t, std::uint32_t> sparse_;
  std::uint32_t epoch_ = 0;
  std::uint64_t block_number_ = 0;
  std::string stream_part_;  // of the labels, as a key
  std::string next_stream_part_;
};

}  // namespace skald::logql
