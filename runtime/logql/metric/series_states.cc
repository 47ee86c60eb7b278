// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/series_states.h"

#include "runtime/base/assert.h"

namespace skald::logql {

state_kind state_kind_of(range_op op) {
  switch (op) {
    case range_op::bytes_over_time:
    case range_op::bytes_rate:
      return state_kind::bytes;
    case range_op::sum_over_time:
    case range_op::avg_over_time:
      return state_kind::sum;
    case range_op::min_over_time:
      return state_kind::minimum;
    case range_op::max_over_time:
      return state_kind::maximum;
    case range_op::stdvar_over_time:
    case range_op::stddev_over_time:
      return state_kind::moments;
    case range_op::first_over_time:
      return state_kind::earliest;
    case range_op::last_over_time:
      return state_kind::latest;
    case range_op::quantile_over_time:
    case range_op::rate_counter:
      return state_kind::samples;
    case range_op::count_over_time:
    case range_op::rate:
    case range_op::absent_over_time:
      return state_kind::count;
  }
  return state_kind::count;
}

series_states make_series_states(state_kind kind) {
  switch (kind) {
    case state_kind::count:
      return state_table<count_state>();
    case state_kind::bytes:
      return state_table<bytes_state>();
    case state_kind::sum:
      return state_table<sum_state>();
    case state_kind::minimum:
      return state_table<minimum_state>();
    case state_kind::maximum:
      return state_table<maximum_state>();
    case state_kind::moments:
      return state_table<moments_state>();
    case state_kind::earliest:
      return state_table<earliest_state>();
    case state_kind::latest:
      return state_table<latest_state>();
    case state_kind::samples:
      return state_table<samples_state>();
  }
  return state_table<count_state>();
}

void merge(series_states& into, series_states&& from) {
  SKALD_ASSERT(into.index() == from.index());
  std::visit(
      [&](auto& table) {
        table.merge(std::get<std::remove_reference_t<decltype(table)>>(std::move(from)));
      },
      into);
}

std::size_t series_count(const series_states& states) {
  return std::visit([](const auto& table) { return table.all().size(); }, states);
}

std::uint64_t memory_bytes(const series_states& states) {
  return std::visit([](const auto& table) { return table.memory_bytes(); }, states);
}

}  // namespace skald::logql
