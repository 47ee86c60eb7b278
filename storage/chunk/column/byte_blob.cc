// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/byte_blob.h"

namespace skald {
namespace {

// A frame has 9 bytes or more around its content, and a call costs microseconds.
constexpr std::size_t compressed_bytes_min = 48;

}  // namespace

void append_blob(std::string_view bytes, compressor& zstd, std::string& out) {
  const std::size_t start = out.size();
  out.push_back(static_cast<char>(section_codec::zstd));
  if (bytes.size() >= compressed_bytes_min) {
    // The length is known only behind the frame, so its field has a fixed width.
    append_fixed(out, std::uint32_t{0});
    const std::size_t frame = zstd.append_if_smaller(bytes, out);
    if (frame > 0) {
      const auto length = static_cast<std::uint32_t>(frame);
      std::memcpy(out.data() + start + 1, &length, sizeof(length));
      return;
    }
    out.resize(start + 1);
  }
  out[start] = static_cast<char>(section_codec::raw);
  out += bytes;
}

std::optional<std::string_view> take_blob(bounded_reader& from, std::uint64_t size,
                                          column_arena& memory) {
  const auto codec = static_cast<section_codec>(from.fixed<std::uint8_t>());
  if (from.failed() || size > section_bytes_max) return std::nullopt;
  if (codec == section_codec::raw) {
    const std::string_view bytes = from.take(size);
    if (from.failed()) return std::nullopt;
    return bytes;
  }
  if (codec != section_codec::zstd) return std::nullopt;
  const std::string_view frame = from.take(from.fixed<std::uint32_t>());
  if (from.failed()) return std::nullopt;
  const std::span<char> bytes = memory.take_text(size);
  if (!inflate_frame(frame, bytes.data(), bytes.size())) return std::nullopt;
  return std::string_view(bytes.data(), bytes.size());
}

}  // namespace skald
