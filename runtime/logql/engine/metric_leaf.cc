// SPDX-License-Identifier: Apache-2.0
// Leaves of metric queries: rows, or just the counters of row runs, into series states.
#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/logql/engine/leaf_runs.h"
#include "runtime/logql/engine/run_overlap.h"
#include "runtime/logql/engine/sample_sink.h"
#include "runtime/logql/pipeline/pipeline_runner.h"

namespace skald::logql {
namespace {

// First index in [from, to) whose timestamp is greater than `last_ns`. Mostly it is near `from`.
std::size_t rows_up_to(std::span<const std::int64_t> timestamps, std::size_t from, std::size_t to,
                       std::int64_t last_ns) {
  // Counted without a branch for each row: where a window ends among the rows cannot be predicted.
  constexpr std::size_t group = 8;
  if (from + group > to) {
    while (from < to && timestamps[from] <= last_ns) ++from;
    return from;
  }
  std::size_t passed = 0;
  for (std::size_t i = 0; i < group; ++i) passed += timestamps[from + i] <= last_ns ? 1 : 0;
  if (passed < group) return from + passed;
  std::size_t step = group;
  std::size_t low = from + group - 1;
  while (low + step < to && timestamps[low + step] <= last_ns) {
    low += step;
    step *= 2;
  }
  const auto begin = timestamps.begin();
  const std::size_t high = std::min(low + step + 1, to);
  return std::upper_bound(begin + low, begin + high, last_ns) - begin;
}

template <class State>
class metric_leaf_worker {
 public:
  metric_leaf_worker(const query_plan& plan, const plan_leaf& leaf, const block_list& blocks,
                     query_stats& stats)
      : plan_(plan),
        leaf_(leaf),
        stats_(stats),
        overlaps_(blocks),
        runner_(leaf.pipeline),
        sink_(plan, leaf),
        by_minutes_(leaf.metric.windows.is_aligned_to(nanoseconds_per_minute)) {}

  result<leaf_result> run(const block_list& blocks, const cancellation& cancelled) {
    runner_.stop_with(cancelled);
    for (log_block* block : by_arrival(blocks)) {
      SKALD_TRY(cancelled.check());
      SKALD_TRY(run_block(*block));
      SKALD_TRY(check_memory());
      if (sink_.is_over()) break;
    }
    leaf_result result;
    result.failure = sink_.take_failure();
    result.too_many_series = sink_.too_many_series();
    result.states = std::move(sink_.table());
    result.memory = sink_.take_share();
    result.memory.hold(memory_bytes(result));
    return result;
  }

 private:
  // Rows with equal timestamps count in their order of arrival.
  std::vector<log_block*> by_arrival(const block_list& blocks) const {
    std::vector<log_block*> order;
    for (const auto& block : blocks) {
      if (touches(leaf_, *block)) order.push_back(block.get());
    }
    std::stable_sort(order.begin(), order.end(), [](log_block* a, log_block* b) {
      return a->arrival_order() < b->arrival_order();
    });
    return order;
  }

  result<void> check_memory() {
    if (sink_.is_exhausted() || !sink_.has_memory()) return plan_.memory()->exceeded_error();
    return {};
  }

  result<void> run_block(log_block& block) {
    block_visit visit(block, stats_);
    if (!visit.may_match(leaf_)) return {};
    const pipeline_stats before = runner_.stats();
    const std::uint64_t duplicates = sink_.duplicates();
    runner_.begin_block(block);
    std::vector<const row_run*> rest;
    for (const row_run& run : block.runs()) {
      if (!leaf_.range.overlaps(run.min_timestamp_ns, run.max_timestamp_ns)) continue;
      SKALD_TRY_ASSIGN(const bool counted, count_run(run, visit.counters()));
      SKALD_TRY(check_memory());
      if (!counted) rest.push_back(&run);
    }
    if (!rest.empty()) SKALD_TRY(run_rows(rest));
    visit.count(before, runner_.stats());
    visit.counters().duplicates += sink_.duplicates() - duplicates;
    return {};
  }

