// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/section_codec.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "runtime/base/crc32c.h"
#include "storage/chunk/byte_codec.h"

namespace skald {
namespace {

constexpr std::size_t crc_offset = 12;
// A frame's head and tables take more than there is to gain from less.
constexpr std::size_t frame_payload_min = 32;

bool all_equal(std::string_view bytes) {
  return !bytes.empty() && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

// Appends a header whose lengths and checksum are set by finish_section().
std::size_t begin_section(section_type type, std::string& out) {
  const std::size_t start = out.size();
  out.append(section_header_bytes, '\0');
  out[start] = static_cast<char>(type);
  return start;
}

std::size_t finish_section(std::size_t start, section_codec codec, std::size_t inflated_bytes,
                           std::string& out) {
  const std::size_t stored = out.size() - start - section_header_bytes;
  SKALD_ASSERT(inflated_bytes <= section_bytes_max);
  char* header = out.data() + start;
  header[1] = static_cast<char>(codec);
  const auto lengths = {static_cast<std::uint32_t>(stored),
                        static_cast<std::uint32_t>(inflated_bytes)};
  std::memcpy(header + 4, lengths.begin(), 8);
  std::uint32_t crc = crc32c({header, crc_offset});
  crc = crc32c({header + section_header_bytes, stored}, crc);
  std::memcpy(header + crc_offset, &crc, sizeof(crc));
  return out.size() - start;
}

error corrupt_section(std::uint8_t type, const std::string& why) {
  return {errc::corrupt, "section " + section_name(type) + ": " + why};
}

ZSTD_DCtx* this_thread_inflater() {
  struct holder {
    ZSTD_DCtx* context = ZSTD_createDCtx();
    ~holder() { ZSTD_freeDCtx(context); }
  };
  thread_local holder owned;
  return owned.context;
}

}  // namespace

std::string section_name(std::uint8_t type) {
  switch (static_cast<section_type>(type)) {
    case section_type::timestamps:
      return "TS";
    case section_type::lengths:
      return "LEN";
    case section_type::lines:
      return "LINES";
    case section_type::metadata:
      return "META";
    case section_type::rows:
      return "ROWS";
    case section_type::shapes:
      return "SHAPES";
    case section_type::column_directory:
      return "COLDIR";
    case section_type::column:
      return "COL";
    case section_type::skip_filter:
      return "FILTER";
    case section_type::labels:
      return "LABELS";
    case section_type::segments:
      return "SEGMENTS";
    case section_type::fingerprints:
      return "FINGERPRINTS";
    case section_type::chunks:
      return "CHUNKS";
    case section_type::info:
      return "INFO";
  }
  return "of type " + std::to_string(type);
}

struct compressor::context {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  byte_buffer frame;
  ~context() { ZSTD_freeCCtx(zstd); }
};

compressor::compressor(int level) : context_(std::make_unique<context>()) {
  SKALD_ASSERT(context_->zstd != nullptr);
  ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_compressionLevel, level);
  // A segment is a little over 1 MiB, and level 1 alone would look back half of one.
  if (level < 3) ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_windowLog, 20);
  // The section's header has length and checksum already.
  ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_contentSizeFlag, 0);
  ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_checksumFlag, 0);
}

compressor::~compressor() = default;

std::size_t compressor::append_if_smaller(std::string_view bytes, std::string& out) {
  if (bytes.size() < frame_payload_min) return 0;
  // Into memory of its own first: growing `out` to the bound would leave it six times too large.
  byte_buffer& frame = context_->frame;
  frame.resize(ZSTD_compressBound(bytes.size()));
  const std::size_t stored =
      ZSTD_compress2(context_->zstd, frame.data(), frame.size(), bytes.data(), bytes.size());
  SKALD_ASSERT(!ZSTD_isError(stored));
  if (stored + bytes.size() / 32 >= bytes.size()) return 0;
  out.append(frame.data(), stored);
  return stored;
}

bool inflate_frame(std::string_view frame, char* out, std::size_t out_bytes) {
  const std::size_t got =
      ZSTD_decompressDCtx(this_thread_inflater(), out, out_bytes, frame.data(), frame.size());
  return !ZSTD_isError(got) && got == out_bytes;
}

std::size_t append_section(section_type type, std::string_view payload, compressor& zstd,
                           std::string& out) {
  const std::size_t start = begin_section(type, out);
  if (all_equal(payload)) {
    out.push_back(payload.front());
    return finish_section(start, section_codec::constant, payload.size(), out);
  }
  if (zstd.append_if_smaller(payload, out) > 0) {
    return finish_section(start, section_codec::zstd, payload.size(), out);
  }
  out.append(payload);
  return finish_section(start, section_codec::raw, payload.size(), out);
}

std::size_t append_raw_section(section_type type, std::string_view payload, std::string& out) {
  const std::size_t start = begin_section(type, out);
  out.append(payload);
  return finish_section(start, section_codec::raw, payload.size(), out);
}

result<section_view> take_section(std::string_view& bytes) {
  if (bytes.size() < section_header_bytes) return error{errc::corrupt, "section header cut off"};
  const char* header = bytes.data();
  section_view found;
  found.type = static_cast<std::uint8_t>(header[0]);
  const auto stored = load_fixed<std::uint32_t>(header + 4);
  found.inflated_bytes = load_fixed<std::uint32_t>(header + 8);
  if (stored > bytes.size() - section_header_bytes) {
    return corrupt_section(found.type, "stored length " + std::to_string(stored) + " of " +
                                           std::to_string(bytes.size() - section_header_bytes) +
                                           " bytes there");
  }
  found.stored = bytes.substr(section_header_bytes, stored);
  const std::uint32_t crc = crc32c(found.stored, crc32c({header, crc_offset}));
  if (crc != load_fixed<std::uint32_t>(header + crc_offset)) {
    return corrupt_section(found.type, "checksum does not match");
  }
  const auto codec = static_cast<std::uint8_t>(header[1]);
  if (codec > static_cast<std::uint8_t>(section_codec::zstd)) {
    return corrupt_section(found.type, "unknown codec " + std::to_string(codec));
  }
  found.codec = static_cast<section_codec>(codec);
  if (found.inflated_bytes > section_bytes_max) {
    return corrupt_section(found.type, "inflated length " + std::to_string(found.inflated_bytes) +
                                           " is over the limit");
  }
  bytes.remove_prefix(section_header_bytes + stored);
  return found;
}

result<std::string_view> inflate_section(const section_view& section, byte_buffer& memory) {
  const std::size_t bytes = section.inflated_bytes;
  switch (section.codec) {
    case section_codec::raw:
      if (section.stored.size() != bytes) {
        return corrupt_section(section.type, "raw with two different lengths");
      }
      return section.stored;
    case section_codec::constant:
      if (section.stored.size() != 1) {
        return corrupt_section(section.type, "constant of more than one byte");
      }
      memory.resize(bytes);
      std::fill_n(memory.data(), bytes, section.stored.front());
      return memory.view();
    case section_codec::zstd:
      memory.resize(bytes);
      if (!inflate_frame(section.stored, memory.data(), bytes)) {
        return corrupt_section(section.type, "does not inflate");
      }
      return memory.view();
  }
  return corrupt_section(section.type, "unknown codec");
}

}  // namespace skald
