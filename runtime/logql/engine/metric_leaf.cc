// SPDX-License-Identifier: Apache-2.0
// Leaves of metric queries: rows, or just the counters of row runs, into series states.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "runtime/logql/engine/leaf_runs.h"
#include "runtime/logql/engine/run_overlap.h"
#include "runtime/logql/pipeline/pipeline_runner.h"

namespace skald::logql {
namespace {

constexpr std::size_t failures_looked_at = 100;
constexpr std::size_t blocks_per_budget_check = 16;

std::vector<std::string_view> names_of(const std::optional<grouping_expr>& grouping) {
  std::vector<std::string_view> names;
  if (grouping) names.assign(grouping->labels.begin(), grouping->labels.end());
  return names;
}

// Picks the labels that a series of the leaf keeps.
class series_labels {
 public:
  explicit series_labels(const std::optional<grouping_expr>& grouping)
      : names_(names_of(grouping)), all_(!grouping), without_(grouping && grouping->is_without) {}

  hash128 key(const row_labels& row) const {
    if (all_) return row.hash();
    return without_ ? row.hash_without(names_) : row.hash_only(names_);
  }
  label_set labels(const row_labels& row) const {
    if (all_) return row.to_label_set();
    return without_ ? row.without(names_) : row.only(names_);
  }
  label_set labels(const label_set& stream) const {
    if (all_) return stream;
    std::vector<label> kept;
    for (const label& l : stream) {
      const bool listed = std::find(names_.begin(), names_.end(), l.name) != names_.end();
      if (listed != without_) kept.push_back(l);
    }
    return label_set(std::move(kept));
  }
  // Structured metadata of its rows cannot show: every label kept is one of the stream's own.
  bool only_stream_labels(const label_set& stream) const {
    if (all_ || without_) return false;
    return std::all_of(names_.begin(), names_.end(),
                       [&](std::string_view name) { return stream.has(name); });
  }

 private:
  std::vector<std::string_view> names_;
  bool all_;
  bool without_;
};

// Columns of the current block that only some rows need, read at first use.
class lazy_columns {
 public:
  explicit lazy_columns(log_block& block) : block_(block) {}

  result<line_column> lines() {
    if (!lines_) {
      SKALD_TRY_ASSIGN(line_column column, block_.lines());
      lines_ = column;
    }
    return *lines_;
  }
  result<metadata_column> metadata() {
    if (!metadata_) {
      SKALD_TRY_ASSIGN(metadata_column column, block_.metadata());
      metadata_ = column;
    }
    return *metadata_;
  }

 private:
  log_block& block_;
  std::optional<line_column> lines_;
  std::optional<metadata_column> metadata_;
};

// Puts samples into the states of one kind. Rows arrive run by run, in time order within a run.
template <class State>
class sample_sink final : public row_sink {
 public:
  sample_sink(const plan_leaf& leaf, const query_limits& limits)
      : leaf_(leaf), limits_(limits), series_labels_(leaf.metric.grouping) {}

  const series_labels& labels() const { return series_labels_; }
  state_table<State>& table() { return table_; }
  std::optional<failed_sample> take_failure() { return std::move(failure_); }
  bool too_many_series() const { return too_many_series_; }
  // Nothing that follows can change the outcome.
  bool is_over() const { return failures_ >= failures_looked_at || too_many_series_; }
  std::uint64_t samples() const { return samples_; }
  std::uint64_t duplicates() const { return duplicates_; }

  // Rows of `run` follow. `shared` are the times at which another block may hold the same rows;
  // then both columns are those of the block.
  void enter_run(const row_run& run, std::span<const closed_span> shared, const line_column& lines,
                 const metadata_column& metadata) {
    run_ = &run;
    shared_ = shared;
    lines_ = lines;
    metadata_ = metadata;
    position_ = {};
    position_.last_ns = INT64_MIN;
    stream_series_ = none;
  }

  bool on_row(const pipeline_row& row) override {
    if (row.timestamp_ns > position_.last_ns || row.timestamp_ns < position_begin_ns_) {
      position_ = leaf_.metric.windows.locate(row.timestamp_ns);
      position_begin_ns_ = row.timestamp_ns;
    }
    if (position_.interval == window_set::no_interval) return true;
    if (is_repeated(row.row, row.timestamp_ns)) return true;
    const bool failed = row.labels.has_error() && leaf_.metric.op != range_op::absent_over_time;
    if (failed && !row.labels.preserves_error()) {
      note_failure(row.labels);
      return !is_over();
    }
    const std::uint32_t series = series_of(row.labels, failed);
    const double value =
        std::is_same_v<State, bytes_state> ? static_cast<double>(row.line.size()) : row.value;
    table_.cell(series, position_.interval)
        .add({row.timestamp_ns, run_->stream->fingerprint.low, value});
    ++samples_;
    return !is_over();
  }

