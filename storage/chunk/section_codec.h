// SPDX-License-Identifier: Apache-2.0
// Sections: header, checksum and compression. The only place that knows zstd. Layout:
// docs/formats/pack.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "storage/chunk/byte_buffer.h"
#include "storage/chunk/pack_format.h"

namespace skald {

// A section with its header; absent if it has no bytes.
struct section_place {
  std::uint64_t offset = 0;  // in the pack
  std::uint64_t bytes = 0;
};

// For messages: "LINES", "TS" and so on; a number for unknown types.
std::string section_name(std::uint8_t type);

// Compresses. One thread at a time; keeps a context of about 1 MiB.
class compressor {
 public:
  explicit compressor(int level = 1);
  ~compressor();
  compressor(const compressor&) = delete;
  compressor& operator=(const compressor&) = delete;

  // Appends one zstd frame of `bytes` to `out` and returns its length. When the frame would not be
  // at least 3 % smaller than the bytes, nothing is appended and 0 returned.
  std::size_t append_if_smaller(std::string_view bytes, std::string& out);

 private:
  struct context;
  std::unique_ptr<context> context_;
};

// Inflates one frame into exactly `out_bytes` at `out`. False when it is damaged or has another
// length. Uses a context of the calling thread.
bool inflate_frame(std::string_view frame, char* out, std::size_t out_bytes);

// Appends a whole section: constant if all bytes are equal, compressed if that pays, else raw.
// Returns the bytes appended, header included. `payload` must be at most section_bytes_max.
std::size_t append_section(section_type type, std::string_view payload, compressor& zstd,
                           std::string& out);
// The same without trying to compress.
std::size_t append_raw_section(section_type type, std::string_view payload, std::string& out);

// A section found in foreign bytes; `stored` points into them.
struct section_view {
  std::uint8_t type = 0;
  section_codec codec = section_codec::raw;
  std::uint32_t inflated_bytes = 0;
  std::string_view stored;
  bool is(section_type wanted) const { return type == static_cast<std::uint8_t>(wanted); }
};

// Takes the section at the front of `bytes` and removes it from them. Checks bounds, checksum and
// codec. Errors: corrupt.
result<section_view> take_section(std::string_view& bytes);

// The payload of a section. `memory` holds it unless it is stored raw; then it points into the
// stored bytes. Errors: corrupt.
result<std::string_view> inflate_section(const section_view& section, byte_buffer& memory);

}  // namespace skald
