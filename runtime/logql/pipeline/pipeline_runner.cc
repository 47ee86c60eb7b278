// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/pipeline_runner.h"

#include <algorithm>
#include <utility>

#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/row_arena.h"
#include "runtime/logql/pipeline/stage.h"

namespace skald::logql {
namespace {

// With more interned names than this the stages and their caches start afresh at the next run:
// keys may be as many as the lines that hold them.
constexpr std::size_t names_max = 20'000;

// The rows of a run that lie in the range. Rows of a run are sorted by time.
row_range rows_in_range(const row_run& run, std::span<const std::int64_t> timestamps,
                        const time_range& range) {
  const auto begin = timestamps.begin() + run.first_row;
  const auto end = begin + run.row_count;
  row_range rows{run.first_row, run.first_row + run.row_count};
  if (!range.covers(run.min_timestamp_ns, run.max_timestamp_ns)) {
    rows.first = static_cast<std::uint32_t>(std::lower_bound(begin, end, range.start_ns) -
                                            timestamps.begin());
    rows.last =
        static_cast<std::uint32_t>(std::lower_bound(begin, end, range.end_ns) - timestamps.begin());
  }
  return rows;
}

}  // namespace

// Stages and what they work on, made anew when names pile up.
struct stage_chain {
  label_builder labels;
  row_arena arena;
  std::vector<std::unique_ptr<stage>> stages;
  std::vector<std::unique_ptr<stage>> early_filters;
  std::unique_ptr<sample_extractor> extractor;
};

struct pipeline_runner::state {
  std::unique_ptr<stage_chain> chain;

  // The current block.
  time_range range;
  std::span<const std::int64_t> timestamps;
  line_column lines;
  metadata_column metadata;
  bool has_lines = false;
  bool is_filtered = false;  // by the leading filters: `selected` counts
  row_selection selected;
  std::vector<row_range> ranges;

