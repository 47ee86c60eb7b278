// SPDX-License-Identifier: Apache-2.0
#include "testing/bench/bench_lines.h"

namespace skald::logql {
namespace {

constexpr std::size_t block_bytes = 1 << 20;
constexpr std::int64_t row_distance_ns = 20'000'000;

std::string number(std::mt19937& random, unsigned below) {
  return std::to_string(random() % below);
}

const char* pick(std::mt19937& random, const std::vector<const char*>& of) {
  return of[random() % of.size()];
}

}  // namespace

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

bench_block::bench_block(line_maker make_line, unsigned seed, std::int64_t start_ns) : seed_(seed) {
  std::mt19937 random(seed);
  while (bytes_.size() < block_bytes) {
    timestamps_.push_back(start_ns + static_cast<std::int64_t>(rows()) * row_distance_ns);
    bytes_ += make_line(random) + "\n";
    starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  }
  run_.stream = *make_stream("{app=\"shop\", env=\"prod\"}");
  run_.row_count = static_cast<std::uint32_t>(rows());
  run_.min_timestamp_ns = timestamps_.front();
  run_.max_timestamp_ns = timestamps_.back();
  run_.line_bytes = bytes_.size() - rows();
}

std::int64_t bench_block::end_ns() const {
  return timestamps_.back() + row_distance_ns;
}

}  // namespace skald::logql
