// SPDX-License-Identifier: Apache-2.0
// Where the rows of a metric leaf end: samples go into the states of their series, rows that
// another block gave before are left out, rows with errors are noted. Implementation part of
// run_leaf; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/logql/engine/known_series.h"
#include "runtime/logql/engine/leaf_result.h"
#include "runtime/logql/engine/run_overlap.h"
#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/pipeline_runner.h"
#include "runtime/logql/plan/query_plan.h"

namespace skald::logql {

constexpr std::size_t failures_looked_at = 100;

// Picks the labels that a series of the leaf keeps.
class series_labels {
 public:
  explicit series_labels(const std::optional<grouping_expr>& grouping)
      : all_(!grouping), without_(grouping && grouping->is_without) {
    if (!grouping) return;
    names_.assign(grouping->labels.begin(), grouping->labels.end());
    std::sort(names_.begin(), names_.end());
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
  }

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
      if (keeps(l)) kept.push_back(l);
    }
    return label_set(std::move(kept));
  }
  // That of these labels.
  hash128 key(const label_set& stream) const {
    hash128 sum;
    for (const label& l : stream) {
      if (!keeps(l)) continue;
      const hash128 part = label_builder::label_hash(l.name, l.value);
      sum.low += part.low;
      sum.high += part.high;
    }
    return sum;
  }
  // Structured metadata of its rows cannot show: every label kept is one of the stream's own.
  bool only_stream_labels(const label_set& stream) const {
    if (all_ || without_) return false;
    return std::all_of(names_.begin(), names_.end(),
                       [&](std::string_view name) { return stream.has(name); });
  }

 private:
  bool keeps(const label& l) const {
    if (all_) return true;
    // Mostly there is one, which std::find() does not make use of.
    for (const std::string_view name : names_) {
      if (name == l.name) return !without_;
    }
    return without_;
  }

  std::vector<std::string_view> names_;
  bool all_;
  bool without_;
};

// Puts samples into the states of one kind. Rows arrive run by run, in time order within a run.
template <class State>
class sample_sink final : public row_sink {
 public:
  sample_sink(const query_plan& plan, const plan_leaf& leaf)
      : leaf_(leaf),
        limits_(plan.limits()),
        share_(plan.memory()),
        series_labels_(leaf.metric.grouping),
        known_series_(leaf.pipeline->columns()) {}

  state_table<State>& table() { return table_; }
  std::optional<failed_sample> take_failure() { return std::move(failure_); }
  bool too_many_series() const { return too_many_series_; }
  // Counts what rows have taken so far. False when the query has used up its memory.
  bool has_memory() {
    share_.hold(table_.memory_bytes() + entries_.memory_bytes());
    is_exhausted_ = share_.is_exceeded();
    return !is_exhausted_;
  }
  bool is_exhausted() const { return is_exhausted_; }
  // What table() takes.
  memory_share take_share() { return std::move(share_); }
  // Nothing that follows can change the outcome.
  bool is_over() const {
    return failures_ >= failures_looked_at || too_many_series_ || is_exhausted_;
  }
  std::uint64_t duplicates() const { return duplicates_; }

  // Rows of `run` follow. `shared` are the times at which another block may hold the same rows;
  // these rows come with their stored line. `metadata` is that of the block then.
  void enter_run(const row_run& run, std::span<const closed_span> shared,
                 const metadata_column& metadata) {
    run_ = &run;
    shared_ = shared;
    metadata_ = metadata;
    position_ = {};
    position_.last_ns = INT64_MIN;
    stream_series_ = none;
  }

  bool on_row(const pipeline_row& row) override {
    if (!enter_time(row.timestamp_ns)) return true;
    if (is_repeated(row.row, row.timestamp_ns, row.stored_line)) return true;
    const bool failed = row.labels.has_error() && leaf_.metric.op != range_op::absent_over_time;
    if (failed && !row.labels.preserves_error()) {
      note_failure(row.labels.to_label_set());
      return !is_over();
    }
    const std::uint32_t series = series_of(row.labels, failed);
    const double value =
        std::is_same_v<State, bytes_state> ? static_cast<double>(row.line.size()) : row.value;
    add(series, {row.timestamp_ns, run_->stream->fingerprint.low, value});
    return has_memory() && !is_over();
  }