  result<void> run_rows(const std::vector<const row_run*>& runs) {
    std::vector<std::uint32_t> shared;
    for (const row_run* run : runs) SKALD_TRY(append_shared_rows(*run, shared));
    std::sort(shared.begin(), shared.end());
    SKALD_TRY(runner_.select({leaf_.range, runs, shared}));
    for (const row_run* run : runs) {
      SKALD_TRY(enter_run(*run));
      SKALD_TRY(runner_.run(*run, sink_));
      if (sink_.is_over()) break;
    }
    return {};
  }

  // Rows in the range that another block may hold, too.
  result<void> append_shared_rows(const row_run& run, std::vector<std::uint32_t>& rows) {
    const std::span<const closed_span> shared = overlaps_.of(run);
    if (shared.empty()) return {};
    SKALD_TRY_ASSIGN(const std::span<const std::int64_t> timestamps, runner_.reader().timestamps());
    for (std::uint32_t row = run.first_row; row < run.first_row + run.row_count; ++row) {
      if (leaf_.range.contains(timestamps[row]) && in_spans(shared, timestamps[row])) {
        rows.push_back(row);
      }
    }
    return {};
  }

  result<void> enter_run(const row_run& run) {
    const std::span<const closed_span> shared = overlaps_.of(run);
    metadata_column metadata;
    if (!shared.empty()) {
      SKALD_TRY_ASSIGN(metadata, runner_.reader().metadata());
    }
    sink_.enter_run(run, shared, metadata);
    return {};
  }

  // Answers a run from its counters, timestamps and line lengths alone. False when that cannot be.
  result<bool> count_run(const row_run& run, source_stats& counters) {
    if constexpr (std::is_same_v<State, count_state> || std::is_same_v<State, bytes_state>) {
      if (!leaf_.counts_only) return false;
      if (!sink_.only_stream_labels(*run.stream)) {
        SKALD_TRY_ASSIGN(const metadata_column metadata, runner_.reader().metadata());
        if (!metadata.empty()) return false;
      }
      SKALD_TRY(enter_run(run));
      if (!overlaps_.of(run).empty()) {
        SKALD_TRY(count_shared_rows(run, counters));
        return true;
      }
      const window_set::position first = leaf_.metric.windows.locate(run.min_timestamp_ns);
      if (run.max_timestamp_ns > first.last_ns) {
        if (!count_minutes(run, counters)) SKALD_TRY(count_rows(run, counters));
      } else if (first.interval != window_set::no_interval) {
        add_rows(run, first.interval, run.row_count, run.line_bytes, counters);
      }
      return true;
    } else {
      return false;
    }
  }

  void add_rows(const row_run& run, std::uint32_t interval, std::uint64_t rows, std::uint64_t bytes,
                source_stats& counters) {
    if (rows == 0) return;
    const std::uint32_t series = sink_.series_of_stream(*run.stream);
    sink_.table().cell(series, interval).add_rows(rows, bytes);
    counters.lines += rows;
    counters.lines_after_filter += rows;
    counters.line_bytes += bytes;
  }

  // Where the run's lines begin, when their bytes are asked for.
  result<std::span<const std::uint32_t>> starts() {
    if (!std::is_same_v<State, bytes_state>) return std::span<const std::uint32_t>();
    return runner_.reader().line_starts();
  }
  static std::uint64_t bytes_of(const row_run& run, std::span<const std::uint32_t> starts,
                                std::size_t from, std::size_t to) {
    if (!starts.empty()) return starts[to] - starts[from] - (to - from);
    return run.line_bytes * (to - from) / run.row_count;  // for statistics only
  }

  // Of a run that no other block overlaps, where windows begin and end with minutes. False when the
  // block does not know the minutes.
  bool count_minutes(const row_run& run, source_stats& counters) {
    if (!by_minutes_ || !std::is_same_v<State, count_state>) return false;
    const minute_counts minutes = runner_.reader().block().minutes_of(run);
    if (minutes.marks.empty()) return false;
    const window_set& windows = leaf_.metric.windows;
    std::optional<std::uint32_t> series;  // one without rows must not be made
    window_set::position at = windows.locate(minutes.first_end_ns);
    std::uint64_t rows = 0;
    std::uint32_t before = 0;
    for (const minute_mark& mark : minutes.marks) {
      const std::int64_t end_ns = minutes.end_ns(mark);
      if (end_ns > at.last_ns) at = windows.next(at);
      if (end_ns > at.last_ns) at = windows.locate(end_ns);
      const std::uint32_t more = mark.rows_until - std::exchange(before, mark.rows_until);
      if (at.interval == window_set::no_interval) continue;
      if (!series) series = sink_.series_of_stream(*run.stream);
      sink_.table().cell(*series, at.interval).add_rows(more, 0);
      rows += more;
    }
    counters.lines += rows;
    counters.lines_after_filter += rows;
    counters.line_bytes += run.line_bytes * rows / run.row_count;
    return true;
  }

