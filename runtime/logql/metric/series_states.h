// SPDX-License-Identifier: Apache-2.0
// The mergeable partial result of a range aggregation: per series, one state per elementary
// interval that has rows. Values; used by one thread at a time.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/base/hash.h"
#include "runtime/logql/metric/interval_cells.h"
#include "runtime/logql/metric/interval_state.h"
#include "runtime/logql/metric/leaf_aggregation.h"
#include "runtime/logql/metric/query_memory.h"
#include "runtime/model/labels.h"

namespace skald::logql {

template <class State>
struct state_series {
  hash128 key;  // identity of the labels, the same on every worker
  label_set labels;
  interval_cells<State> cells;
};

// Series of one kind of state by identity.
template <class State>
class state_table {
 public:
  using state_type = State;

  // The number of the series with this key. When it is new it gets the labels that `make_labels`
  // returns.
  template <class MakeLabels>
  std::uint32_t series(const hash128& key, std::uint32_t interval_count, MakeLabels make_labels) {
    const auto [at, added] = by_key_.emplace(key, static_cast<std::uint32_t>(series_.size()));
    if (added) {
      series_.push_back({key, make_labels(), interval_cells<State>(interval_count)});
      bytes_ += bytes_of(series_.back());
    }
    return at->second;
  }
  State& cell(std::uint32_t series, std::uint32_t interval) {
    return series_[series].cells.at(interval, bytes_);
  }
  // States themselves have taken so many more bytes.
  void count_bytes(std::uint64_t bytes) { states_bytes_ += bytes; }
  const std::vector<state_series<State>>& all() const { return series_; }
  void merge(state_table&& from);
  // An estimate, kept up to date: costs nothing.
  std::uint64_t memory_bytes() const { return bytes_ + states_bytes_; }

 private:
  static std::uint64_t bytes_of(const state_series<State>& series) {
    constexpr std::uint64_t index_bytes = 48;
    return sizeof(series) + index_bytes + skald::logql::memory_bytes(series.labels) +
           series.cells.memory_bytes();
  }
  std::vector<state_series<State>> series_;
  std::unordered_map<hash128, std::uint32_t> by_key_;
  std::uint64_t bytes_ = 0;         // of series and their cells
  std::uint64_t states_bytes_ = 0;  // of what the states own
};

// The table for the kind of state that an aggregation needs.
using series_states =
    std::variant<state_table<count_state>, state_table<bytes_state>, state_table<sum_state>,
                 state_table<minimum_state>, state_table<maximum_state>, state_table<moments_state>,
                 state_table<earliest_state>, state_table<latest_state>,
                 state_table<samples_state>>;

series_states make_series_states(state_kind kind);
// Both of one kind.
void merge(series_states& into, series_states&& from);
std::size_t series_count(const series_states& states);
std::uint64_t memory_bytes(const series_states& states);

template <class State>
void state_table<State>::merge(state_table&& from) {
  if (series_.empty()) {
    *this = std::move(from);
    return;
  }
  for (state_series<State>& other : from.series_) {
    const auto [at, added] = by_key_.emplace(other.key, static_cast<std::uint32_t>(series_.size()));
    if (added) {
      series_.push_back(std::move(other));
      bytes_ += bytes_of(series_.back());
    } else {
      series_[at->second].cells.merge(std::move(other.cells), bytes_);
    }
  }
  states_bytes_ += from.states_bytes_;
  from = {};
}

}  // namespace skald::logql