  // Whether another block gave the same entry before.
  bool is_repeated(std::uint32_t row, std::int64_t timestamp_ns) {
    if (shared_.empty() || !in_spans(shared_, timestamp_ns)) return false;
    if (entries_.first_time(run_->stream->fingerprint, timestamp_ns, lines_.line(row),
                            metadata_.row(row))) {
      return false;
    }
    ++duplicates_;
    return true;
  }

  // The series of rows that have their stream's labels and no others.
  std::uint32_t series_of_stream(const stream_info& stream) {
    if (stream_series_ != none) return stream_series_;
    const auto [at, added] = by_stream_.emplace(stream.fingerprint, none);
    if (added) {
      label_set labels = series_labels_.labels(stream.labels);
      at->second = make_series(row_labels::hash_of(labels), [&] { return std::move(labels); });
    }
    return stream_series_ = at->second;
  }

 private:
  static constexpr std::uint32_t none = 0xffffffff;

  template <class MakeLabels>
  std::uint32_t make_series(const hash128& key, MakeLabels make_labels) {
    const std::uint32_t series =
        table_.series(key, leaf_.metric.windows.interval_count(), make_labels);
    if (leaf_.metric.series_limited && limits_.max_series > 0 && !limits_.partial_series &&
        table_.all().size() > limits_.max_series) {
      too_many_series_ = true;
    }
    return series;
  }

  // A row with an error (one that the query asks for) escapes grouping.
  std::uint32_t series_of(const row_labels& row, bool failed) {
    if (row.is_stream_only()) return series_of_stream(*run_->stream);
    const hash128 key = failed ? row.hash() : series_labels_.key(row);
    if (last_series_ != none && key == last_key_) return last_series_;
    last_key_ = key;
    last_series_ =
        make_series(key, [&] { return failed ? row.to_label_set() : series_labels_.labels(row); });
    return last_series_;
  }

  void note_failure(const row_labels& row) {
    ++failures_;
    std::string text = row.to_label_set().canonical();
    if (!failure_ || text < failure_->labels_text) {
      failure_ = failed_sample{std::string(row.get("__error__")), std::move(text)};
    }
  }

  const plan_leaf& leaf_;
  const query_limits& limits_;
  const series_labels series_labels_;
  state_table<State> table_;
  entry_memory entries_;

  const row_run* run_ = nullptr;
  std::span<const closed_span> shared_;
  line_column lines_;
  metadata_column metadata_;
  window_set::position position_;
  std::int64_t position_begin_ns_ = 0;
  std::uint32_t stream_series_ = none;
  std::unordered_map<hash128, std::uint32_t> by_stream_;
  hash128 last_key_;
  std::uint32_t last_series_ = none;

