// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/json_string.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <iterator>
#include <random>

namespace skald {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonString, AppendsToWhatIsThere) {
  std::string out = "{";
  append_json_string(out, "a");
  EXPECT_EQ(out, "{\"a\"");
}

TEST(JsonString, EscapesControlBytesQuotesAndInvalidBytes) {
  EXPECT_EQ(escaped("plain text of more than sixteen bytes"),
            "\"plain text of more than sixteen bytes\"");
  EXPECT_EQ(escaped("a\"b\\c\n\r\t\b\x01\x7f"), "\"a\\\"b\\\\c\\n\\r\\t\\u0008\\u0001\x7f\"");
  EXPECT_EQ(escaped("h\u00e9\u20ac\U0001f600"), "\"h\u00e9\u20ac\U0001f600\"");
  EXPECT_EQ(escaped("\u2028\u2029\ufffd"), "\"\\u2028\\u2029\ufffd\"");
  EXPECT_EQ(escaped("a\xff\xc3"), "\"a\\ufffd\\ufffd\"");
  EXPECT_EQ(escaped(""), "\"\"");
  EXPECT_EQ(escaped(std::string_view("\0a\0", 3)), "\"\\u0000a\\u0000\"");
}

// Every byte at every offset of a 16-byte group comes back through another parser.
TEST(JsonString, AgreesWithAParserOnEveryByte) {
  simdjson::dom::parser parser;
  for (int byte = 0; byte < 128; ++byte) {
    for (std::size_t offset = 0; offset < 34; ++offset) {
      std::string text(34, 'x');
      text[offset] = static_cast<char>(byte);
      EXPECT_EQ(std::string_view(parser.parse(escaped(text))), text) << byte << " at " << offset;
    }
  }
}

// Texts longer than what is written in one go, with many bytes that need an escape next to each
// other.
TEST(JsonString, AgreesWithAParserOnLongTexts) {
  simdjson::dom::parser parser;
  std::minstd_rand random(7);
  for (std::size_t length = 0; length < 3000; length += 1 + length / 16) {
    for (const unsigned plain_of_ten : {0u, 3u, 8u, 10u}) {
      std::string text;
      while (text.size() < length) {
        if (random() % 10 < plain_of_ten) {
          text += static_cast<char>('a' + random() % 26);
        } else {
          static const std::string_view special[] = {"\"", "\\", "\n", "\x01", "\u00e9", "\u2028"};
          text += special[random() % std::size(special)];
        }
      }
      EXPECT_EQ(std::string_view(parser.parse(escaped(text))), text);
    }
  }
}

// Characters of several bytes, and what is left of them when some are cut off, at each place of a
// group and at the end of the text.
TEST(JsonString, FindsInvalidBytesAtEveryOffset) {
  for (const std::string_view whole : {"\u00e9", "\u20ac", "\U0001f600"}) {
    for (std::size_t length = 1; length <= whole.size(); ++length) {
      std::string written;
      if (length == whole.size()) written = whole;
      while (length < whole.size() && written.size() < 6 * length) written += "\\ufffd";
      for (std::size_t before = 0; before < 34; ++before) {
        for (const std::size_t behind : {0, 1, 15, 16, 17, 33}) {
          const std::string text = std::string(before, 'x') + std::string(whole.substr(0, length)) +
                                   std::string(behind, 'y');
          EXPECT_EQ(escaped(text),
                    "\"" + std::string(before, 'x') + written + std::string(behind, 'y') + "\"");
        }
      }
    }
  }
}

}  // namespace
}  // namespace skald
