// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/snappy_block.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "runtime/base/assert.h"

namespace skald {
namespace {

// An element is a tag byte, whose two low bits say what it is, and up to 4 bytes that belong to it.
constexpr unsigned literal_kind = 0;
constexpr unsigned near_copy_kind = 1;  // 11 bits of offset, 3 of them in the tag
constexpr unsigned copy_kind = 2;       // two bytes of offset; kind 3 has four

// All elements but long literals are at most so long; that much is always copied.
constexpr std::size_t block_bytes = 64;
constexpr unsigned short_literal_max = 60;

// What the tag alone says. The offset of a literal is that of a copy which is always sound, so that
// one comparison tells what needs care: long literals, and copies that overlap what they make.
struct element {
  std::uint8_t length = 0;
  std::uint8_t advance = 0;  // from behind the tag to the next tag
  std::uint16_t offset = 0;  // added to
  std::uint32_t mask = 0;    // these bits of the four bytes behind the tag
};

constexpr element element_of(unsigned tag) {
  const unsigned count = (tag >> 2) + 1;
  const auto length = static_cast<std::uint8_t>(count);
  switch (tag & 3) {
    case literal_kind:
      if (count > short_literal_max) return {block_bytes + 1, 0, block_bytes, 0};
      return {length, length, block_bytes, 0};
    case near_copy_kind:
      return {static_cast<std::uint8_t>(4 + (tag >> 2 & 7)), 1,
              static_cast<std::uint16_t>((tag >> 5) << 8), 0xFF};
    case copy_kind:
      return {length, 2, 0, 0xFFFF};
    default:
      return {length, 4, 0, 0xFFFFFFFF};
  }
}

constexpr auto elements = [] {
  std::array<element, 256> all{};
  for (unsigned tag = 0; tag < all.size(); ++tag) all[tag] = element_of(tag);
  return all;
}();

// Through four registers: an array between them would be written, too. The two may overlap.
void copy_block(char* to, const char* from) {
  using part = char __attribute__((vector_size(16)));
  static_assert(4 * sizeof(part) == block_bytes);
  part a, b, c, d;
  std::memcpy(&a, from, sizeof a);
  std::memcpy(&b, from + 16, sizeof b);
  std::memcpy(&c, from + 32, sizeof c);
  std::memcpy(&d, from + 48, sizeof d);
  std::memcpy(to, &a, sizeof a);
  std::memcpy(to + 16, &b, sizeof b);
  std::memcpy(to + 32, &c, sizeof c);
  std::memcpy(to + 48, &d, sizeof d);
}

class block_reader {
 public:
  block_reader(std::string_view elements_in, std::span<char> out)
      : in_(elements_in.data()),
        in_end_(in_ + elements_in.size()),
        out_begin_(out.data()),
        out_(out_begin_),
        out_end_(out_begin_ + out.size()) {}

  bool run() {
    while (in_ < in_end_) {
      take_fast();
      if (in_ < in_end_ && !take_one()) return false;
    }
    return out_ == out_end_;
  }

 private:
  // From an element on, that many bytes can be read and written without a look at the ends.
  bool has_room() const {
    return in_end_ - in_ > static_cast<std::ptrdiff_t>(2 * block_bytes) &&
           out_end_ - out_ >= static_cast<std::ptrdiff_t>(block_bytes);
  }

  // Takes elements up to the ends, or to one that needs care.
  void take_fast() {
    if (!has_room()) return;
    const char* in = in_;
    char* out = out_;
    const char* const in_last = in_end_ - 2 * block_bytes;
    char* const out_last = out_end_ - block_bytes;
    auto tag = static_cast<unsigned char>(*in);
    while (in < in_last && out <= out_last) {
      const element what = elements[tag];
      std::uint32_t behind = 0;
      std::memcpy(&behind, in + 1, sizeof behind);
      const std::size_t offset = std::size_t{behind & what.mask} + what.offset;
      if ((offset < what.length) | (offset > static_cast<std::size_t>(out - out_begin_)))
          [[unlikely]]
        break;
      // Chosen without a branch, which could not be foreseen.
      const std::uintptr_t is_literal = -std::uintptr_t{(tag & 3) == literal_kind};
      const auto from = reinterpret_cast<const char*>(
          (reinterpret_cast<std::uintptr_t>(in + 1) & is_literal) |
          (reinterpret_cast<std::uintptr_t>(out - offset) & ~is_literal));
      in += 1 + what.advance;
      tag = static_cast<unsigned char>(*in);
      copy_block(out, from);
      out += what.length;
    }
    in_ = in;
    out_ = out;
  }

  // Takes the next element, whatever it is, with all checks.
  bool take_one() {
    const auto tag = static_cast<unsigned char>(*in_++);
    if ((tag & 3) == literal_kind) return take_literal((tag >> 2) + 1u);
    const element what = elements[tag];
    std::uint32_t behind = 0;
    if (!take_integer(what.advance, behind)) return false;
    const std::size_t offset = std::size_t{behind} + what.offset;
    if (offset == 0 || offset > static_cast<std::size_t>(out_ - out_begin_) ||
        what.length > static_cast<std::size_t>(out_end_ - out_)) {
      return false;
    }
    const char* const from = out_ - offset;
    for (std::size_t i = 0; i < what.length; ++i) out_[i] = from[i];  // may read what it wrote
    out_ += what.length;
    return true;
  }

  bool take_literal(std::size_t length) {
    if (length > short_literal_max) {
      std::uint32_t less_one = 0;
      if (!take_integer(length - short_literal_max, less_one)) return false;
      length = std::size_t{less_one} + 1;
    }
    if (length > static_cast<std::size_t>(in_end_ - in_) ||
        length > static_cast<std::size_t>(out_end_ - out_)) {
      return false;
    }
    std::memcpy(out_, in_, length);
    in_ += length;
    out_ += length;
    return true;
  }

  // The least significant byte comes first.
  bool take_integer(std::size_t bytes, std::uint32_t& value) {
    if (bytes > static_cast<std::size_t>(in_end_ - in_)) return false;
    std::memcpy(&value, in_, bytes);
    in_ += bytes;
    return true;
  }

  const char* in_;
  const char* const in_end_;
  char* const out_begin_;
  char* out_;
  char* const out_end_;
};

// The varint in front: its value, and how long it is.
struct block_head {
  std::size_t inflated_bytes = 0;
  std::size_t bytes = 0;
};

std::optional<block_head> read_head(std::string_view block) {
  constexpr std::size_t bytes_max = 5;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes_max && i < block.size(); ++i) {
    const auto byte = static_cast<unsigned char>(block[i]);
    value |= std::uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte >= 0x80) continue;
    if (value > UINT32_MAX) return {};
    return block_head{value, i + 1};
  }
  return {};
}

}  // namespace

std::optional<std::size_t> snappy_inflated_bytes(std::string_view block) {
  const auto head = read_head(block);
  if (!head) return {};
  return head->inflated_bytes;
}

bool inflate_snappy(std::string_view block, std::span<char> out) {
  const auto head = read_head(block);
  if (!head) return false;
  SKALD_ASSERT(head->inflated_bytes == out.size());
  return block_reader(block.substr(head->bytes), out).run();
}

}  // namespace skald
