// SPDX-License-Identifier: Apache-2.0
// What packs cost: encode (of one input per stream, and of slices as they come by push), open,
// decode by column, fields, rows with a text, and skip filter probing. All rates are per byte of
// lines (a newline counted with each); "seconds per GB" is 1 / (bytes per second) * 1e9. The rows
// are 24 MiB of generated log lines of 400 streams, or those of the file named by SKALD_BENCH_ROWS
// (made by corpus_rows.py).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <limits>
#include <sstream>

#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_writer.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

// Rows from a file; see corpus_rows.py for its layout.
std::vector<stream_rows> read_streams(const char* path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream all;
  all << file.rdbuf();
  const std::string bytes = std::move(all).str();
  std::size_t at = 0;
  const auto text = [&](std::size_t size) {
    SKALD_ASSERT(size <= bytes.size() - at);
    at += size;
    return std::string_view(bytes).substr(at - size, size);
  };
  const auto number = [&]<class Integer>(Integer) {
    Integer value{};
    std::memcpy(&value, text(sizeof(value)).data(), sizeof(value));
    return value;
  };
  std::vector<stream_rows> streams;
  const auto count = number(std::uint32_t{});
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto label_bytes = number(std::uint32_t{});
    const auto rows = number(std::uint32_t{});
    stream_rows& stream = streams.emplace_back(text(label_bytes));
    for (std::uint32_t row = 0; row < rows; ++row) {
      const auto timestamp = number(std::int64_t{});
      const auto line_bytes = number(std::uint32_t{});
      const auto pairs = number(std::uint32_t{});
      const std::string_view line = text(line_bytes);
      stream_rows::pairs metadata;
      for (std::uint32_t pair = 0; pair < pairs; ++pair) {
        const auto name = number(std::uint32_t{});
        const auto value = number(std::uint32_t{});
        metadata.emplace_back(text(name), text(value));
      }
      stream.add(timestamp, line, metadata);
    }
  }
  return streams;
}

class corpus {
 public:
  static corpus& get(column_use columns) {
    static corpus plain(column_use::never);
    static corpus structured(column_use::where_smaller);
    return columns == column_use::never ? plain : structured;
  }

  const std::vector<pack_input>& inputs() const { return inputs_; }
  // The same rows in inputs of `rows_max` rows: first those of all streams, then the next ones.
  std::vector<pack_input> slices(std::size_t rows_max) {
    std::vector<pack_input> made;
    bool more = true;
    for (std::size_t first = 0; more; first += rows_max) {
      more = false;
      for (const pack_input& input : inputs_) {
        if (first >= input.timestamps.size()) continue;
        more = true;
        made.push_back(slice(input, first, std::min(rows_max, input.timestamps.size() - first)));
      }
    }
    return made;
  }
  std::int64_t raw_bytes() const { return raw_bytes_; }
  std::int64_t stored_bytes() const { return static_cast<std::int64_t>(stored_bytes_); }
  const std::shared_ptr<const pack_reader>& reader() const { return reader_; }

  block_list blocks() const {
    return std::move(*reader_->blocks(selection_, {0, std::numeric_limits<std::int64_t>::max()}));
  }
  object_store& store() { return store_; }

 private:
  pack_input slice(const pack_input& input, std::size_t first, std::size_t rows) {
    const auto from = input.lines.starts.subspan(first, rows + 1);
    auto& starts = slice_starts_.emplace_back(from.begin(), from.end());
    for (std::uint32_t& start : starts) start -= from.front();
    pack_input made = input;
    made.timestamps = input.timestamps.subspan(first, rows);
    made.lines = {input.lines.bytes.substr(from.front(), starts.back()), starts};
    if (!input.metadata.empty()) {
      made.metadata.starts = input.metadata.starts.subspan(first, rows + 1);
    }
    return made;
  }

