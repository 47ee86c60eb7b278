// SPDX-License-Identifier: Apache-2.0
// Runs a compiled pipeline over blocks. Owns all scratch memory (interned names, label state,
// selections), so it allocates nothing per row once warm. One runner per worker thread; blocks are
// passed one after another.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/cancellation.h"
#include "runtime/base/result.h"
#include "runtime/logql/pipeline/block_reader.h"
#include "runtime/logql/pipeline/column_rows.h"
#include "runtime/logql/pipeline/pipeline.h"
#include "runtime/logql/pipeline/row_labels.h"
#include "runtime/logql/scan/row_selection.h"
#include "runtime/model/log_block.h"
#include "runtime/model/time_range.h"

namespace skald::logql {

struct stage_chain;

// A row that passed. Views are valid until the sink returns.
struct pipeline_row {
  const row_run* run = nullptr;
  std::uint32_t row = 0;  // in the block
  std::int64_t timestamp_ns = 0;
  std::string_view line;  // after rewriting; empty when neither stages nor the sink want lines
  std::string_view stored_line;  // as stored; likewise
  double value = 1;              // the unwrapped sample; 1 without unwrap
  row_labels labels;
};

class row_sink {
 public:
  virtual ~row_sink() = default;
  // False stops the run: no further row of the call is delivered.
  virtual bool on_row(const pipeline_row& row) = 0;
  // Several rows in order, told from columns; only where pipeline_options::series_labels is set.
  // False stops the run.
  virtual bool on_known_rows(const known_rows& rows);
};

// Which rows of a block to run.
struct row_request {
  time_range range;
  // Some of the block's runs; empty means all.
  std::span<const row_run* const> runs;
  // Rows, ascending, that the sink has to see by on_row() with their stored line.
  std::span<const std::uint32_t> line_rows;
};

// What a runner did so far, for statistics.
struct pipeline_stats {
  std::uint64_t rows_seen = 0;   // rows inside the time range
  std::uint64_t bytes_seen = 0;  // of their lines without newlines; about, where none are needed
  std::uint64_t rows_passed = 0;
};

class pipeline_runner {
 public:
  explicit pipeline_runner(compiled_pipeline_ptr pipeline);
  ~pipeline_runner();
  pipeline_runner(const pipeline_runner&) = delete;
  pipeline_runner& operator=(const pipeline_runner&) = delete;

  // run() then looks at it now and then, and fails with its error; templates do, too. It must live
  // as long as the runner.
  void stop_with(const cancellation& cancelled) { cancelled_ = &cancelled; }

  // Makes `block` the current one. Reads nothing.
  void begin_block(log_block& block);
  // The current block's columns, to be shared by who reads others of them.
  block_reader& reader();

  // Chooses rows for later run() calls: drops those that columns or the leading line filters refuse
  // and reads what the others need. May be called again for other rows of the block.
  // Errors: those of the block's columns.
  result<void> select(const row_request& request);

  // begin_block and select.
  result<void> open_block(log_block& block, const time_range& range);

  // Sends the chosen rows of one run through the remaining stages; survivors go to the sink in row
  // order, or in reverse order. The block must not have been released since begin_block.
  result<void> run(const row_run& run, row_sink& sink, bool reverse = false);

  // open_block, then run() for each of the block's runs in order until the sink stops.
  result<void> run_block(log_block& block, const time_range& range, row_sink& sink,
                         bool reverse = false);

  const pipeline_stats& stats() const { return stats_; }

  // For single lines that are in no block (tailing, tests): stream, metadata, line through all
  // stages. Returns whether the sink was called.
  bool run_line(const stream_ptr& stream, std::span<const metadata_pair> metadata,
                std::int64_t timestamp_ns, std::string_view line, row_sink& sink);

 private:
  struct state;
  std::unique_ptr<stage_chain> make_chain() const;
  result<void> count_rows(std::span<const row_run* const> runs);
  result<void> filter_all_lines();
  result<void> filter_by_columns(std::span<const row_run* const> runs);
  result<void> find_candidates();
  result<void> find_hopeful();
  result<void> find_doubtful();
  result<void> filter_candidates();
  result<void> read_lines(std::span<const std::uint32_t> line_rows);
  result<void> run_rows(const row_run& run, row_sink& sink, bool reverse, bool& stop);
  bool is_stopped(std::size_t line_bytes);
  void enter_stream(const stream_ptr& stream);
  bool run_known(const row_run& run, std::span<const std::uint32_t> rows, row_sink& sink);
  compiled_pipeline_ptr pipeline_;
  pipeline_stats stats_;
  const cancellation* cancelled_ = nullptr;
  std::size_t unchecked_work_ = 0;
  std::unique_ptr<state> state_;
};

}  // namespace skald::logql
