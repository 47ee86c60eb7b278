// SPDX-License-Identifier: Apache-2.0
// What typed columns cost per kind of value: encode, decode, decode of every 50th row, and search
// for a needle that no value holds. Rates are per byte of values, on columns of 8,000 rows (about
// what a segment has); ns_per_value is the same per value, ratio the stored bytes per byte.
#include <benchmark/benchmark.h>

#include "storage/chunk/column/column_decoder.h"
#include "storage/chunk/column/column_encoder.h"
#include "storage/chunk/column/generated_values.h"

namespace skald {
namespace {

constexpr std::size_t rows = 8000;

constexpr const char* kind_names[value_kinds] = {
    "level",    "route",    "number", "counter",  "duration",  "float_number",    "padded",
    "trace_id", "short_id", "uuid",   "iso_time", "nano_time", "common_log_time", "epoch_ms",
    "order_id", "message",  "mixed",  "binary",   "address"};

// A column whose values lie in one text, as those of a segment's lines do.
struct bench_column {
  explicit bench_column(int kind) {
    std::mt19937_64 random(static_cast<std::uint64_t>(kind) + 1);
    const value_column made = generate_column(static_cast<value_kind>(kind), rows, random);
    times_ns = made.times_ns;
    for (const std::string& one : made.texts) text += one + ",\"other_key\":\"";
    std::size_t at = 0;
    for (const std::string& one : made.texts) {
      values.emplace_back(text.data() + at, one.size());
      bytes += one.size();
      at += one.size() + 14;
    }
    column_encoder encoder;
    type = encoder.append(values, times_ns, column_type::none, zstd, payload);
  }

  std::string text;
  std::vector<std::string_view> values;
  std::vector<std::int64_t> times_ns;
  std::size_t bytes = 0;
  compressor zstd;
  std::string payload;
  column_type type = column_type::none;
};

void report(benchmark::State& state, const bench_column& column) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * column.bytes));
  state.counters["ns_per_value"] =
      benchmark::Counter(static_cast<double>(state.iterations() * rows) / 1e9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["ratio"] =
      static_cast<double>(column.payload.size()) / static_cast<double>(column.bytes);
  state.SetLabel(std::string(kind_names[state.range(0)]) + " " +
                 std::string(to_string(column.type)));
}

void BM_encode(benchmark::State& state) {
  bench_column column(static_cast<int>(state.range(0)));
  column_encoder encoder;
  std::string out;
  for (auto _ : state) {
    out.clear();
    encoder.append(column.values, column.times_ns, column.type, column.zstd, out);
    benchmark::DoNotOptimize(out.data());
  }
  report(state, column);
}

void BM_decode(benchmark::State& state) {
  const bench_column column(static_cast<int>(state.range(0)));
  column_decoder decoder;
  for (auto _ : state) {
    const auto decoded = decoder.decode(column.payload, rows, column.times_ns);
    if (!decoded.ok()) state.SkipWithError("does not decode");
    benchmark::DoNotOptimize(decoded->values.data());
    decoder.clear();
  }
  report(state, column);
}

void BM_decode_some(benchmark::State& state) {
  const bench_column column(static_cast<int>(state.range(0)));
  column_decoder decoder;
  std::vector<std::uint32_t> wanted;
  for (std::uint32_t row = 0; row < rows; row += 50) wanted.push_back(row);
  for (auto _ : state) {
    const auto decoded = decoder.decode_some(column.payload, rows, column.times_ns, wanted);
    if (!decoded.ok()) state.SkipWithError("does not decode");
    benchmark::DoNotOptimize(decoded->values.data());
    decoder.clear();
  }
  report(state, column);
}

void BM_find_absent(benchmark::State& state) {
  const bench_column column(static_cast<int>(state.range(0)));
  column_decoder decoder;
  std::vector<std::uint32_t> found;
  for (auto _ : state) {
    const auto done =
        decoder.find(column.payload, rows, column.times_ns, "0123456789abcdef", false, found);
    if (!done.ok() || !found.empty()) state.SkipWithError("found what is not there");
  }
  report(state, column);
}

BENCHMARK(BM_encode)->DenseRange(0, value_kinds - 1);
BENCHMARK(BM_decode)->DenseRange(0, value_kinds - 1);
BENCHMARK(BM_decode_some)->DenseRange(0, value_kinds - 1);
BENCHMARK(BM_find_absent)->DenseRange(0, value_kinds - 1);

}  // namespace
}  // namespace skald
