// SPDX-License-Identifier: Apache-2.0
// What decoding push bodies costs, in CPU seconds per gigabyte of raw log lines (counter
// cpu_s_per_raw_GB). Input: SKALD_PUSH_CORPUS names a folder with push-pb.bin and push-json.bin
// (magic "SKBENCH1", then per body u32 length, u32 raw bytes, u32 lines, 4 bytes, body; little
// endian). Without it, bodies are made up.
#include <benchmark/benchmark.h>
#include <snappy.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "runtime/loki_api/push_codec.h"

namespace {

struct corpus {
  std::vector<std::string> bodies;
  std::size_t raw_bytes = 0;
  std::size_t body_bytes = 0;
};

std::uint32_t read_u32(const char* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return value;
}

corpus load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(file), {}};
  corpus out;
  constexpr std::size_t header_bytes = 16;
  for (std::size_t at = 8; at + header_bytes <= all.size();) {
    const std::size_t length = read_u32(&all[at]);
    out.raw_bytes += read_u32(&all[at + 4]);
    out.bodies.push_back(all.substr(at + header_bytes, length));
    out.body_bytes += length;
    at += header_bytes + length;
  }
  return out;
}

std::string made_up_line(std::size_t i) {
  return "level=info ts=2026-11-22T10:00:00Z caller=server.go:123 msg=\"request done\" id=" +
         std::to_string(i * 2654435761) + " status=200 duration=" + std::to_string(i % 977) + "ms";
}

corpus make_up(bool json) {
  corpus out;
  for (std::size_t body = 0; body < 20; ++body) {
    std::string text = R"({"streams":[{"stream":{"app":"bench"},"values":[)";
    std::string stream;
    protozero::pbf_writer writer(stream);
    writer.add_string(1, "{app=\"bench\"}");
    for (std::size_t i = 0; i < 5000; ++i) {
      const std::string line = made_up_line(body * 5000 + i);
      out.raw_bytes += line.size();
      if (i != 0) text += ',';
      text += "[\"1795362717157413373\",\"";
      for (const char c : line) text.append(c == '"' ? "\\\"" : std::string(1, c));
      text += "\"]";
      protozero::pbf_writer entry(writer, 2);
      {
        protozero::pbf_writer time(entry, 1);
        time.add_int64(1, 1795362717);
        time.add_int32(2, 157413373);
      }
      entry.add_string(2, line);
    }
    std::string message;
    protozero::pbf_writer(message).add_message(1, stream);
    std::string packed;
    snappy::Compress(message.data(), message.size(), &packed);
    out.bodies.push_back(json ? text + "]}]}" : packed);
    out.body_bytes += out.bodies.back().size();
  }
  return out;
}

const corpus& bodies(bool json) {
  static const auto pick = [](bool want_json) {
    const char* folder = std::getenv("SKALD_PUSH_CORPUS");
    if (folder == nullptr) return make_up(want_json);
    return load(std::string(folder) + (want_json ? "/push-json.bin" : "/push-pb.bin"));
  };
  static const corpus protobuf_bodies = pick(false);
  static const corpus json_bodies = pick(true);
  return json ? json_bodies : protobuf_bodies;
}

void decode_all(benchmark::State& state, bool json) {
  const corpus& input = bodies(json);
  const std::string_view type = json ? "application/json" : "application/x-protobuf";
  std::size_t entries = 0;
  for (auto _ : state) {
    state.PauseTiming();  // the server moves bodies in
    std::vector<std::string> bodies_of_round = input.bodies;
    state.ResumeTiming();
    for (std::string& body : bodies_of_round) {
      auto push = skald::decode_push(type, "", std::move(body), {});
      if (!push) return state.SkipWithError(push.error().message.c_str());
      entries += push->entries.size();
      benchmark::DoNotOptimize(push->entries.data());
    }
  }
  const double raw = static_cast<double>(input.raw_bytes) * static_cast<double>(state.iterations());
  state.SetBytesProcessed(static_cast<std::int64_t>(raw));
  state.counters["cpu_s_per_raw_GB"] =
      benchmark::Counter(raw / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["entries"] = static_cast<double>(entries);
}

// The floor of the protobuf form.
void BM_SnappyOnly(benchmark::State& state) {
  const corpus& input = bodies(false);
  std::string out;
  for (auto _ : state) {
    for (const std::string& body : input.bodies) {
      snappy::Uncompress(body.data(), body.size(), &out);
      benchmark::DoNotOptimize(out.data());
    }
  }
  const double raw = static_cast<double>(input.raw_bytes) * static_cast<double>(state.iterations());
  state.counters["cpu_s_per_raw_GB"] =
      benchmark::Counter(raw / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_DecodeProtobufSnappy(benchmark::State& state) {
  decode_all(state, false);
}
void BM_DecodeJson(benchmark::State& state) {
  decode_all(state, true);
}
BENCHMARK(BM_SnappyOnly)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_DecodeProtobufSnappy)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_DecodeJson)->Unit(benchmark::kMillisecond);

}  // namespace