  static const std::vector<stream_rows>& streams() {
    static const std::vector<stream_rows> made = [] {
      const char* path = std::getenv("SKALD_BENCH_ROWS");
      if (path != nullptr) return read_streams(path);
      return generate_streams({.streams = 400, .apps = 8, .rows = 330'000});
    }();
    return made;
  }

  explicit corpus(column_use columns) : inputs_(inputs_of(streams())) {
    for (const pack_input& input : inputs_) {
      raw_bytes_ += static_cast<std::int64_t>(input.lines.bytes.size());
    }
    pack_writer writer({.columns = columns});
    const auto written = writer.write({"bench", "bench", 1, 1}, inputs_);
    SKALD_ASSERT(written.ok() && store_.put("p", written->views()).ok());
    stored_bytes_ = written->bytes;
    reader_ = pack_reader::open(store_, "p").value();
    for (std::uint32_t i = 0; i < reader_->chunk_count(); ++i) {
      selection_.push_back({i, reader_->stream(i).value()});
    }
  }

  std::vector<pack_input> inputs_;
  std::deque<std::vector<std::uint32_t>> slice_starts_;
  std::int64_t raw_bytes_ = 0;
  std::uint64_t stored_bytes_ = 0;
  memory_store store_;
  std::shared_ptr<const pack_reader> reader_;
  std::vector<chunk_selection> selection_;
};

// The form of the lines is the benchmark's first argument: 0 plain, 1 by shape where smaller.
column_use form_of(const benchmark::State& state) {
  return state.range(0) == 0 ? column_use::never : column_use::where_smaller;
}

void report(benchmark::State& state) {
  const corpus& of = corpus::get(form_of(state));
  state.SetBytesProcessed(state.iterations() * of.raw_bytes());
  state.counters["stored_per_raw"] =
      static_cast<double>(of.stored_bytes()) / static_cast<double>(of.raw_bytes());
}

// The second argument: whether to write skip filters.
void Encode(benchmark::State& state) {
  corpus& of = corpus::get(form_of(state));
  pack_writer writer({.filters = state.range(1) != 0, .columns = form_of(state)});
  for (auto _ : state) {
    auto written = writer.write({"bench", "bench", 1, 1}, of.inputs());
    benchmark::DoNotOptimize(written->bytes);
  }
  report(state);
}
BENCHMARK(Encode)->Args({0, 0})->Args({1, 0})->Args({1, 1})->Unit(benchmark::kMillisecond);

// The first argument: rows per input.
void EncodeSlices(benchmark::State& state) {
  corpus& of = corpus::get(column_use::where_smaller);
  const auto inputs = of.slices(static_cast<std::size_t>(state.range(0)));
  pack_writer writer;
  for (auto _ : state) {
    auto written = writer.write({"bench", "bench", 1, 1}, inputs);
    benchmark::DoNotOptimize(written->bytes);
  }
  state.SetBytesProcessed(state.iterations() * of.raw_bytes());
  state.counters["inputs"] = static_cast<double>(inputs.size());
}
BENCHMARK(EncodeSlices)->Arg(6)->Arg(100)->Unit(benchmark::kMillisecond);

void Open(benchmark::State& state) {
  corpus& of = corpus::get(form_of(state));
  for (auto _ : state) benchmark::DoNotOptimize(pack_reader::open(of.store(), "p").value());
}
BENCHMARK(Open)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

template <class Read>
void read_blocks(benchmark::State& state, Read read) {
  corpus& of = corpus::get(form_of(state));
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
BENCHMARK(DecodeTimestamps)->Arg(1)->Unit(benchmark::kMillisecond);

void DecodeLines(benchmark::State& state) {
  read_blocks(state, [](log_block& block) {
    benchmark::DoNotOptimize(block.lines().value().bytes.back());
  });
}
BENCHMARK(DecodeLines)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void DecodeMetadata(benchmark::State& state) {
  read_blocks(state, [](log_block& block) {
    benchmark::DoNotOptimize(block.metadata().value().pairs.size());
  });
}
BENCHMARK(DecodeMetadata)->Arg(1)->Unit(benchmark::kMillisecond);

// One label of all rows; says how many of them are known.
void Field(benchmark::State& state, line_format_kind format, const char* label) {
  std::size_t known = 0;
  std::size_t rows = 0;
  read_blocks(state, [&](log_block& block) {
    const field_column* field = block.field(format, label).value();
    if (field == nullptr) return;
    rows += field->codes.size();
    for (const std::uint32_t code : field->codes) known += code != field_column::unknown ? 1 : 0;
  });
  state.counters["known"] = static_cast<double>(known) / static_cast<double>(rows);
}
BENCHMARK_CAPTURE(Field, level, line_format_kind::json, "level")
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Field, trace_id, line_format_kind::json, "trace_id")
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);

// Rows with a text, and their lines; all lines where that is not to be told from columns.
void Text(benchmark::State& state, const char* text) {
  std::size_t rows = 0;
  read_blocks(state, [&](log_block& block) {
    const auto found = block.rows_with_text(text, false).value();
    if (!found.has_value()) {
      benchmark::DoNotOptimize(block.lines().value().bytes.find(text));
    } else if (!found->empty()) {
      rows += found->size();
      benchmark::DoNotOptimize(block.lines_of(*found).value().bytes.size());
    }
  });
  state.counters["rows"] = static_cast<double>(rows) /
                           static_cast<double>(std::max<std::int64_t>(state.iterations(), 1));
}
BENCHMARK_CAPTURE(Text, absent, "no such text")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Text, status, "\"status\":503")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Text, hex, "0123456789abcdef0123456789abcdef")
    ->Arg(0)
    ->Arg(1)
    ->Unit(benchmark::kMillisecond);

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
BENCHMARK_CAPTURE(Probe, rare, "0123456789abcdef0123456789abcdef")
    ->Arg(1)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(Probe, frequent, "request completed")->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace skald
