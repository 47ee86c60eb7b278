// SPDX-License-Identifier: Apache-2.0
// The stages of LogQL on one core, in raw bytes of lines, beside what this machine can do at most:
// memcpy and memmem measured in the same run. Prints one table; targets hold where memcpy reaches
// 8 GB/s and are scaled down where it does not. Lines are plain (no columns), in 32 blocks of 1
// MiB.
//
//   bazel run -c opt //testing/bench:stage_bench
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "runtime/logql/engine/engine.h"
#include "runtime/logql/pipeline/pipeline_runner.h"
#include "runtime/logql/syntax/parser.h"
#include "testing/bench/bench_lines.h"

namespace skald::logql {
namespace {

constexpr std::size_t block_count = 32;
constexpr double memcpy_reference = 8e9;  // bytes per second at which the targets hold
constexpr int rounds = 7;
constexpr std::int64_t second = 1'000'000'000;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// CPU seconds of the best of some rounds: other load on the machine hardly shows.
double best_seconds(const std::function<void()>& work) {
  double best = 1e9;
  work();
  for (int i = 0; i < rounds; ++i) {
    const double begin = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - begin);
  }
  return best;
}

std::vector<std::unique_ptr<bench_block>> blocks_of(line_maker make_line) {
  std::vector<std::unique_ptr<bench_block>> blocks;
  for (std::size_t i = 0; i < block_count; ++i) {
    blocks.push_back(std::make_unique<bench_block>(make_line, static_cast<unsigned>(i + 1)));
  }
  return blocks;
}

class null_sink : public row_sink {
 public:
  bool on_row(const pipeline_row& row) override {
    sum_ += row.row;
    return true;
  }

 private:
  std::uint64_t sum_ = 0;
};

class table {
 public:
  explicit table(double memcpy_rate) : scale_(std::min(1.0, memcpy_rate / memcpy_reference)) {
    std::printf("%-44s %14s %14s %8s\n", "", "measured", "target", "");
  }
  void limit(const char* name, double rate) { std::printf("%-44s %9.2f GB/s\n", name, rate / 1e9); }
  void row(const char* name, double rate, double target, const char* unit, double divisor) {
    std::printf("%-44s %8.2f %s", name, rate / divisor, unit);
    if (target > 0) {
      const double scaled = target * scale_;
      std::printf(" %8.2f %s %s", scaled / divisor, unit, rate >= scaled ? "" : "  missed");
    }
    std::printf("\n");
  }
  void bytes(const char* name, double rate, double target = 0) {
    row(name, rate, target, "GB/s ", 1e9);
  }

 private:
  double scale_;
};

// Bytes of lines per second through a pipeline; `labels`: what a metric query shows, empty for all.
double pipeline_rate(line_maker make_line, const std::string& stages,
                     std::vector<std::string> labels) {
  const auto blocks = blocks_of(make_line);
  const auto query = parse_log_query("{app=\"shop\"} " + stages);
  pipeline_options options;
  if (!labels.empty()) {
    options.use = pipeline_use::metric;
    options.demand = {label_demand::kind::only, std::move(labels)};
  }
  const auto compiled = compiled_pipeline::compile(query->stages, nullptr, options);
  pipeline_runner runner(*compiled);
  null_sink sink;
  std::size_t bytes = 0;
  for (const auto& block : blocks) bytes += block->line_bytes();
  const double seconds = best_seconds([&] {
    for (const auto& block : blocks) {
      if (!runner.run_block(*block, {0, INT64_MAX}, sink).ok()) std::abort();
    }
  });
  return static_cast<double>(bytes) / seconds;
}

// Entries per second of a metric query without parser.
double entry_rate(const std::string& query, std::int64_t step_ns) {
  block_list blocks;
  std::int64_t start_ns = 0;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < block_count; ++i) {
    auto block = std::make_unique<bench_block>(logfmt_line, static_cast<unsigned>(i + 1), start_ns);
    start_ns = block->end_ns();
    rows += block->rows();
    blocks.push_back(std::move(block));
  }
  query_request request;
  request.query = query;
  request.end_ns = start_ns;
  request.step_ns = step_ns;
  const auto plan = *query_plan::make(request, {});
  const double seconds = best_seconds([&] {
    query_stats stats;
    std::vector<leaf_result> leaves;
    leaves.push_back(*run_leaf(*plan, 0, blocks, cancellation(), stats));
    if (!finish(*plan, std::move(leaves), stats).ok()) std::abort();
  });
  return static_cast<double>(rows) / seconds;
}

double memcpy_rate() {
  std::vector<char> from(block_count << 20, 'a');
  std::vector<char> to(from.size());
  const double seconds = best_seconds([&] {
    std::memcpy(to.data(), from.data(), from.size());
    asm volatile("" : : "r"(to.data()) : "memory");
  });
  return static_cast<double>(from.size()) / seconds;
}

double memmem_rate() {
  const auto blocks = blocks_of(json_line);
  static const std::string needle = "9f86d081884c7d65";
  std::size_t bytes = 0;
  for (const auto& block : blocks) bytes += block->line_bytes();
  const double seconds = best_seconds([&] {
    for (const auto& block : blocks) {
      const std::string_view text = block->lines()->bytes;
      if (memmem(text.data(), text.size(), needle.data(), needle.size()) != nullptr) std::abort();
    }
  });
  return static_cast<double>(bytes) / seconds;
}

void run() {
  const double copied = memcpy_rate();
  table out(copied);
  out.limit("memcpy, 32 MiB", copied);
  out.limit("memmem of glibc, needle absent", memmem_rate());
  const char* pattern =
      "| pattern `<ip> - <user> [<_>] \"<method> <path> <_>\" <status> <size> <_>`";
  out.bytes("substring filter, absent", pipeline_rate(json_line, "|= `9f86d081884c7d65`", {}), 2e9);
  out.bytes("substring filter, in one of three lines",
            pipeline_rate(json_line, "|= `\"status\":5`", {}));
  out.bytes("regex with a literal",
            pipeline_rate(json_line, "|~ `\"status\":50[0-9],.*cart/[0-9]{2}`", {}));
  out.bytes("json, two needed fields near the start",
            pipeline_rate(json_line, "| json", {"level", "status"}));
  out.bytes("json, two needed fields, one nested near the end",
            pipeline_rate(json_line, "| json", {"status", "request_path"}), 0.6e9);
  out.bytes("json, all fields", pipeline_rate(json_line, "| json", {}));
  out.bytes("logfmt, two needed fields, one near the end",
            pipeline_rate(logfmt_line, "| logfmt", {"level", "path"}), 0.5e9);
  out.bytes("logfmt, all fields", pipeline_rate(logfmt_line, "| logfmt", {}));
  out.bytes("pattern, all captures", pipeline_rate(nginx_line, pattern, {}), 0.4e9);
  out.bytes("pattern, two needed captures",
            pipeline_rate(nginx_line, pattern, {"method", "status"}));
  out.row("count_over_time by timestamps",
          entry_rate("sum(count_over_time({app=\"shop\"}[10s]))", 10 * second), 50e6, "M/s  ", 1e6);
  out.row("count_over_time behind a filter that passes all",
          entry_rate("sum(count_over_time({app=\"shop\"} |= \"level\" [10s]))", 10 * second), 0,
          "M/s  ", 1e6);
  out.row("count_over_time of each stream, 1 m by 10 s",
          entry_rate("count_over_time({app=\"shop\"}[1m])", 10 * second), 0, "M/s  ", 1e6);
}

}  // namespace
}  // namespace skald::logql

int main() {
  skald::logql::run();
}