  // One row through the stages; false when it was dropped or the sink said stop (then `stop`).
  bool process(const row_run* run, std::uint32_t row, std::int64_t timestamp_ns,
               std::string_view line, std::span<const metadata_pair> pairs, row_sink& sink,
               bool& stop);
};

pipeline_runner::pipeline_runner(compiled_pipeline_ptr pipeline)
    : pipeline_(std::move(pipeline)), state_(std::make_unique<state>()) {
  state_->chain = make_chain();
}

pipeline_runner::~pipeline_runner() = default;

std::unique_ptr<stage_chain> pipeline_runner::make_chain() const {
  auto chain = std::make_unique<stage_chain>();
  label_builder& labels = chain->labels;
  labels.require(pipeline_->required_labels_);
  if (pipeline_->no_labels_) labels.set_no_labels();
  if (pipeline_->preserve_error_) labels.set_preserve_error();
  for (const auto& early : pipeline_->early_filters_) {
    chain->early_filters.push_back(early.make(labels));
    labels.add_early_filter(labels.intern(early.name), chain->early_filters.back().get());
  }
  for (const auto& make : pipeline_->stages_) chain->stages.push_back(make(labels));
  if (pipeline_->make_extractor_) chain->extractor = pipeline_->make_extractor_(labels);
  return chain;
}

bool pipeline_runner::state::process(const row_run* run, std::uint32_t row,
                                     std::int64_t timestamp_ns, std::string_view line,
                                     std::span<const metadata_pair> pairs, row_sink& sink,
                                     bool& stop) {
  chain->labels.begin_row(pairs);
  chain->arena.reset();
  row_context context{chain->labels, chain->arena, timestamp_ns, line};
  for (const auto& one : chain->stages) {
    if (!one->process(context)) return false;
  }
  double value = 1;
  if (chain->extractor != nullptr && !chain->extractor->extract(context, value)) return false;
  pipeline_row out{run, row, timestamp_ns, context.line, line, value, row_labels(chain->labels)};
  stop = !sink.on_row(out);
  return true;
}

result<void> pipeline_runner::open_block(log_block& block, const time_range& range) {
  state& s = *state_;
  s.range = range;
  s.lines = {};
  s.metadata = {};
  s.has_lines = false;
  s.selected.clear();
  s.ranges.clear();
  SKALD_TRY_ASSIGN(s.timestamps, block.timestamps());
  for (const row_run& run : block.runs()) {
    const row_range rows = rows_in_range(run, s.timestamps, range);
    if (!rows.empty()) s.ranges.push_back(rows);
  }
  s.is_filtered = !pipeline_->leading_.empty();
  if (s.ranges.empty()) return {};
  if (pipeline_->needs_.lines) {
    SKALD_TRY_ASSIGN(s.lines, block.lines());
    s.has_lines = true;
    for (const row_range& rows : s.ranges) {
      stats_.bytes_seen +=
          s.lines.starts[rows.last] - s.lines.starts[rows.first] - (rows.last - rows.first);
    }
  }
  for (const row_range& rows : s.ranges) stats_.rows_seen += rows.last - rows.first;
  if (s.is_filtered) {
    std::sort(s.ranges.begin(), s.ranges.end(),
              [](const row_range& a, const row_range& b) { return a.first < b.first; });
    bool all = true;
    for (const line_filter& filter : pipeline_->leading_) {
      filter.apply(s.lines, block.flags(), s.ranges, std::exchange(all, false), s.selected);
    }
    if (s.selected.empty()) return {};
  }
  if (pipeline_->needs_.metadata) {
    SKALD_TRY_ASSIGN(s.metadata, block.metadata());
  }
  return {};
}

result<void> pipeline_runner::run(const row_run& run, row_sink& sink, bool reverse) {
  bool stop = false;
  return run_rows(run, sink, reverse, stop);
}

result<void> pipeline_runner::run_rows(const row_run& run, row_sink& sink, bool reverse,
                                       bool& stop) {
  state& s = *state_;
  const row_range rows = rows_in_range(run, s.timestamps, s.range);
  if (rows.empty() || (s.is_filtered && s.selected.empty())) return {};
  if (s.chain->labels.name_count() > names_max) s.chain = make_chain();
  s.chain->labels.set_stream(run.stream);
  const auto visit = [&](std::uint32_t row) {
    const std::string_view line = s.has_lines ? s.lines.line(row) : std::string_view();
    if (s.process(&run, row, s.timestamps[row], line, s.metadata.row(row), sink, stop)) {
      ++stats_.rows_passed;
    }
    return !stop;
  };
  if (!s.is_filtered) {
    for (std::uint32_t i = 0; i < rows.last - rows.first; ++i) {
      if (!visit(reverse ? rows.last - 1 - i : rows.first + i)) break;
    }
    return {};
  }
  const auto begin = std::lower_bound(s.selected.begin(), s.selected.end(), rows.first);
  const auto end = std::lower_bound(begin, s.selected.end(), rows.last);
  const auto count = static_cast<std::size_t>(end - begin);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = reverse ? count - 1 - i : i;
    if (!visit(begin[static_cast<std::ptrdiff_t>(at)])) break;
  }
  return {};
}

result<void> pipeline_runner::run_block(log_block& block, const time_range& range, row_sink& sink,
                                        bool reverse) {
  SKALD_TRY(open_block(block, range));
  bool stop = false;
  for (const row_run& run : block.runs()) {
    SKALD_TRY(run_rows(run, sink, reverse, stop));
    if (stop) break;
  }
  return {};
}

bool pipeline_runner::run_line(const stream_ptr& stream, std::span<const metadata_pair> metadata,
                               std::int64_t timestamp_ns, std::string_view line, row_sink& sink) {
  state& s = *state_;
  ++stats_.rows_seen;
  stats_.bytes_seen += line.size();
  for (const line_filter& filter : pipeline_->leading_) {
    if (!filter.matches(line)) return false;
  }
  if (s.chain->labels.name_count() > names_max) s.chain = make_chain();
  s.chain->labels.set_stream(stream);
  bool stop = false;
  if (!s.process(nullptr, 0, timestamp_ns, line, metadata, sink, stop)) return false;
  ++stats_.rows_passed;
  return true;
}

}  // namespace skald::logql
