// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/utf8.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

std::string encoded(char32_t c) {
  std::string out;
  append_utf8(out, c);
  return out;
}

TEST(Utf8, DecodesTheFirstCharacter) {
  const struct {
    std::string_view text;
    char32_t code_point;
    std::size_t length;
  } cases[] = {{"a", 'a', 1},
               {std::string_view("\0b", 2), 0, 1},
               {"\xc3\xa9z", 0xE9, 2},
               {"\xe2\x82\xac\xac", 0x20AC, 3},
               {"\xf0\x9f\x98\x80\x80", 0x1F600, 4},
               {"\xef\xbf\xbd", 0xFFFD, 3}};
  for (const auto& c : cases) {
    std::size_t length = 0;
    EXPECT_EQ(decode_utf8(c.text, length), c.code_point) << c.text;
    EXPECT_EQ(length, c.length) << c.text;
  }
}

TEST(Utf8, InvalidBytesGiveTheReplacementCharacter) {
  for (const std::string_view text :
       {"\x80", "\xbf", "\xff", "\xfe", "\xf5\x80\x80\x80",          // no first byte
        "\xc3", "\xe2\x82", "\xf0\x9f\x98",                          // too short
        "\xc3z", "\xe2\x82z", "\xf0\x9fz\x80", "\xe2\xc3\xa9",       // broken off
        "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",  // longer than needed
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80"}) {       // no characters
    std::size_t length = 0;
    EXPECT_EQ(decode_utf8(text, length), 0xFFFD) << testing::PrintToString(text);
    EXPECT_EQ(length, 1u) << testing::PrintToString(text);
  }
}

TEST(Utf8, EveryCodePointComesBack) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string text = encoded(c);
    std::size_t length = 0;
    ASSERT_EQ(decode_utf8(text, length), c);
    ASSERT_EQ(length, text.size());
  }
}

TEST(Utf8, WritesTheReplacementCharacterForWhatIsNoCodePoint) {
  for (const char32_t c : {0xD800, 0xDFFF, 0x110000}) EXPECT_EQ(encoded(c), "\xef\xbf\xbd");
  EXPECT_EQ(encoded(0xFFFFFFFF), "\xef\xbf\xbd");
}

}  // namespace
}  // namespace skald
