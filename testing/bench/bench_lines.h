// SPDX-License-Identifier: Apache-2.0
// Lines like those of common services, and blocks of about 1 MiB of them, for benchmarks of the
// query engine. The same seed gives the same block.
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "runtime/model/log_block.h"

namespace skald::logql {

using line_maker = std::string (*)(std::mt19937&);

std::string json_line(std::mt19937& random);
std::string logfmt_line(std::mt19937& random);
std::string nginx_line(std::mt19937& random);

class bench_block : public log_block {
 public:
  // Rows are 20 ms apart, from start_ns on.
  explicit bench_block(line_maker make_line, unsigned seed = 1, std::int64_t start_ns = 0);

  std::span<const row_run> runs() const override { return {&run_, 1}; }
  std::uint64_t arrival_order() const override { return seed_; }
  bool in_memory() const override { return true; }
  bool may_match(const skip_probe&) override { return true; }
  result<std::span<const std::int64_t>> timestamps() override {
    return std::span<const std::int64_t>(timestamps_);
  }
  result<line_column> lines() override { return line_column{bytes_, starts_}; }
  result<metadata_column> metadata() override { return metadata_column(); }
  text_flags flags() const override { return {true, true, false, false}; }
  block_read_stats read_stats() const override { return {}; }
  void release() override {}

  std::size_t line_bytes() const { return bytes_.size(); }
  std::size_t rows() const { return timestamps_.size(); }
  std::int64_t end_ns() const;  // behind the last row

 private:
  unsigned seed_;
  row_run run_;
  std::vector<std::int64_t> timestamps_;
  std::string bytes_;
  std::vector<std::uint32_t> starts_{0};
};

}  // namespace skald::logql
