// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/pipeline_runner.h"

#include <algorithm>
#include <utility>

#include "runtime/base/assert.h"
#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/row_arena.h"
#include "runtime/logql/pipeline/stage.h"
#include "runtime/logql/pipeline/text_candidates.h"

namespace skald::logql {
namespace {

// With more interned names than this the stages and their caches start afresh at the next run:
// keys may be as many as the lines that hold them.
constexpr std::size_t names_max = 20'000;
constexpr std::size_t name_bytes_max = 4 << 20;

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
  block_reader reader;
  std::optional<column_rows> columns;
  bool columns_asked = false;
  bool has_columns = false;
  bool candidates_asked = false;
  std::optional<row_selection> hopeful;   // the others fail a leading filter
  std::optional<row_selection> doubtful;  // the others pass all leading filters

  // The rows chosen of it.
  time_range range;
  std::span<const std::int64_t> timestamps;
  metadata_column metadata;
  std::span<const std::uint32_t> line_starts;  // where sums of bytes are asked for
  bool has_lines = false;
  bool has_known_rows = false;  // `verdicts` tell which rows need no line
  std::vector<row_verdict> verdicts;
  std::vector<row_range> ranges;
  bool is_selected = false;  // `selected` counts, else all of the ranges
  row_selection selected;

  // So few that reading their lines costs less than finding out more about them.
  bool is_few(const row_selection& rows) const {
    constexpr std::size_t few_part = 32;
    return rows.size() <= timestamps.size() / few_part;
  }
  void select_ranges() {
    if (std::exchange(is_selected, true)) return;
    selected.clear();
    select_all(ranges, selected);
  }

  // One row through the stages; false when it was dropped or the sink said stop (then `stop`).
  bool process(const row_run* run, std::uint32_t row, std::int64_t timestamp_ns,
               std::string_view line, std::span<const metadata_pair> pairs, row_sink& sink,
               bool& stop);
  const cancellation* cancelled = nullptr;
};

bool row_sink::on_known_rows(const known_rows&) {
  SKALD_ASSERT(false);  // the pipeline was told that the sink takes them
  return false;
}

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
  row_context context{chain->labels, chain->arena, timestamp_ns, line, cancelled};
  for (const auto& one : chain->stages) {
    if (!one->process(context)) return false;
  }
  double value = 1;
  if (chain->extractor != nullptr && !chain->extractor->extract(context, value)) return false;
  pipeline_row out{run, row, timestamp_ns, context.line, line, value, row_labels(chain->labels)};
  stop = !sink.on_row(out);
  return true;
}

void pipeline_runner::begin_block(log_block& block) {
  state& s = *state_;
  s.reader.open(block);
  s.columns_asked = false;
  s.has_columns = false;
  s.candidates_asked = false;
  s.hopeful.reset();
  s.doubtful.reset();
}

block_reader& pipeline_runner::reader() {
  return state_->reader;
}

result<void> pipeline_runner::open_block(log_block& block, const time_range& range) {
  begin_block(block);
  return select({range, {}, {}});
}

result<void> pipeline_runner::select(const row_request& request) {
  state& s = *state_;
  s.range = request.range;
  s.metadata = {};
  s.has_lines = false;
  s.has_known_rows = false;
  s.is_selected = false;
  s.selected.clear();
  s.ranges.clear();
  std::vector<const row_run*> runs(request.runs.begin(), request.runs.end());
  log_block& block = s.reader.block();
  if (runs.empty()) {
    for (const row_run& run : block.runs()) runs.push_back(&run);
  }
  SKALD_TRY_ASSIGN(s.timestamps, s.reader.timestamps());
  SKALD_TRY(count_rows(runs));
  if (s.ranges.empty()) return {};
  if (block.has_fields()) {
    SKALD_TRY(filter_by_columns(runs));
    SKALD_TRY(find_candidates());
  }
  if (!pipeline_->leading_.empty()) {
    SKALD_TRY(s.is_selected ? filter_candidates() : filter_all_lines());
  }
  if (s.is_selected && s.selected.empty()) return {};
  SKALD_TRY(read_lines(request.line_rows));
  if (pipeline_->needs_.metadata) {
    SKALD_TRY_ASSIGN(s.metadata, s.reader.metadata());
  }
  return {};
}

