// SPDX-License-Identifier: Apache-2.0
// What packs cost: encode, open, decode by column, and skip filter probing. All rates are per byte
// of lines (a newline counted with each), on 24 MiB of generated log lines of 400 streams; "seconds
// per GB" is 1 / (bytes per second) * 1e9.
#include <benchmark/benchmark.h>

#include <limits>

#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_writer.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

class corpus {
 public:
  static corpus& get() {
    static corpus made;
    return made;
  }

  const std::vector<pack_input>& inputs() const { return inputs_; }
  std::int64_t raw_bytes() const { return raw_bytes_; }
  std::int64_t stored_bytes() const { return static_cast<std::int64_t>(stored_bytes_); }
  const std::shared_ptr<const pack_reader>& reader() const { return reader_; }

  block_list blocks() const {
    return std::move(*reader_->blocks(selection_, {0, std::numeric_limits<std::int64_t>::max()}));
  }
  object_store& store() { return store_; }

 private:
  corpus()
      : streams_(generate_streams({.streams = 400, .apps = 8, .rows = 330'000})),
        inputs_(inputs_of(streams_)) {
    for (const pack_input& input : inputs_) {
      raw_bytes_ += static_cast<std::int64_t>(input.lines.bytes.size());
    }
    pack_writer writer;
    const auto written = writer.write({"bench", "bench", 1, 1}, inputs_);
    SKALD_ASSERT(written.ok() && store_.put("p", written->views()).ok());
    stored_bytes_ = written->bytes;
    reader_ = pack_reader::open(store_, "p").value();
    for (std::uint32_t i = 0; i < reader_->chunk_count(); ++i) {
      selection_.push_back({i, reader_->stream(i).value()});
    }
  }

  std::vector<stream_rows> streams_;
  std::vector<pack_input> inputs_;
  std::int64_t raw_bytes_ = 0;
  std::uint64_t stored_bytes_ = 0;
  memory_store store_;
  std::shared_ptr<const pack_reader> reader_;
  std::vector<chunk_selection> selection_;
};

void report(benchmark::State& state) {
  const corpus& of = corpus::get();
  state.SetBytesProcessed(state.iterations() * of.raw_bytes());
  state.counters["stored_per_raw"] =
      static_cast<double>(of.stored_bytes()) / static_cast<double>(of.raw_bytes());
}

void Encode(benchmark::State& state) {
  corpus& of = corpus::get();
  pack_writer writer({.filters = state.range(0) != 0});
  for (auto _ : state) {
    auto written = writer.write({"bench", "bench", 1, 1}, of.inputs());
    benchmark::DoNotOptimize(written->bytes);
  }
  report(state);
}
BENCHMARK(Encode)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void Open(benchmark::State& state) {
  corpus& of = corpus::get();
  for (auto _ : state) benchmark::DoNotOptimize(pack_reader::open(of.store(), "p").value());
}
BENCHMARK(Open)->Unit(benchmark::kMicrosecond);

template <class Read>
void read_blocks(benchmark::State& state, Read read) {
  corpus& of = corpus::get();
  for (auto _ : state) {
    for (const auto& block : of.blocks()) {
      read(*block);
      block->release();
    }
  }
  report(state);
}

void DecodeTimestamps(benchmark::State& state) {
  read_blocks(
      state, [](log_block& block) { benchmark::DoNotOptimize(block.timestamps().value().back()); });
}
BENCHMARK(DecodeTimestamps)->Unit(benchmark::kMillisecond);

void DecodeLines(benchmark::State& state) {
  read_blocks(state, [](log_block& block) {
    benchmark::DoNotOptimize(block.lines().value().bytes.back());
  });
}
BENCHMARK(DecodeLines)->Unit(benchmark::kMillisecond);

void DecodeMetadata(benchmark::State& state) {
  read_blocks(state, [](log_block& block) {
    benchmark::DoNotOptimize(block.metadata().value().pairs.size());
  });
}
BENCHMARK(DecodeMetadata)->Unit(benchmark::kMillisecond);

// Filters in memory; says how many of the segments pass.
void Probe(benchmark::State& state, const char* needle) {
  skip_probe probe;
  probe.what = skip_probe::kind::text;
  probe.text = needle;
  std::size_t passed = 0;
  std::size_t asked = 0;
  read_blocks(state, [&](log_block& block) {
    passed += block.may_match(probe) ? 1 : 0;
    ++asked;
  });
  state.counters["passed"] = static_cast<double>(passed) / static_cast<double>(asked);
}
BENCHMARK_CAPTURE(Probe, rare, "0123456789abcdef0123456789abcdef")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Probe, frequent, "request completed")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace skald