  // None of the rows lies where another block may hold it, too.
  bool on_known_rows(const known_rows& rows) override {
    const auto make = [this](label_set labels) {
      return make_series(row_labels::hash_of(labels), [&] { return std::move(labels); });
    };
    known_series_.enter(rows);
    for (const std::uint32_t row : rows.rows) {
      const std::int64_t timestamp_ns = rows.timestamps[row];
      if (!enter_time(timestamp_ns)) continue;
      add(known_series_.of(row, make),
          {timestamp_ns, run_->stream->fingerprint.low, sample_of(rows, row)});
      if (++unchecked_rows_ % rows_per_check == 0 && !has_memory()) return false;
    }
    return !is_over();
  }

  // Whether another block gave the same entry before.
  bool is_repeated(std::uint32_t row, std::int64_t timestamp_ns, std::string_view stored_line) {
    if (shared_.empty() || !in_spans(shared_, timestamp_ns)) return false;
    if (entries_.first_time(run_->stream->fingerprint, timestamp_ns, stored_line,
                            metadata_.row(row))) {
      return false;
    }
    ++duplicates_;
    return true;
  }

  // The series of rows that have their stream's labels and no others.
  std::uint32_t series_of_stream(const stream_info& stream) {
    if (stream_series_ != none) return stream_series_;
    stream_entry& known = known_stream(stream);
    if (known.series == none) {
      known.series = make_series(series_labels_.key(stream.labels),
                                 [&] { return series_labels_.labels(stream.labels); });
    }
    return stream_series_ = known.series;
  }

  // Structured metadata of the stream's rows cannot show.
  bool only_stream_labels(const stream_info& stream) {
    return known_stream(stream).only_its_labels;
  }

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  static constexpr std::uint32_t rows_per_check = 256;

  void add(std::uint32_t series, const timed_sample& sample) {
    table_.cell(series, position_.interval).add(sample);
    if (std::is_same_v<State, samples_state>) table_.count_bytes(sizeof(sample));
  }

  struct stream_entry {
    std::uint32_t series = none;
    bool only_its_labels = false;
  };
  stream_entry& known_stream(const stream_info& stream) {
    const auto [at, added] = by_stream_.try_emplace(stream.fingerprint);
    if (added) at->second.only_its_labels = series_labels_.only_stream_labels(stream.labels);
    return at->second;
  }

  // False when no window sees the time.
  bool enter_time(std::int64_t timestamp_ns) {
    if (timestamp_ns > position_.last_ns || timestamp_ns < position_begin_ns_) {
      position_ = leaf_.metric.windows.locate(timestamp_ns);
      position_begin_ns_ = timestamp_ns;
    }
    return position_.interval != window_set::no_interval;
  }

  static double sample_of(const known_rows& rows, std::uint32_t row) {
    if constexpr (std::is_same_v<State, count_state>) {
      return 1;
    } else if constexpr (std::is_same_v<State, bytes_state>) {
      return static_cast<double>(rows.line_starts[row + 1] - rows.line_starts[row] - 1);
    } else {
      return rows.sample_codes.empty() ? rows.sample : rows.samples[rows.sample_codes[row]];
    }
  }

  template <class MakeLabels>
  std::uint32_t make_series(const hash128& key, MakeLabels make_labels) {
    const std::uint32_t series = table_.series(key, leaf_.metric.windows.interval_count(), [&] {
      label_set labels = make_labels();
      check_error_label(labels);
      return labels;
    });
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

  // A series fails the query by the label, also where a parser found one of that name in the line.
  void check_error_label(const label_set& labels) {
    if (!labels.has(error_label) || leaf_.metric.op == range_op::absent_over_time) return;
    if (labels.get(preserve_error_label) != "true") note_failure(labels);
  }

  void note_failure(const label_set& labels) {
    ++failures_;
    std::string text = labels.canonical();
    if (!failure_ || text < failure_->labels_text) {
      failure_ = failed_sample{std::string(labels.get(error_label)), std::move(text)};
    }
  }

  const plan_leaf& leaf_;
  const query_limits& limits_;
  memory_share share_;
  const series_labels series_labels_;
  state_table<State> table_;
  entry_memory entries_;

  const row_run* run_ = nullptr;
  std::span<const closed_span> shared_;
  metadata_column metadata_;
  window_set::position position_;
  std::int64_t position_begin_ns_ = 0;
  std::uint32_t stream_series_ = none;
  std::unordered_map<hash128, stream_entry> by_stream_;
  known_series known_series_;
  hash128 last_key_;
  std::uint32_t last_series_ = none;

  std::optional<failed_sample> failure_;
  std::size_t failures_ = 0;
  bool too_many_series_ = false;
  bool is_exhausted_ = false;
  std::uint32_t unchecked_rows_ = 0;
  std::uint64_t duplicates_ = 0;
};

}  // namespace skald::logql