result<void> pipeline_runner::count_rows(std::span<const row_run* const> runs) {
  state& s = *state_;
  for (const row_run* run : runs) {
    const row_range rows = rows_in_range(*run, s.timestamps, s.range);
    if (rows.empty()) continue;
    s.ranges.push_back(rows);
    const std::uint64_t count = rows.last - rows.first;
    stats_.rows_seen += count;
    if (count == run->row_count || !pipeline_->needs_.lines) {
      stats_.bytes_seen += run->line_bytes * count / run->row_count;
      continue;
    }
    SKALD_TRY_ASSIGN(const std::span<const std::uint32_t> starts, s.reader.line_starts());
    stats_.bytes_seen += starts[rows.last] - starts[rows.first] - count;
  }
  std::sort(s.ranges.begin(), s.ranges.end(),
            [](const row_range& a, const row_range& b) { return a.first < b.first; });
  return {};
}

// All lines of the block in one pass.
result<void> pipeline_runner::filter_all_lines() {
  state& s = *state_;
  SKALD_TRY(s.reader.need_all_lines());
  s.is_selected = true;
  bool all = true;
  for (const line_filter& filter : pipeline_->leading_) {
    filter.apply(s.reader.lines(), s.reader.block().flags(), s.ranges, std::exchange(all, false),
                 s.selected);
  }
  return {};
}

// Drops rows whose columns tell that they cannot reach the result.
result<void> pipeline_runner::filter_by_columns(std::span<const row_run* const> runs) {
  state& s = *state_;
  const column_plan* plan = pipeline_->columns();
  if (plan == nullptr) return {};
  if (!std::exchange(s.columns_asked, true)) {
    if (!s.columns) s.columns.emplace(*plan);
    SKALD_TRY_ASSIGN(s.has_columns, s.columns->open(s.reader.block()));
  }
  if (!s.has_columns) return {};
  SKALD_TRY_ASSIGN(const metadata_column metadata, s.reader.metadata());
  s.verdicts.resize(s.timestamps.size());
  for (const row_run* run : runs) {
    const row_range rows = rows_in_range(*run, s.timestamps, s.range);
    if (!rows.empty()) s.columns->judge(*run, rows, metadata, s.verdicts);
  }
  s.is_selected = true;
  s.has_known_rows = plan->complete;
  if (plan->complete && pipeline_->options_.use == pipeline_use::metric_bytes) {
    SKALD_TRY_ASSIGN(s.line_starts, s.reader.line_starts());
  }
  for (const row_range& rows : s.ranges) {
    std::size_t count = s.selected.size();
    s.selected.resize(count + (rows.last - rows.first));
    for (std::uint32_t row = rows.first; row < rows.last; ++row) {
      s.selected[count] = row;
      count += s.verdicts[row] != row_verdict::refused ? 1 : 0;
    }
    s.selected.resize(count);
  }
  return {};
}

// Asks the block which rows may pass the leading filters, or which may not, unless few rows are
// left anyway.
result<void> pipeline_runner::find_candidates() {
  state& s = *state_;
  if (pipeline_->leading_.empty() || (s.is_selected && s.is_few(s.selected))) return {};
  if (!std::exchange(s.candidates_asked, true)) {
    const auto& leading = pipeline_->leading_;
    const bool all_negative = std::all_of(leading.begin(), leading.end(),
                                          [](const auto& filter) { return filter.is_negative(); });
    SKALD_TRY(all_negative ? find_doubtful() : find_hopeful());
  }
  if (s.hopeful || s.doubtful) s.select_ranges();
  if (s.hopeful) intersect_selection(s.selected, *s.hopeful);
  return {};
}

result<void> pipeline_runner::find_hopeful() {
  state& s = *state_;
  for (const line_filter& filter : pipeline_->leading_) {
    if (filter.is_negative()) continue;
    SKALD_TRY_ASSIGN(std::optional<row_selection> rows,
                     candidate_rows(s.reader.block(), filter.literals()));
    if (rows && s.hopeful) {
      intersect_selection(*s.hopeful, *rows);
    } else if (rows) {
      s.hopeful = std::move(rows);
    }
    if (s.hopeful && s.is_few(*s.hopeful)) break;
  }
  return {};
}

// Where lines are needed anyway, the filters may as well look at all of them.
result<void> pipeline_runner::find_doubtful() {
  state& s = *state_;
  if (pipeline_->needs_.lines_behind_filters && pipeline_->columns() == nullptr) return {};
  row_selection all;
  for (const line_filter& filter : pipeline_->leading_) {
    SKALD_TRY_ASSIGN(const std::optional<row_selection> rows,
                     candidate_rows(s.reader.block(), filter.literals()));
    if (!rows) return {};
    row_selection merged;
    merge_selections(all, *rows, merged);
    all.swap(merged);
  }
  s.doubtful = std::move(all);
  return {};
}

