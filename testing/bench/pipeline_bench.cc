// SPDX-License-Identifier: Apache-2.0
// Throughput of line filters and parsers over one block of about 1 MiB, in bytes of lines.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "runtime/logql/pipeline/pipeline_runner.h"
#include "runtime/logql/syntax/parser.h"
#include "testing/bench/bench_lines.h"

namespace skald::logql {
namespace {

class null_sink : public row_sink {
 public:
  bool on_row(const pipeline_row& row) override {
    rows += row.row;
    return true;
  }
  std::uint64_t rows = 0;
};

void run(benchmark::State& state, line_maker make_line, const char* stages,
         std::vector<std::string> labels) {
  bench_block block(make_line);
  const auto query = parse_log_query(std::string("{app=\"shop\"} ") + stages);
  pipeline_options options;
  if (!labels.empty()) {
    options.use = pipeline_use::metric;
    options.demand = {label_demand::kind::only, std::move(labels)};
  }
  const auto compiled = compiled_pipeline::compile(query->stages, nullptr, options);
  pipeline_runner runner(*compiled);
  null_sink sink;
  for (auto _ : state) {
    if (!runner.run_block(block, {0, INT64_MAX}, sink).ok()) state.SkipWithError("run failed");
  }
  benchmark::DoNotOptimize(sink.rows);
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * block.line_bytes()));
}

#define PIPELINE_BENCH(name, line, stages, ...)                      \
  void name(benchmark::State& state) {                               \
    run(state, line, stages, std::vector<std::string>{__VA_ARGS__}); \
  }                                                                  \
  BENCHMARK(name)

PIPELINE_BENCH(EmptyPipeline, json_line, "");
PIPELINE_BENCH(NeedleAbsent, json_line, "|= `9f86d081884c7d65`");
PIPELINE_BENCH(NeedleFrequent, json_line, "|= `\"status\":5`");
PIPELINE_BENCH(NeedleIgnoringCase, json_line, "|~ `(?i)timeout`");
PIPELINE_BENCH(RegexWithLiterals, json_line, "|~ `\"status\":50[0-9],.*cart/[0-9]{2}`");
PIPELINE_BENCH(RegexWithoutLiterals, json_line, "|~ `[a-f0-9]{8}-[a-f0-9]{4}`");
PIPELINE_BENCH(JsonAll, json_line, "| json");
PIPELINE_BENCH(JsonTwoEarlyFields, json_line, "| json", "level", "status");
PIPELINE_BENCH(JsonTwoLateFields, json_line, "| json", "status", "request_path");
PIPELINE_BENCH(JsonExpression, json_line, "| json s=\"status\", p=\"request.path\"", "s", "p");
PIPELINE_BENCH(LogfmtAll, logfmt_line, "| logfmt");
PIPELINE_BENCH(LogfmtTwoFields, logfmt_line, "| logfmt", "level", "path");
PIPELINE_BENCH(LogfmtFilter, logfmt_line, "| logfmt | latency > 900ms");
PIPELINE_BENCH(PatternAll, nginx_line,
               "| pattern `<ip> - <user> [<_>] \"<method> <path> <_>\" <status> <size> <_>`");
PIPELINE_BENCH(PatternTwoFields, nginx_line,
               "| pattern `<ip> - <user> [<_>] \"<method> <path> <_>\" <status> <size> <_>`",
               "method", "status");

}  // namespace
}  // namespace skald::logql
