// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/generated_streams.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace skald {
namespace {

// A fixed generator and fixed arithmetic: golden files depend on it (standard distributions differ
// between libraries).
class dice {
 public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
  // Many small values, few large ones.
  std::uint64_t skewed(std::uint64_t bound) { return below(below(bound) + 1); }
  std::string hex(std::size_t digits) {
    std::string out;
    for (std::size_t i = 0; i < digits; ++i) out += "0123456789abcdef"[below(16)];
    return out;
  }
  template <std::size_t N>
  const char* one_of(const std::array<const char*, N>& words) {
    return words[skewed(N)];
  }

 private:
  std::mt19937_64 engine_;
};

constexpr std::array levels = {"info", "debug", "warn", "error"};
constexpr std::array verbs = {"GET", "POST", "PUT", "DELETE"};
constexpr std::array nouns = {"order", "cart", "user", "payment", "session", "invoice", "worker"};
constexpr std::array events = {"request completed",
                               "connection reset by peer",
                               "cache miss, loading from database",
                               "timeout, will retry",
                               "state changed",
                               "certificate has expired"};

std::string json_line(dice& random) {
  std::string line = R"({"level":")";
  line += random.one_of(levels);
  line += R"(","msg":")";
  line += random.one_of(events);
  line += R"(","trace_id":")" + random.hex(32);
  line += R"(","duration_ms":)" + std::to_string(random.skewed(5000));
  line += R"(,"status":)" + std::to_string(200 + random.skewed(4) * 100);
  return line + "}";
}

std::string logfmt_line(dice& random) {
  std::string line = "level=";
  line += random.one_of(levels);
  line += " caller=";
  line += random.one_of(nouns);
  line += ".go:" + std::to_string(random.below(400)) + " msg=\"";
  line += random.one_of(events);
  line += "\" id=" + std::to_string(random.below(100000)) + " took=";
  return line + std::to_string(random.skewed(900)) + "ms";
}

std::string access_line(dice& random) {
  std::string line;
  for (int i = 0; i < 4; ++i) line += (i > 0 ? "." : "") + std::to_string(random.below(255));
  line += " - - \"";
  line += random.one_of(verbs);
  line += " /api/v1/";
  line += random.one_of(nouns);
  line += "s/" + std::to_string(random.below(20000)) + " HTTP/1.1\" ";
  return line + std::to_string(200 + random.skewed(4) * 100) + " " +
         std::to_string(random.skewed(30000));
}

std::string text_line(dice& random) {
  std::string line = random.one_of(events);
  line += " [";
  line += random.one_of(nouns);
  return line + "-" + random.hex(8) + "]";
}

std::string make_line(dice& random, std::size_t kind) {
  switch (kind % 4) {
    case 0:
      return json_line(random);
    case 1:
      return logfmt_line(random);
    case 2:
      return access_line(random);
    default:
      return text_line(random);
  }
}

}  // namespace

stream_rows::stream_rows(std::string_view canonical_labels) {
  auto made = make_stream(canonical_labels);
  SKALD_ASSERT(made.ok());
  stream_ = *made;
}

void stream_rows::add(std::int64_t timestamp_ns, std::string_view line, const pairs& metadata) {
  timestamps_.push_back(timestamp_ns);
  bytes_ += line;
  bytes_ += '\n';
  starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  metadata_.push_back(metadata);
}

pack_input stream_rows::input() const {
  flat_pairs_.clear();
  pair_starts_.assign(1, 0);
  for (const pairs& row : metadata_) {
    for (const auto& [name, value] : row) flat_pairs_.push_back({name, value});
    pair_starts_.push_back(static_cast<std::uint32_t>(flat_pairs_.size()));
  }
  pack_input made{stream_, timestamps_, {bytes_, starts_}, {}};
  if (!flat_pairs_.empty()) made.metadata = {pair_starts_, flat_pairs_};
  return made;
}

std::vector<stream_rows> generate_streams(const generated_options& options) {
  dice random(options.seed);
  std::vector<stream_rows> streams;
  std::vector<std::int64_t> now;
  for (std::size_t i = 0; i < options.streams; ++i) {
    char labels[128];
    std::snprintf(labels, sizeof(labels),
                  R"({app="app-%02zu", namespace="ns-%zu", pod="pod-%05zu"})", i % options.apps,
                  i % 3, i);
    streams.emplace_back(std::string_view(labels));
    now.push_back(options.start_ns + static_cast<std::int64_t>(random.below(1'000'000'000)));
  }
  for (std::size_t i = 0; i < options.rows; ++i) {
    // The first streams get most rows, and each gets one.
    const std::size_t at = i < options.streams ? i : random.skewed(options.streams);
    const std::size_t app = at % options.apps;
    now[at] += static_cast<std::int64_t>(
        random.below(static_cast<std::uint64_t>(options.mean_gap_ns) * 2));
    stream_rows::pairs metadata;
    if (options.metadata && app == 1) {
      metadata = {{"trace_id", random.hex(32)}, {"region", random.one_of(nouns)}};
    }
    streams[at].add(now[at], make_line(random, app), metadata);
  }
  return streams;
}

std::vector<pack_input> inputs_of(const std::vector<stream_rows>& streams) {
  std::vector<pack_input> inputs;
  for (const stream_rows& one : streams) inputs.push_back(one.input());
  return inputs;
}

}  // namespace skald