result<void> pipeline_runner::filter_candidates() {
  state& s = *state_;
  row_selection rows = s.selected;
  if (s.doubtful) intersect_selection(rows, *s.doubtful);
  SKALD_TRY(s.reader.need_lines(rows));
  std::erase_if(rows, [&](std::uint32_t row) {
    const std::string_view line = s.reader.line(row);
    return std::all_of(pipeline_->leading_.begin(), pipeline_->leading_.end(),
                       [&](const line_filter& filter) { return filter.matches(line); });
  });
  subtract_selection(s.selected, rows);
  return {};
}

// The lines of rows that go through the stages.
result<void> pipeline_runner::read_lines(std::span<const std::uint32_t> line_rows) {
  state& s = *state_;
  if (s.has_known_rows) {
    for (const std::uint32_t row : line_rows) s.verdicts[row] = row_verdict::unknown;
  }
  s.has_lines = pipeline_->needs_.lines_behind_filters || !line_rows.empty();
  if (!s.has_lines) return {};
  if (!s.reader.block().has_fields()) return s.reader.need_all_lines();
  s.select_ranges();
  if (!s.has_known_rows) return s.reader.need_lines(s.selected);
  row_selection rows;
  for (const std::uint32_t row : s.selected) {
    if (s.verdicts[row] == row_verdict::unknown) rows.push_back(row);
  }
  return s.reader.need_lines(rows);
}

result<void> pipeline_runner::run(const row_run& run, row_sink& sink, bool reverse) {
  bool stop = false;
  return run_rows(run, sink, reverse, stop);
}

result<void> pipeline_runner::run_rows(const row_run& run, row_sink& sink, bool reverse,
                                       bool& stop) {
  state& s = *state_;
  const row_range rows = rows_in_range(run, s.timestamps, s.range);
  if (rows.empty() || (s.is_selected && s.selected.empty())) return {};
  bool entered = false;
  bool stopped = false;
  s.cancelled = cancelled_;
  const auto visit = [&](std::uint32_t row) {
    if (!std::exchange(entered, true)) enter_stream(run.stream);
    const std::string_view line = s.has_lines ? s.reader.line(row) : std::string_view();
    if (s.process(&run, row, s.timestamps[row], line, s.metadata.row(row), sink, stop)) {
      ++stats_.rows_passed;
    }
    stopped = is_stopped(line.size());
    stop = stop || stopped;
    return !stop;
  };
  if (!s.is_selected) {
    for (std::uint32_t i = 0; i < rows.last - rows.first; ++i) {
      if (!visit(reverse ? rows.last - 1 - i : rows.first + i)) break;
    }
    return stopped ? cancelled_->check() : result<void>();
  }
  const auto begin = std::lower_bound(s.selected.begin(), s.selected.end(), rows.first);
  const auto end = std::lower_bound(begin, s.selected.end(), rows.last);
  const std::span<const std::uint32_t> chosen(begin, end);
  const auto is_known = [&](std::uint32_t row) {
    return s.has_known_rows && s.verdicts[row] == row_verdict::known;
  };
  for (std::size_t i = 0; i < chosen.size() && !stop;) {
    const std::size_t at = reverse ? chosen.size() - 1 - i : i;
    if (reverse || !is_known(chosen[at])) {
      visit(chosen[at]);
      ++i;
      continue;
    }
    std::size_t last = at + 1;
    while (last < chosen.size() && is_known(chosen[last])) ++last;
    stop = !run_known(run, chosen.subspan(at, last - at), sink);
    i = last;
  }
  return stopped ? cancelled_->check() : result<void>();
}

// Rows of a block may take long: deep documents, long lines, templates.
bool pipeline_runner::is_stopped(std::size_t line_bytes) {
  constexpr std::size_t row_work = 256;
  constexpr std::size_t work_per_check = 64 << 10;
  if (cancelled_ == nullptr) return false;
  unchecked_work_ += row_work + line_bytes;
  if (unchecked_work_ < work_per_check) return false;
  unchecked_work_ = 0;
  return !cancelled_->check().ok();
}

void pipeline_runner::enter_stream(const stream_ptr& stream) {
  state& s = *state_;
  const label_builder& names = s.chain->labels;
  if (names.name_count() > names_max || names.name_bytes() > name_bytes_max) {
    s.chain = make_chain();
  }
  s.chain->labels.set_stream(stream);
}

bool pipeline_runner::run_known(const row_run& run, std::span<const std::uint32_t> rows,
                                row_sink& sink) {
  state& s = *state_;
  known_rows known = s.columns->describe(run);
  known.rows = rows;
  known.timestamps = s.timestamps;
  known.line_starts = s.line_starts;
  stats_.rows_passed += rows.size();
  return sink.on_known_rows(known);
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
  enter_stream(stream);
  bool stop = false;
  if (!s.process(nullptr, 0, timestamp_ns, line, metadata, sink, stop)) return false;
  ++stats_.rows_passed;
  return true;
}

}  // namespace skald::logql
