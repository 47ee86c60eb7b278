// SPDX-License-Identifier: Apache-2.0
// Streams of log-like rows for tests and benchmarks: same seed, same bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/model/labels.h"
#include "storage/chunk/pack_writer.h"

namespace skald {

// The rows of one stream with memory of their own; what a pack_input points to.
class stream_rows {
 public:
  explicit stream_rows(std::string_view canonical_labels);
  explicit stream_rows(stream_ptr stream) : stream_(std::move(stream)) {}

  using pairs = std::vector<std::pair<std::string, std::string>>;
  void add(std::int64_t timestamp_ns, std::string_view line, const pairs& metadata = {});
  // Valid until the next add().
  pack_input input() const;

  const stream_ptr& stream() const { return stream_; }
  std::size_t rows() const { return timestamps_.size(); }
  std::int64_t timestamp(std::size_t row) const { return timestamps_[row]; }
  std::string_view line(std::size_t row) const { return line_column{bytes_, starts_}.line(row); }
  const pairs& metadata(std::size_t row) const { return metadata_[row]; }

 private:
  stream_ptr stream_;
  std::vector<std::int64_t> timestamps_;
  std::string bytes_;
  std::vector<std::uint32_t> starts_{0};
  std::vector<pairs> metadata_;
  mutable std::vector<metadata_pair> flat_pairs_;
  mutable std::vector<std::uint32_t> pair_starts_;
};

struct generated_options {
  std::uint64_t seed = 1;
  std::size_t streams = 20;
  std::size_t apps = 4;
  std::size_t rows = 2000;  // over all streams
  std::int64_t start_ns = 1'700'000'000'000'000'000;
  std::int64_t mean_gap_ns = 5'000'000'000;  // between rows of one stream
  bool metadata = true;                      // on the streams of one app
};

// Streams of JSON, logfmt, access log and plain text lines, of very different lengths; each sorted
// by time.
std::vector<stream_rows> generate_streams(const generated_options& options);

std::vector<pack_input> inputs_of(const std::vector<stream_rows>& streams);

}  // namespace skald
