// SPDX-License-Identifier: Apache-2.0
// Throughput of line filters and parsers over one block of about 1 MiB, in bytes of lines.
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "runtime/logql/pipeline/pipeline_runner.h"
#include "runtime/logql/syntax/parser.h"

namespace skald::logql {
namespace {

constexpr std::size_t block_bytes = 1 << 20;

class bench_block : public log_block {
 public:
  explicit bench_block(std::string (*make_line)(std::mt19937&)) {
    std::mt19937 random(1);
    while (bytes_.size() < block_bytes) {
      timestamps_.push_back(static_cast<std::int64_t>(timestamps_.size()));
      bytes_ += make_line(random) + "\n";
      starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
    }
    run_.stream = *make_stream("{app=\"shop\", env=\"prod\"}");
    run_.row_count = static_cast<std::uint32_t>(timestamps_.size());
    run_.max_timestamp_ns = timestamps_.back();
  }
  std::span<const row_run> runs() const override { return {&run_, 1}; }
  std::uint64_t arrival_order() const override { return 0; }
  bool in_memory() const override { return true; }
  bool may_match(const skip_probe&) override { return true; }
  result<std::span<const std::int64_t>> timestamps() override {
    return std::span<const std::int64_t>(timestamps_);
  }
  result<line_column> lines() override { return line_column{bytes_, starts_}; }
  result<metadata_column> metadata() override { return metadata_column(); }
  text_flags flags() const override { return {true, true, false, false}; }
  block_read_stats read_stats() const override { return {}; }
  void release() override {}
  std::size_t bytes() const { return bytes_.size(); }

 private:
  row_run run_;
  std::vector<std::int64_t> timestamps_;
  std::string bytes_;
  std::vector<std::uint32_t> starts_{0};
};

std::string number(std::mt19937& random, unsigned below) {
  return std::to_string(random() % below);
}

const char* pick(std::mt19937& random, const std::vector<const char*>& of) {
  return of[random() % of.size()];
}

std::string json_line(std::mt19937& random) {
  return std::string("{\"ts\":\"2026-11-01T00:01:25.790Z\",\"level\":\"") +
         pick(random, {"info", "warn", "error"}) +
         "\",\"msg\":\"request completed\",\"status\":" + pick(random, {"200", "404", "500"}) +
         ",\"duration_ms\":" + number(random, 1000) + "." + number(random, 1000) +
         ",\"user\":{\"id\":" + number(random, 500) +
         ",\"name\":\"ann\",\"roles\":[\"admin\",\"viewer\"]},\"request\":{\"method\":\"GET\","
         "\"path\":\"/v1/cart/" +
         number(random, 100) + "\",\"size\":\"3KiB\",\"headers\":{\"User-Agent\":\"curl/8\"}}}";
}

std::string logfmt_line(std::mt19937& random) {
  return std::string("ts=2026-11-01T00:01:25.790Z level=") +
         pick(random, {"info", "warn", "error"}) +
         " caller=store.go:297 msg=\"slow query\" status=" + pick(random, {"200", "404", "500"}) +
         " latency=" + number(random, 1000000) + "us bytes=" + number(random, 100000) +
         " path=/b/" + number(random, 9) + " tenant=t4 weight=8.6551";
}

std::string nginx_line(std::mt19937& random) {
  return "10.0." + number(random, 9) + "." + number(random, 250) +
         " - alice [01/Nov/2026:00:05:49 +0000] \"POST /api/v1/users HTTP/1.1\" " +
         pick(random, {"200", "404", "503"}) + " " + number(random, 200000) +
         " \"https://example.org/a?b=c\" \"kube-probe/1.31\" rt=0.112";
}

class null_sink : public row_sink {
 public:
  bool on_row(const pipeline_row& row) override {
    rows += row.row;
    return true;
  }
  std::uint64_t rows = 0;
};

void run(benchmark::State& state, std::string (*make_line)(std::mt19937&), const char* stages,
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
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * block.bytes()));
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
