// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/known_series.h"

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

namespace skald::logql {
namespace {

constexpr std::uint64_t dense_max = 1u << 17;

}  // namespace

void known_series::enter(const known_rows& rows) {
  rows_ = &rows;
  parts_.clear();
  next_stream_part_.clear();
  std::uint64_t combinations = 1;
  is_cached_ = true;
  for (const known_rows::source& source : rows.labels) {
    if (source.codes.empty()) {
      next_stream_part_ += source.fixed ? '+' : '-';
      if (source.fixed) {
        const std::uint64_t size = source.fixed->size();
        next_stream_part_.append(reinterpret_cast<const char*>(&size), sizeof(size));
        next_stream_part_.append(*source.fixed);
      }
      continue;
    }
    next_stream_part_ += '*';
    parts_.push_back({source.codes, combinations});
    const std::uint64_t codes = source.values.size() + field_column::first_value;
    is_cached_ = is_cached_ && combinations <= std::numeric_limits<std::uint64_t>::max() / codes;
    if (is_cached_) combinations *= codes;
  }
  if (rows.block_number == block_number_ && next_stream_part_ == stream_part_) return;
  block_number_ = rows.block_number;
  stream_part_.swap(next_stream_part_);
  is_dense_ = combinations <= dense_max;
  sparse_.clear();
  if (is_dense_ && dense_.size() < combinations) dense_.resize(combinations);
  if (++epoch_ == 0) {
    std::fill(dense_.begin(), dense_.end(), slot());
    epoch_ = 1;
  }
}

label_set known_series::labels_of(std::uint32_t row) const {
  std::vector<label> labels;
  for (std::size_t i = 0; i < rows_->labels.size(); ++i) {
    const known_rows::source& source = rows_->labels[i];
    const std::string& name = plan_->labels[plan_->series_labels[i]];
    if (source.codes.empty()) {
      if (source.fixed) labels.push_back({name, std::string(*source.fixed)});
      continue;
    }
    const std::uint32_t code = source.codes[row];
    if (code == field_column::absent) continue;
    labels.push_back({name, std::string(source.values[code - field_column::first_value])});
  }
  return label_set(std::move(labels));
}

}  // namespace skald::logql
