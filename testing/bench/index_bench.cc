// SPDX-License-Identifier: Apache-2.0
// The index's cost: adding refs (new streams, known streams), bytes per ref before and after
// shipping, look-ups in one file of 100,000 streams and over a day of 96 slot files. Directory:
// $TEST_TMPDIR, else the working directory.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "storage/file/posix_file_system.h"
#include "storage/index/index_catalog.h"
#include "storage/index/index_shipment.h"

namespace skald {
namespace {

constexpr std::int64_t second = 1'000'000'000;

struct bench_directory {
  bench_directory() {
    const char* base = ::getenv("TEST_TMPDIR");
    std::string pattern = std::string(base != nullptr ? base : ".") + "/index_bench.XXXXXX";
    path = ::mkdtemp(pattern.data());
  }
  ~bench_directory() { std::filesystem::remove_all(path); }
  std::string path;
};

struct bench_rows {
  std::vector<std::string> labels;
  std::vector<index_row> rows;
};

// `count` streams of 100 apps with seven labels, sorted by app as a pack's directory is.
bench_rows make_rows(int count, std::int64_t start_ns, std::string_view pack) {
  bench_rows out;
  const int per_app = std::max(count / 100, 1);
  for (int i = 0; i < count; ++i) {
    const std::string app = "service-" + std::to_string(i / per_app);
    const std::string pod = app + "-" + std::to_string(i * 7919 % 100'000) + "-x7k2p";
    out.labels.push_back(label_set({{"app", app},
                                    {"cluster", "eu-west-1"},
                                    {"container", app},
                                    {"env", i % 3 == 0 ? "staging" : "production"},
                                    {"namespace", "team-" + std::to_string(i / per_app % 10)},
                                    {"node", "node-" + std::to_string(i % 50)},
                                    {"pod", pod}})
                             .canonical());
  }
  for (int i = 0; i < count; ++i) {
    // Nanoseconds without a pattern, as clients' clocks give them.
    const chunk_ref c{fingerprint_of(out.labels[i]),
                      "",
                      static_cast<std::uint32_t>(i),
                      start_ns + static_cast<std::int64_t>(i) * 2'654'435'761 % second,
                      start_ns + 600 * second + static_cast<std::int64_t>(i) * 40'503'771 % second,
                      static_cast<std::uint64_t>(100 + i % 900),
                      static_cast<std::uint64_t>(20'000 + i)};
    out.rows.push_back({out.labels[i], c, pack});
  }
  return out;
}

index_query query_for(std::vector<label_matcher> matchers) {
  index_query q;
  q.tenant = "fake";
  q.matchers = std::move(matchers);
  q.range = {0, INT64_MAX};
  return q;
}

label_matcher match(const char* name, match_op op, const char* value) {
  return label_matcher::make(name, op, value).value();
}

double shipped_size(index_file& file, const std::string& path) {
  static_cast<void>(file.finish().ok());
  posix_file_system files;
  const auto out = files.open(path + ".zst", open_mode::create_or_empty).value();
  return static_cast<double>(
      write_index_shipment(pieces_of(files.open(path, open_mode::read_only).value()), 3, *out)
          ->bytes);
}

void add_new_streams(benchmark::State& state) {
  const bench_rows rows =
      make_rows(static_cast<int>(state.range(0)), 0, "fake/19000/pack-0001.skp");
  double file_bytes = 0;
  double shipped_bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    bench_directory dir;
    auto file = index_file::open_writable(dir.path + "/f", 64 << 20).value();
    state.ResumeTiming();
    if (!file->add("fake", rows.rows).ok()) state.SkipWithError("add");
    state.PauseTiming();
    file_bytes = static_cast<double>(file->file_stats().file_bytes);
    if (shipped_bytes == 0) shipped_bytes = shipped_size(*file, dir.path + "/f");
    file.reset();
    state.ResumeTiming();
  }
  const auto count = static_cast<double>(rows.rows.size());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows.rows.size()));
  state.counters["file_bytes_per_ref"] = file_bytes / count;
  state.counters["shipped_bytes_per_ref"] = shipped_bytes / count;
}
BENCHMARK(add_new_streams)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

// The usual case: the streams of the pack before, with new chunks.
void add_known_streams(benchmark::State& state) {
  const int count = static_cast<int>(state.range(0));
  bench_rows rows = make_rows(count, 0, "pack-0");
  bench_directory dir;
  auto file = index_file::open_writable(dir.path + "/f", 64 << 20).value();
  static_cast<void>(file->add("fake", rows.rows).ok());
  const auto first_bytes = static_cast<double>(file->file_stats().file_bytes);
  int round = 0;
  for (auto _ : state) {
    state.PauseTiming();
    ++round;
    const std::string key = "fake/19000/pack-" + std::to_string(round) + ".skp";
    for (index_row& row : rows.rows) {
      row.shared_pack_key = key;
      row.chunk.min_timestamp_ns += 600 * second;
      row.chunk.max_timestamp_ns += 600 * second;
    }
    state.ResumeTiming();
    if (!file->add("fake", rows.rows).ok()) state.SkipWithError("add");
  }
  state.SetItemsProcessed(state.iterations() * count);
  const double shipped_bytes = shipped_size(*file, dir.path + "/f");
  state.counters["shipped_bytes_per_ref"] =
      shipped_bytes / static_cast<double>(file->file_stats().chunks);
  state.counters["file_bytes_per_ref"] =
      (static_cast<double>(file->file_stats().file_bytes) - first_bytes) /
      static_cast<double>(file->file_stats().chunks - static_cast<std::uint64_t>(count));
}
BENCHMARK(add_known_streams)
    ->Arg(1'000)
    ->Arg(10'000)
    ->Arg(100'000)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(5);

struct big_file {
  bench_directory dir;
  bench_rows rows = make_rows(100'000, 0, "fake/19000/pack-0001.skp");
  std::shared_ptr<index_file> file;
  big_file() {
    file = index_file::open_writable(dir.path + "/f", 64 << 20).value();
    static_cast<void>(file->add("fake", rows.rows).ok());
  }
};

big_file& shared_file() {
  static big_file file;
  return file;
}

void find_one_stream(benchmark::State& state) {
  const auto& big = shared_file();
  auto q = query_for(
      {match("app", match_op::equal, "service-7"), match("pod", match_op::regex, "service-7-3.*")});
  for (auto _ : state) benchmark::DoNotOptimize(big.file->chunk_refs(q));
}
BENCHMARK(find_one_stream)->Unit(benchmark::kMicrosecond);

void chunk_refs_of_an_app(benchmark::State& state) {
  const auto& big = shared_file();
  const auto q = query_for({match("app", match_op::equal, "service-7")});
  for (auto _ : state) benchmark::DoNotOptimize(big.file->chunk_refs(q));
}
BENCHMARK(chunk_refs_of_an_app)->Unit(benchmark::kMicrosecond);

void chunk_refs_of_everything(benchmark::State& state) {
  const auto& big = shared_file();
  const auto q = query_for({});
  for (auto _ : state) benchmark::DoNotOptimize(big.file->chunk_refs(q));
}
BENCHMARK(chunk_refs_of_everything)->Unit(benchmark::kMillisecond);

void regex_over_all_pods(benchmark::State& state) {
  const auto& big = shared_file();
  const auto q = query_for({match("pod", match_op::regex, ".*-1234.-.*")});
  for (auto _ : state) benchmark::DoNotOptimize(big.file->chunk_refs(q));
}
BENCHMARK(regex_over_all_pods)->Unit(benchmark::kMillisecond);

void labels_of_a_file(benchmark::State& state) {
  const auto& big = shared_file();
  const auto q = query_for({});
  for (auto _ : state) {
    benchmark::DoNotOptimize(big.file->label_names(q));
    benchmark::DoNotOptimize(big.file->label_values("app", q));
  }
}
BENCHMARK(labels_of_a_file)->Unit(benchmark::kMicrosecond);

// One day of 15-minute slots with 1000 streams each.
struct day_of_slots {
  bench_directory dir;
  posix_file_system files;
  struct stepping_clock final : clock {
    std::int64_t now_ns = 0;
    std::int64_t wall_now_ns() const override { return now_ns; }
    std::chrono::steady_clock::time_point now() const override { return {}; }
  } time;
  std::unique_ptr<index_catalog> catalog;
  day_of_slots() {
    catalog = index_catalog::open(dir.path + "/i", dir.path + "/c", {}, files, time).value();
    for (int slot = 0; slot < 96; ++slot, time.now_ns += 900 * second) {
      const std::string key = "pack-" + std::to_string(slot);
      const bench_rows rows = make_rows(1000, slot * 800 * second, key);
      static_cast<void>(catalog->add("fake", rows.rows).ok());
    }
  }
};

day_of_slots& shared_day() {
  static day_of_slots day;
  return day;
}

void labels_of_a_day(benchmark::State& state) {
  const auto& day = shared_day();
  const auto q = query_for({});
  for (auto _ : state) benchmark::DoNotOptimize(day.catalog->label_names(q));
}
BENCHMARK(labels_of_a_day)->Unit(benchmark::kMicrosecond);

void values_of_a_day(benchmark::State& state) {
  const auto& day = shared_day();
  const auto q = query_for({});
  for (auto _ : state) benchmark::DoNotOptimize(day.catalog->label_values("app", q));
}
BENCHMARK(values_of_a_day)->Unit(benchmark::kMicrosecond);

void narrow_query_of_a_day(benchmark::State& state) {
  const auto& day = shared_day();
  const auto q = query_for({match("app", match_op::equal, "service-7")});
  for (auto _ : state) benchmark::DoNotOptimize(day.catalog->chunk_refs(q));
}
BENCHMARK(narrow_query_of_a_day)->Unit(benchmark::kMicrosecond);

void series_of_a_day(benchmark::State& state) {
  const auto& day = shared_day();
  const auto q = query_for({match("app", match_op::equal, "service-7")});
  for (auto _ : state) benchmark::DoNotOptimize(day.catalog->series(q));
}
BENCHMARK(series_of_a_day)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace skald
