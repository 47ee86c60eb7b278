// SPDX-License-Identifier: Apache-2.0
// Columns of unsigned integers as byte planes: the lowest bytes of all values, then the next ones,
// up to the highest byte that any value needs. Each plane is stored raw, as one constant byte, or
// compressed if that pays. Layout: docs/formats/pack.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "runtime/base/result.h"
#include "storage/chunk/byte_buffer.h"
#include "storage/chunk/byte_codec.h"
#include "storage/chunk/section_codec.h"

namespace skald {

// Encodes columns; keeps scratch memory. One thread at a time.
class plane_encoder {
 public:
  // With a null compressor planes are raw or constant only (for sections that are compressed as a
  // whole).
  void append(std::span<const std::uint64_t> values, compressor* zstd, std::string& out);

 private:
  std::string plane_;
  std::string frame_;
};

// Decodes as many values as `out` has. False when the bytes are malformed.
bool decode_planes(bounded_reader& from, std::span<std::uint64_t> out);
// The same; also false when a value needs more than 32 bits.
bool decode_planes(bounded_reader& from, std::span<std::uint32_t> out);

}  // namespace skald