  // Of a run that no other block overlaps.
  result<void> count_rows(const row_run& run, source_stats& counters) {
    SKALD_TRY_ASSIGN(const std::span<const std::int64_t> timestamps, runner_.reader().timestamps());
    SKALD_TRY_ASSIGN(const std::span<const std::uint32_t> line_starts, starts());
    const window_set& windows = leaf_.metric.windows;
    std::optional<std::uint32_t> series;  // one without rows must not be made
    const std::size_t end = run.first_row + run.row_count;
    std::size_t row = run.first_row;
    window_set::position at = windows.locate(timestamps[row]);
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    while (true) {
      const std::size_t next = rows_up_to(timestamps, row, end, at.last_ns);
      if (at.interval != window_set::no_interval) {
        if (!series) series = sink_.series_of_stream(*run.stream);
        const std::uint64_t line_bytes =
            line_starts.empty() ? 0 : bytes_of(run, line_starts, row, next);
        sink_.table().cell(*series, at.interval).add_rows(next - row, line_bytes);
        rows += next - row;
        bytes += line_bytes;
      }
      row = next;
      if (row == end) break;
      at = windows.next(at);
      if (timestamps[row] > at.last_ns) at = windows.locate(timestamps[row]);
    }
    counters.lines += rows;
    counters.lines_after_filter += rows;
    counters.line_bytes += line_starts.empty() ? run.line_bytes * rows / run.row_count : bytes;
    return {};
  }

  // The same for a run of which another block may hold rows, too.
  result<void> count_shared_rows(const row_run& run, source_stats& counters) {
    SKALD_TRY_ASSIGN(const std::span<const std::int64_t> timestamps, runner_.reader().timestamps());
    std::vector<std::uint32_t> shared;
    SKALD_TRY(append_shared_rows(run, shared));
    SKALD_TRY(runner_.reader().need_lines(shared));
    SKALD_TRY_ASSIGN(const std::span<const std::uint32_t> line_starts, starts());
    const std::size_t end = run.first_row + run.row_count;
    for (std::size_t row = run.first_row; row < end;) {
      const window_set::position at = leaf_.metric.windows.locate(timestamps[row]);
      const std::size_t next = rows_up_to(timestamps, row, end, at.last_ns);
      if (at.interval == window_set::no_interval) {
        row = next;
      } else if (shared.empty()) {
        add_rows(run, at.interval, next - row, bytes_of(run, line_starts, row, next), counters);
        row = next;
      } else {
        for (; row < next; ++row) {
          if (is_repeated(static_cast<std::uint32_t>(row), timestamps[row], shared)) continue;
          add_rows(run, at.interval, 1, bytes_of(run, line_starts, row, row + 1), counters);
        }
      }
    }
    return {};
  }

  // `shared` are the rows whose lines were read.
  bool is_repeated(std::uint32_t row, std::int64_t timestamp_ns,
                   const std::vector<std::uint32_t>& shared) {
    if (!std::binary_search(shared.begin(), shared.end(), row)) return false;
    return sink_.is_repeated(row, timestamp_ns, runner_.reader().line(row));
  }

  const query_plan& plan_;
  const plan_leaf& leaf_;
  query_stats& stats_;
  run_overlaps overlaps_;
  pipeline_runner runner_;
  sample_sink<State> sink_;
  const bool by_minutes_;  // all windows begin and end with minutes
};

}  // namespace

result<leaf_result> run_metric_leaf(const query_plan& plan, const plan_leaf& leaf,
                                    block_list& blocks, const cancellation& cancelled,
                                    query_stats& stats) {
  const series_states kind = make_series_states(leaf.metric.kind);
  return std::visit(
      [&](const auto& table) {
        using state = typename std::remove_cvref_t<decltype(table)>::state_type;
        return metric_leaf_worker<state>(plan, leaf, blocks, stats).run(blocks, cancelled);
      },
      kind);
}

}  // namespace skald::logql
