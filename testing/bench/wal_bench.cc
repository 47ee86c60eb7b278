// SPDX-License-Identifier: Apache-2.0
// The WAL's cost: group commit by group size, start on an empty directory, replay.
// CPU time is the figure to trust; wall time is the disk's. Directory: $TEST_TMPDIR, else the
// working directory.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

#include "runtime/base/clock.h"
#include "storage/file/posix_file_system.h"
#include "storage/wal/wal_replay.h"
#include "storage/wal/wal_writer.h"

namespace skald {
namespace {

struct bench_lane {
  bench_lane() {
    const char* base = ::getenv("TEST_TMPDIR");
    std::string pattern = std::string(base != nullptr ? base : ".") + "/wal_bench.XXXXXX";
    directory = ::mkdtemp(pattern.data());
  }
  ~bench_lane() { std::filesystem::remove_all(directory); }
  std::unique_ptr<wal_writer> open() {
    options.disk_full_share = 1.0;
    return std::move(*wal_writer::open(directory + "/lane", options, files, time, {}));
  }
  std::string directory;
  wal_options options;
  posix_file_system files;
  system_clock time;
};

// Groups of records of 64 KiB; everything is released at once, so segments are recycled after the
// first round.
void append_and_sync(benchmark::State& state) {
  bench_lane lane;
  auto writer = lane.open();
  const std::string body(64 << 10, 'x');
  const std::string_view parts[] = {body};
  const auto records = state.range(0);
  const auto write_group = [&] {
    for (std::int64_t i = 0; i < records; ++i) {
      if (!writer->append(wal_record_type::entries, 0, parts).ok()) state.SkipWithError("append");
    }
    if (!writer->sync().ok()) state.SkipWithError("sync");
    static_cast<void>(writer->release_below(writer->synced_sequence()).ok());
  };
  for (std::uint64_t bytes = 0; bytes < 5 * lane.options.segment_bytes;
       bytes += records * body.size()) {
    write_group();
  }
  for (auto _ : state) write_group();
  state.SetBytesProcessed(state.iterations() * records * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(append_and_sync)->Arg(1)->Arg(16)->Arg(128);

void first_sync_of_an_empty_lane(benchmark::State& state) {
  const std::string_view parts[] = {"record"};
  for (auto _ : state) {
    bench_lane lane;
    auto writer = lane.open();
    if (!writer->append(wal_record_type::entries, 0, parts).ok() || !writer->sync().ok()) {
      state.SkipWithError("sync");
    }
  }
}
BENCHMARK(first_sync_of_an_empty_lane)->Unit(benchmark::kMillisecond);

void replay(benchmark::State& state) {
  bench_lane lane;
  {
    auto writer = lane.open();
    const std::string body(64 << 10, 'x');
    const std::string_view parts[] = {body};
    for (int i = 0; i < 4096; ++i) {
      static_cast<void>(writer->append(wal_record_type::entries, 0, parts).ok());
      if (i % 16 == 15) static_cast<void>(writer->sync().ok());
    }
  }
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    const auto summary = wal_replay(lane.directory + "/lane", lane.files, [&](const wal_record& r) {
      bytes += r.body.size();
      return result<void>();
    });
    if (!summary.ok() || summary->records != 4096) state.SkipWithError("replay");
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(replay)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace skald
