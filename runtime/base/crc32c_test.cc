// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace skald {
namespace {

TEST(Crc32c, KnowsPublishedValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  EXPECT_EQ(crc32c(""), 0u);
}

// The fast form works in blocks of several sizes: every length around them, every alignment.
TEST(Crc32c, EqualsThePortableFormAtEveryLength) {
  std::mt19937_64 random(5);
  std::string text(12'000, '\0');
  for (char& c : text) c = static_cast<char>(random());
  for (std::size_t length = 0; length < 4'000; ++length) {
    const std::string_view bytes(text.data() + random() % 16, length);
    const auto seed = static_cast<std::uint32_t>(random());
    ASSERT_EQ(crc32c(bytes, seed), crc32c_portable(bytes, seed)) << length;
  }
  EXPECT_EQ(crc32c(text), crc32c_portable(text, 0));
}

TEST(Crc32c, GoesOnFromItsSeed) {
  std::string text(9'999, 'x');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31);
  for (const std::size_t cut : {0u, 1u, 383u, 384u, 3'072u, 5'000u, 9'999u}) {
    const std::string_view all(text);
    EXPECT_EQ(crc32c(all.substr(cut), crc32c(all.substr(0, cut))), crc32c(all)) << cut;
  }
}

}  // namespace
}  // namespace skald