  std::optional<failed_sample> failure_;
  std::size_t failures_ = 0;
  bool too_many_series_ = false;
  std::uint64_t samples_ = 0;
  std::uint64_t duplicates_ = 0;
};

// First index in [from, to) whose timestamp is greater than `last_ns`; looks near `from` first.
std::size_t rows_up_to(std::span<const std::int64_t> timestamps, std::size_t from, std::size_t to,
                       std::int64_t last_ns) {
  std::size_t step = 1;
  std::size_t low = from;
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
        sink_(leaf, plan.limits()) {}

  result<leaf_result> run(const block_list& blocks, const cancellation& cancelled) {
    std::size_t done = 0;
    for (log_block* block : by_arrival(blocks)) {
      SKALD_TRY(cancelled.check());
      SKALD_TRY(run_block(*block));
      if (sink_.is_over()) break;
      if (++done % blocks_per_budget_check == 0) SKALD_TRY(check_budget());
    }
    SKALD_TRY(check_budget());
    leaf_result result;
    result.failure = sink_.take_failure();
    result.too_many_series = sink_.too_many_series();
    result.states = std::move(sink_.table());
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

  result<void> check_budget() const {
    const std::uint64_t budget = plan_.limits().max_leaf_bytes;
    if (budget == 0) return {};
    // Reading a table's size costs a look at each series, so the cheap part of it is tested first.
    const std::uint64_t bytes = sink_bytes();
    if (bytes <= budget) return {};
    return error{
        errc::resource_exhausted,
        "the query's partial results need too much memory (needed: " + std::to_string(bytes) +
            " bytes, limit: " + std::to_string(budget) + "); use fewer series or a shorter range"};
  }
  std::uint64_t sink_bytes() const {
    std::uint64_t bytes = const_cast<sample_sink<State>&>(sink_).table().memory_bytes();
    if (std::is_same_v<State, samples_state>) bytes += sink_.samples() * sizeof(timed_sample);
    return bytes;
  }

  result<void> run_block(log_block& block) {
    block_visit visit(block, stats_);
    if (!visit.may_match(leaf_)) return {};
    const pipeline_stats before = runner_.stats();
    const std::uint64_t duplicates = sink_.duplicates();
    lazy_columns columns(block);
    bool opened = false;
    for (const row_run& run : block.runs()) {
      if (!leaf_.range.overlaps(run.min_timestamp_ns, run.max_timestamp_ns)) continue;
      SKALD_TRY_ASSIGN(const bool counted, count_run(block, run, columns, visit.counters()));
      if (counted) continue;
      if (!opened) {
        SKALD_TRY(runner_.open_block(block, leaf_.range));
        opened = true;
      }
      SKALD_TRY(enter_run(run, columns));
      SKALD_TRY(runner_.run(run, sink_));
      if (sink_.is_over()) break;
    }
    if (opened) visit.count(before, runner_.stats());
    visit.counters().duplicates += sink_.duplicates() - duplicates;
    return {};
  }

  result<void> enter_run(const row_run& run, lazy_columns& columns) {
    const std::span<const closed_span> shared = overlaps_.of(run);
    line_column lines;
    metadata_column metadata;
    if (!shared.empty()) {
      SKALD_TRY_ASSIGN(lines, columns.lines());
      SKALD_TRY_ASSIGN(metadata, columns.metadata());
    }
    sink_.enter_run(run, shared, lines, metadata);
    return {};
  }

  // Answers a run from its counters, timestamps and line lengths alone. False when that cannot be.
  result<bool> count_run(log_block& block, const row_run& run, lazy_columns& columns,
                         source_stats& counters) {
    if constexpr (std::is_same_v<State, count_state> || std::is_same_v<State, bytes_state>) {
      if (!leaf_.counts_only) return false;
      if (!sink_.labels().only_stream_labels(run.stream->labels)) {
        SKALD_TRY_ASSIGN(const metadata_column metadata, columns.metadata());
        if (!metadata.empty()) return false;
      }
      SKALD_TRY(enter_run(run, columns));
      const window_set::position first = leaf_.metric.windows.locate(run.min_timestamp_ns);
      if (overlaps_.of(run).empty() && run.max_timestamp_ns <= first.last_ns) {
        if (first.interval != window_set::no_interval) {
          add_rows(run, first.interval, run.row_count, run.line_bytes, counters);
        }
        return true;
      }
      SKALD_TRY(count_rows(block, run, columns, counters));
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

  result<void> count_rows(log_block& block, const row_run& run, lazy_columns& columns,
                          source_stats& counters) {
    SKALD_TRY_ASSIGN(const std::span<const std::int64_t> timestamps, block.timestamps());
    line_column lines;
    if (std::is_same_v<State, bytes_state>) {
      SKALD_TRY_ASSIGN(lines, columns.lines());
    }
    const auto bytes_of = [&](std::size_t from, std::size_t to) -> std::uint64_t {
      if (lines.rows() > 0) return lines.starts[to] - lines.starts[from] - (to - from);
      return run.line_bytes * (to - from) / run.row_count;  // for statistics only
    };
    const bool shared = !overlaps_.of(run).empty();
    const std::size_t end = run.first_row + run.row_count;
    for (std::size_t row = run.first_row; row < end;) {
      const window_set::position at = leaf_.metric.windows.locate(timestamps[row]);
      const std::size_t next = rows_up_to(timestamps, row, end, at.last_ns);
      if (at.interval == window_set::no_interval) {
        row = next;
      } else if (!shared) {
        add_rows(run, at.interval, next - row, bytes_of(row, next), counters);
        row = next;
      } else {
        for (; row < next; ++row) {
          if (sink_.is_repeated(static_cast<std::uint32_t>(row), timestamps[row])) continue;
          add_rows(run, at.interval, 1, bytes_of(row, row + 1), counters);
        }
      }
    }
    return {};
  }

  const query_plan& plan_;
  const plan_leaf& leaf_;
  query_stats& stats_;
  run_overlaps overlaps_;
  pipeline_runner runner_;
  sample_sink<State> sink_;
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
