// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_format.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "runtime/base/crc32c.h"

namespace skald {
namespace {

static_assert(std::endian::native == std::endian::little, "fields are copied as they are");

constexpr std::string_view segment_magic = "SKALDWAL";
constexpr std::string_view segment_prefix = "segment-";
constexpr std::string_view segment_suffix = ".wal";
constexpr std::size_t segment_crc_offset = 52;

template <class T>
void store(char* out, std::size_t offset, T value) {
  std::memcpy(out + offset, &value, sizeof value);
}

template <class T>
T load(const char* in, std::size_t offset) {
  T value;
  std::memcpy(&value, in + offset, sizeof value);
  return value;
}

bool decode_header_copy(const char* in, wal_segment_header& out) {
  if (std::string_view(in, segment_magic.size()) != segment_magic) return false;
  if (crc32c({in, segment_crc_offset}) != load<std::uint32_t>(in, segment_crc_offset)) return false;
  out.version = load<std::uint32_t>(in, 8);
  out.lane = load<std::uint32_t>(in, 12);
  out.incarnation = load<std::uint64_t>(in, 16);
  out.segment = load<std::uint64_t>(in, 24);
  out.first_sequence = load<std::uint64_t>(in, 32);
  return true;
}

}  // namespace

std::uint32_t wal_record_seed(const wal_segment_header& segment) {
  char bytes[20];
  store(bytes, 0, segment.lane);
  store(bytes, 4, segment.incarnation);
  store(bytes, 12, segment.segment);
  return crc32c({bytes, sizeof bytes});
}

void encode_segment_header(const wal_segment_header& header, char* out) {
  std::memset(out, 0, wal_segment_header_bytes);
  std::memcpy(out, segment_magic.data(), segment_magic.size());
  store(out, 8, header.version);
  store(out, 12, header.lane);
  store(out, 16, header.incarnation);
  store(out, 24, header.segment);
  store(out, 32, header.first_sequence);
  store(out, segment_crc_offset, crc32c({out, segment_crc_offset}));
}

bool decode_segment_header(std::string_view block, wal_segment_header& out) {
  for (const std::uint64_t offset : {std::uint64_t{0}, wal_header_copy_offset}) {
    if (block.size() < offset + wal_segment_header_bytes) return false;
    if (decode_header_copy(block.data() + offset, out)) return true;
  }
  return false;
}

void encode_record_header(const wal_record_header& header, std::uint32_t seed, char* out) {
  store(out, 4, header.body_crc);
  store(out, 8, header.body_bytes);
  store(out, 12, header.shard);
  store(out, 16, header.sequence);
  store(out, 24, header.group_index);
  store(out, 28, static_cast<std::uint32_t>(header.type));
  store(out, 0, crc32c({out + 4, wal_record_header_bytes - 4}, seed));
}

wal_header_state decode_record_header(std::string_view bytes, std::uint32_t seed,
                                      wal_record_header& out) {
  const char* in = bytes.data();
  const auto type = load<std::uint32_t>(in, 28);
  if (type == 0) {  // no record has type 0, so only unused space can be all zero
    const bool zero = std::all_of(in, in + wal_record_header_bytes, [](char c) { return c == 0; });
    return zero ? wal_header_state::empty : wal_header_state::invalid;
  }
  if (type > 0xff) return wal_header_state::invalid;
  if (crc32c({in + 4, wal_record_header_bytes - 4}, seed) != load<std::uint32_t>(in, 0)) {
    return wal_header_state::invalid;
  }
  out.body_crc = load<std::uint32_t>(in, 4);
  out.body_bytes = load<std::uint32_t>(in, 8);
  out.shard = load<std::uint32_t>(in, 12);
  out.sequence = load<std::uint64_t>(in, 16);
  out.group_index = load<std::uint32_t>(in, 24);
  out.type = static_cast<wal_record_type>(type);
  return wal_header_state::valid;
}

std::string wal_segment_name(std::uint64_t segment) {
  char name[40];
  std::snprintf(name, sizeof name, "segment-%016llx.wal", static_cast<unsigned long long>(segment));
  return name;
}

std::uint64_t wal_segment_of_name(std::string_view name) {
  if (name.size() != segment_prefix.size() + 16 + segment_suffix.size() ||
      !name.starts_with(segment_prefix) || !name.ends_with(segment_suffix)) {
    return 0;
  }
  const char* digits = name.data() + segment_prefix.size();
  std::uint64_t segment = 0;
  const auto [end, problem] = std::from_chars(digits, digits + 16, segment, 16);
  return problem == std::errc() && end == digits + 16 ? segment : 0;
}

}  // namespace skald
