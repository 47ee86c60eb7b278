// SPDX-License-Identifier: Apache-2.0
// Rows per second of metric and log queries over blocks in memory: run_leaf, merge and finish on
// one thread. Lines are about 240 bytes, so 4.2 million rows are one raw gigabyte.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "runtime/logql/engine/engine.h"
#include "testing/kit/columnar_block.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::size_t block_count = 50;
constexpr std::size_t rows_per_block = 4000;
constexpr std::size_t row_count = block_count * rows_per_block;
constexpr std::int64_t row_distance_ns = second / 20;
constexpr std::int64_t data_ns =
    static_cast<std::int64_t>(rows_per_block) * block_count / 4 * row_distance_ns;

std::string line_of(std::mt19937& random) {
  std::string line = "level=info caller=http.go:256 msg=\"request done\" status=" +
                     std::to_string(200 + random() % 5 * 100) +
                     " duration=" + std::to_string(random() % 5000) + "ms path=/api/v1/items/" +
                     std::to_string(random() % 1000) + " note=";
  line.append(240 - std::min<std::size_t>(line.size(), 239), 'x');
  return line;
}

// Four streams, each with a quarter of the rows of every block.
block_list make_blocks(bool columnar) {
  std::mt19937 random(1);
  block_list blocks;
  std::int64_t time_ns = 0;
  for (std::size_t b = 0; b < block_count; ++b) {
    std::vector<memory_stream> streams;
    for (int s = 0; s < 4; ++s) {
      streams.push_back({stream_of("{app=\"shop\", pod=\"p" + std::to_string(s) + "\"}"), {}});
    }
    for (std::size_t i = 0; i < rows_per_block / 4; ++i) {
      time_ns += row_distance_ns;
      for (memory_stream& stream : streams)
        stream.entries.push_back({time_ns, line_of(random), {}});
    }
    memory_block_options options;
    options.arrival_order = b;
    auto rows = std::make_unique<memory_block>(std::move(streams), options);
    if (columnar) {
      columnar_block_options all_known;
      all_known.unknown_rows = all_known.unknown_values = all_known.refusals = 0;
      blocks.push_back(std::make_unique<columnar_block>(std::move(rows), all_known));
    } else {
      blocks.push_back(std::move(rows));
    }
  }
  return blocks;
}

// Columns are made at the first query that asks for them, so what is measured is their use alone.
void run_query(benchmark::State& state, const std::string& query, std::int64_t step_ns,
               bool columnar) {
  static block_list all_blocks[2] = {make_blocks(false), make_blocks(true)};
  block_list& blocks = all_blocks[columnar ? 1 : 0];
  query_request request;
  request.query = query;
  request.end_ns = data_ns;
  request.step_ns = step_ns;
  const result<query_plan_ptr> plan = query_plan::make(request, {});
  if (!plan.ok()) {
    state.SkipWithError(plan.error().message.c_str());
    return;
  }
  const auto run = [&] {
    query_stats stats;
    std::vector<leaf_result> leaves;
    for (std::size_t i = 0; i < (*plan)->leaves().size(); ++i) {
      leaves.push_back(*run_leaf(**plan, i, blocks, cancellation(), stats));
    }
    benchmark::DoNotOptimize(finish(**plan, std::move(leaves), stats));
  };
  if (columnar) run();
  for (auto _ : state) run();
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * row_count));
}

#define SKALD_METRIC_BENCH(name, query, step) \
  void name(benchmark::State& state) {        \
    run_query(state, query, step, false);     \
  }                                           \
  BENCHMARK(name)->Unit(benchmark::kMillisecond)

// The same over blocks with typed columns.
#define SKALD_COLUMN_BENCH(name, query, step)   \
  SKALD_METRIC_BENCH(name, query, step);        \
  void name##Columns(benchmark::State& state) { \
    run_query(state, query, step, true);        \
  }                                             \
  BENCHMARK(name##Columns)->Unit(benchmark::kMillisecond)

SKALD_METRIC_BENCH(CountFromCounters, "sum(count_over_time({app=\"shop\"}[1h]))", 3600 * second);
SKALD_METRIC_BENCH(CountFromTimestamps, "sum(count_over_time({app=\"shop\"}[10s]))", 10 * second);
SKALD_METRIC_BENCH(CountWideWindows, "sum by (pod) (rate({app=\"shop\"}[10m]))", second);
SKALD_METRIC_BENCH(BytesFromLengths, "sum(bytes_rate({app=\"shop\"}[10s]))", 10 * second);
SKALD_METRIC_BENCH(CountFiltered, "sum(rate({app=\"shop\"} |= \"status=500\" [1m]))", 60 * second);
SKALD_METRIC_BENCH(CountAllThroughSink, "sum(rate({app=\"shop\"} |= \"info\" [1m]))", 60 * second);
SKALD_COLUMN_BENCH(GroupByParsedLabel, "sum by (status) (rate({app=\"shop\"} | logfmt [1m]))",
                   60 * second);
SKALD_COLUMN_BENCH(QuantileOfUnwrapped,
                   "quantile_over_time(0.99, {app=\"shop\"} | logfmt | unwrap duration(duration) "
                   "[5m]) by (pod)",
                   60 * second);
SKALD_COLUMN_BENCH(CountByFilteredLabel,
                   "sum(count_over_time({app=\"shop\"} | logfmt | status >= 500 [1m]))",
                   60 * second);
SKALD_COLUMN_BENCH(UngroupedByFilteredLabel,
                   "count_over_time({app=\"shop\"} | logfmt | path=\"/api/v1/items/7\" [1m])",
                   60 * second);
SKALD_METRIC_BENCH(LogNewestHundred, "{app=\"shop\"}", second);

}  // namespace
}  // namespace skald::logql
