// SPDX-License-Identifier: Apache-2.0
// Little-endian integers and varints: appended to strings by writers, taken from foreign bytes by
// readers.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace skald {

static_assert(std::endian::native == std::endian::little, "formats are read by memcpy");

template <class Integer>
void append_fixed(std::string& out, Integer value) {
  char bytes[sizeof(Integer)];
  std::memcpy(bytes, &value, sizeof(Integer));
  out.append(bytes, sizeof(Integer));
}

template <class Integer>
Integer load_fixed(const char* from) {
  Integer value;
  std::memcpy(&value, from, sizeof(Integer));
  return value;
}

// Seven bits per byte, low bits first, the high bit says that more follow: 1 to 10 bytes.
inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

// Signed values near zero become small: 0, -1, 1, -2 -> 0, 1, 2, 3.
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (0 - (value & 1)));
}

// Takes values from the front of foreign bytes. A read past the end or a malformed varint sets
// failed() and gives 0 or an empty view; further reads do the same, so one check after a group of
// reads is enough.
class bounded_reader {
 public:
  explicit bounded_reader(std::string_view bytes) : rest_(bytes) {}

  bool failed() const { return failed_; }
  std::size_t remaining() const { return rest_.size(); }
  // Nothing failed and nothing is left.
  bool finished() const { return !failed_ && rest_.empty(); }
  void fail() {
    failed_ = true;
    rest_ = {};
  }

  std::string_view take(std::uint64_t bytes) {
    if (bytes > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  template <class Integer>
  Integer fixed() {
    const std::string_view bytes = take(sizeof(Integer));
    return bytes.empty() ? Integer{0} : load_fixed<Integer>(bytes.data());
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }

  // A varint that must not exceed `most`.
  std::uint64_t varint_up_to(std::uint64_t most) {
    const std::uint64_t value = varint();
    if (value <= most) return value;
    fail();
    return 0;
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace skald
