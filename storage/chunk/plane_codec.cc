// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/plane_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace skald {
namespace {

constexpr std::size_t planes_max = 8;

// A plane of a column: its bytes, or the one byte that all of them equal.
struct plane {
  const unsigned char* bytes = nullptr;
  unsigned char constant = 0;
};
using plane_list = std::array<plane, planes_max>;

// Planes of `rows` bytes each; `memory` keeps those that had to be inflated. Returns false when
// malformed.
bool read_planes(bounded_reader& from, std::size_t rows, std::size_t count_max, plane_list& planes,
                 std::array<byte_buffer, planes_max>& memory) {
  const std::size_t count = from.varint_up_to(count_max);
  for (std::size_t i = 0; i < count; ++i) {
    const auto codec = static_cast<section_codec>(from.fixed<std::uint8_t>());
    if (codec == section_codec::constant) {
      planes[i].constant = from.fixed<std::uint8_t>();
    } else if (codec == section_codec::raw) {
      planes[i].bytes = reinterpret_cast<const unsigned char*>(from.take(rows).data());
    } else if (codec == section_codec::zstd) {
      const std::string_view frame = from.take(from.varint());
      if (from.failed()) return false;
      memory[i].resize(rows);
      if (!inflate_frame(frame, memory[i].data(), rows)) return false;
      planes[i].bytes = reinterpret_cast<const unsigned char*>(memory[i].data());
    } else {
      return false;
    }
    if (from.failed()) return false;
  }
  return !from.failed();
}

template <class Value>
void join_rows(const plane_list& planes, std::size_t from_row, std::span<Value> out) {
  for (std::size_t row = from_row; row < out.size(); ++row) {
    Value value = 0;
    for (std::size_t i = 0; i < sizeof(Value); ++i) {
      const Value byte = planes[i].bytes != nullptr ? planes[i].bytes[row] : planes[i].constant;
      value |= byte << (8 * i);
    }
    out[row] = value;
  }
}

#if defined(__x86_64__)
__m128i load_plane(const plane& one, std::size_t row) {
  if (one.bytes == nullptr) return _mm_set1_epi8(static_cast<char>(one.constant));
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(one.bytes + row));
}

void store(void* to, __m128i value) {
  _mm_storeu_si128(static_cast<__m128i*>(to), value);
}

// 16 rows of 4 planes become 16 values of 32 bits, in `out`.
void interleave_four(const plane* planes, std::size_t row, __m128i out[4]) {
  const __m128i p0 = load_plane(planes[0], row);
  const __m128i p1 = load_plane(planes[1], row);
  const __m128i p2 = load_plane(planes[2], row);
  const __m128i p3 = load_plane(planes[3], row);
  const __m128i low01 = _mm_unpacklo_epi8(p0, p1);
  const __m128i high01 = _mm_unpackhi_epi8(p0, p1);
  const __m128i low23 = _mm_unpacklo_epi8(p2, p3);
  const __m128i high23 = _mm_unpackhi_epi8(p2, p3);
  out[0] = _mm_unpacklo_epi16(low01, low23);
  out[1] = _mm_unpackhi_epi16(low01, low23);
  out[2] = _mm_unpacklo_epi16(high01, high23);
  out[3] = _mm_unpackhi_epi16(high01, high23);
}

std::size_t join_blocks(const plane_list& planes, std::span<std::uint32_t> out) {
  std::size_t row = 0;
  for (; row + 16 <= out.size(); row += 16) {
    __m128i words[4];
    interleave_four(planes.data(), row, words);
    for (int i = 0; i < 4; ++i) store(out.data() + row + 4 * i, words[i]);
  }
  return row;
}

std::size_t join_blocks(const plane_list& planes, std::span<std::uint64_t> out) {
  std::size_t row = 0;
  for (; row + 16 <= out.size(); row += 16) {
    __m128i low[4];
    __m128i high[4];
    interleave_four(planes.data(), row, low);
    interleave_four(planes.data() + 4, row, high);
    for (int i = 0; i < 4; ++i) {
      store(out.data() + row + 4 * i, _mm_unpacklo_epi32(low[i], high[i]));
      store(out.data() + row + 4 * i + 2, _mm_unpackhi_epi32(low[i], high[i]));
    }
  }
  return row;
}
#else
template <class Value>
std::size_t join_blocks(const plane_list&, std::span<Value>) {
  return 0;
}
#endif

// Whether bytes look as if all were equally frequent, like low bytes of times: then compression
// gains nothing. Told from a sample, by how many pairs of equal bytes it has; 511 are expected of
// such bytes, and where 3 % can be gained more than 700.
bool looks_uniform(std::string_view bytes) {
  constexpr std::size_t sample_bytes = 512;
  constexpr std::uint32_t pairs_max = 570;
  if (bytes.size() < 2 * sample_bytes) return false;
  std::array<std::uint16_t, 256> counts{};
  std::uint32_t pairs = 0;
  for (const char byte : bytes.substr((bytes.size() - sample_bytes) / 2, sample_bytes)) {
    pairs += counts[static_cast<unsigned char>(byte)]++;
  }
  return pairs < pairs_max;
}

template <class Value>
bool decode(bounded_reader& from, std::span<Value> out) {
  plane_list planes;
  std::array<byte_buffer, planes_max> memory;
  if (!read_planes(from, out.size(), sizeof(Value), planes, memory)) return false;
  join_rows(planes, join_blocks(planes, out), out);
  return true;
}

}  // namespace

void plane_encoder::append(std::span<const std::uint64_t> values, compressor* zstd,
                           std::string& out) {
  std::uint64_t any = 0;
  std::uint64_t all = ~std::uint64_t{0};
  for (const std::uint64_t value : values) {
    any |= value;
    all &= value;
  }
  const auto count = static_cast<std::size_t>((std::bit_width(any) + 7) / 8);
  append_varint(out, count);
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned shift = 8 * static_cast<unsigned>(i);
    if (((any ^ all) >> shift & 0xff) == 0) {
      out.push_back(static_cast<char>(section_codec::constant));
      out.push_back(static_cast<char>(any >> shift));
      continue;
    }
    plane_.resize(values.size());
    for (std::size_t row = 0; row < values.size(); ++row) {
      plane_[row] = static_cast<char>(values[row] >> shift);
    }
    frame_.clear();
    if (zstd != nullptr && !looks_uniform(plane_) && zstd->append_if_smaller(plane_, frame_) > 0) {
      out.push_back(static_cast<char>(section_codec::zstd));
      append_varint(out, frame_.size());
      out += frame_;
    } else {
      out.push_back(static_cast<char>(section_codec::raw));
      out += plane_;
    }
  }
}

bool decode_planes(bounded_reader& from, std::span<std::uint64_t> out) {
  return decode(from, out);
}

bool decode_planes(bounded_reader& from, std::span<std::uint32_t> out) {
  return decode(from, out);
}

}  // namespace skald
