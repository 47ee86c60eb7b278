// SPDX-License-Identifier: Apache-2.0
// The TS section: the timestamps of a segment's runs. Layout: docs/formats/pack.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "storage/chunk/plane_codec.h"

namespace skald {

// Encodes; keeps scratch memory. One thread at a time.
class timestamp_encoder {
 public:
  // Appends the payload of a TS section. `run_rows` are the rows of each run, none of them 0, in
  // sum timestamps.size(); timestamps rise within a run.
  void append(std::span<const std::int64_t> timestamps, std::span<const std::uint32_t> run_rows,
              compressor& zstd, std::string& out);

 private:
  plane_encoder planes_;
  std::vector<std::uint64_t> deltas_;
};

// Decodes exactly `out.size()` timestamps. Errors: corrupt.
// `run_rows`, unless null, gets the number of rows of each run.
result<void> decode_timestamps(std::string_view payload, std::span<std::int64_t> out,
                               std::vector<std::uint32_t>* run_rows = nullptr);

}  // namespace skald
