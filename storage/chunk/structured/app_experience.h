// SPDX-License-Identifier: Apache-2.0
// What a writer has learnt of the lines of each app: whether shapes pay and which types its columns
// take. In memory only: losing it costs processor time, never data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "storage/chunk/structured/structured_writer.h"

namespace skald {

// Segments with fewer rows, or of which less than this part (one in so many) have a shape, are
// stored plain without a trial.
inline constexpr std::size_t structured_rows_min = 64;
inline constexpr std::size_t structured_share_min = 8;

class app_experience {
 public:
  column_hints hints;

  // Whether to encode the next segment by shape at all. After three losses in a row only every
  // second segment is, then every fourth, down to one in 256.
  bool tries_shapes();
  // Whether bytes by shape are surely worth it without compressing the lines for comparison. Every
  // 16th time the answer is no.
  bool trusts_shapes(std::size_t shape_bytes, std::size_t line_bytes);
  // Notes a comparison; true when shapes are at least 5 % smaller.
  bool compare(std::size_t shape_bytes, std::size_t plain_bytes, std::size_t line_bytes);

 private:
  double plain_per_byte_ = 0;  // of the last comparison; 0: none yet
  std::uint32_t trusted_ = 0;  // since then
  std::uint32_t losses_ = 0;   // in a row
  std::uint32_t wait_ = 0;     // segments until the next try
};

class app_experiences {
 public:
  // Valid until the next call.
  app_experience& of(std::string_view app);

 private:
  static constexpr std::size_t apps_max = 1024;
  std::unordered_map<std::string, app_experience> apps_;
};

}  // namespace skald
