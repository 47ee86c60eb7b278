// SPDX-License-Identifier: Apache-2.0
// Columns of signed integers: differences to the smallest one, or between neighbours where that
// takes fewer bits, as byte planes. Layout: docs/formats/column_types.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "storage/chunk/byte_codec.h"
#include "storage/chunk/plane_codec.h"

namespace skald {

// How a column would be stored, and what it would cost before compression.
struct integer_plan {
  bool delta = false;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::uint64_t bits = 0;  // of all values; groups of neighbours are as wide as their widest
};

integer_plan plan_integers(std::span<const std::int64_t> values);

// Encodes; keeps scratch memory. One thread at a time.
class integer_encoder {
 public:
  // `plan` must be that of the values.
  void append(std::span<const std::int64_t> values, const integer_plan& plan, compressor& zstd,
              std::string& out);
  void append(std::span<const std::int64_t> values, compressor& zstd, std::string& out) {
    append(values, plan_integers(values), zstd, out);
  }

 private:
  plane_encoder planes_;
  std::vector<std::uint64_t> numbers_;
};

// Decodes as many values as `out` has. False when malformed.
bool decode_integers(bounded_reader& from, std::span<std::int64_t> out);

}  // namespace skald
