// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/snappy_block.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <memory>
#include <random>
#include <string>

namespace skald {
namespace {

using namespace std::string_literals;

// Into memory of exactly that size, which a sanitizer watches.
std::optional<std::string> inflate(std::string_view block) {
  const auto bytes = snappy_inflated_bytes(block);
  if (!bytes || *bytes > (16u << 20)) return {};
  const auto in = std::make_unique<char[]>(block.size());
  std::copy(block.begin(), block.end(), in.get());
  const auto out = std::make_unique<char[]>(*bytes);
  if (!inflate_snappy({in.get(), block.size()}, {out.get(), *bytes})) return {};
  return std::string(out.get(), *bytes);
}

std::optional<std::string> inflate_by_library(std::string_view block) {
  std::string out;
  if (!snappy::Uncompress(block.data(), block.size(), &out)) return {};
  return out;
}

std::string packed(std::string_view text) {
  std::string out;
  snappy::Compress(text.data(), text.size(), &out);
  return out;
}

// Lines that repeat parts of each other at many distances, with runs between.
std::string random_text(std::mt19937_64& random, std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) {
    const std::size_t some = 1 + random() % 100;
    switch (text.empty() ? 0 : random() % 4) {
      case 0:
        for (std::size_t i = 0; i < some; ++i) text += static_cast<char>(random());
        break;
      case 1:
        text += std::string(some, static_cast<char>('a' + random() % 3));
        break;
      default: {
        const std::size_t from =
            text.size() - 1 - random() % std::min<std::size_t>(text.size(), 70000);
        text += text.substr(from, some);
      }
    }
  }
  return text.substr(0, bytes);
}

TEST(SnappyBlock, SaysHowMuchItHolds) {
  const struct {
    std::string block;
    std::optional<std::size_t> bytes;
  } cases[] = {{"", {}},
               {"\x80", {}},
               {"\x00"s, 0},
               {"\x7F", 127},
               {"\x80\x01", 128},
               {"\xFF\xFF\xFF\xFF\x0F", 0xFFFFFFFF},
               {"\xFF\xFF\xFF\xFF\x1F", {}},
               {"\xFF\xFF\xFF\xFF\xFF\x01", {}}};
  for (const auto& c : cases) EXPECT_EQ(snappy_inflated_bytes(c.block), c.bytes);
}

TEST(SnappyBlock, TakesEveryKindOfElement) {
  const std::string word = "\x0C"s + "abcd";  // a literal of four
  const struct {
    std::string block;
    std::string text;
  } cases[] = {
      {"\x00"s, ""},
      {"\x04" + word, "abcd"},
      {"\x04\xF0\x03"s + "abcd", "abcd"},              // the same with one, ...
      {"\x04\xF4\x03\x00"s + "abcd", "abcd"},          // two, ...
      {"\x04\xF8\x03\x00\x00"s + "abcd", "abcd"},      // three, ...
      {"\x04\xFC\x03\x00\x00\x00"s + "abcd", "abcd"},  // four bytes of length
      {"\x08" + word + "\x01\x04", "abcdabcd"},        // copies of all three forms
      {"\x08" + word + "\x0E\x04\x00"s, "abcdabcd"},
      {"\x08" + word + "\x0F\x04\x00\x00\x00"s, "abcdabcd"},
      {"\x0B" + word + "\x0D\x01", "abcdddddddd"},  // that overlap what they make
      {"\x0A" + word + "\x09\x03", "abcdbcdbcd"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(inflate(c.block), c.text);
    EXPECT_EQ(inflate_by_library(c.block), c.text);
  }
}

TEST(SnappyBlock, RefusesDamage) {
  const std::string word = "\x0C"s + "abcd";
  const std::string cases[] = {
      "\x04",                                   // ends in front of its text
      "\x05" + word,                            // makes less than it says
      "\x03" + word,                            // makes more
      "\x04\x0C"s + "abc",                      // a literal cut short
      "\x04\xF0",                               // a length cut short
      "\x04\xFC\xFF\xFF\xFF\xFF"s + "abcd",     // a literal of 4 GiB
      "\x08" + word + "\x01",                   // an offset cut short
      "\x08" + word + "\x0E\x04",               //
      "\x08" + word + "\x0F\x04\x00"s,          //
      "\x08" + word + "\x01\x00"s,              // no distance
      "\x08" + word + "\x01\x05",               // from in front of the text
      "\x08" + word + "\x0F\x00\x00\x00\x80"s,  //
      "\x07" + word + "\x01\x04",               // a copy that makes too much
      "\x04\x01\x01"s + word,                   // a copy of nothing yet
      std::string("\x00", 1) + word,            // text behind the end
      "\xFF\xFF\xFF\xFF\xFF\x01" + word,        // no length
  };
  for (const std::string& block : cases) {
    EXPECT_EQ(inflate(block), std::nullopt) << block.size();
    EXPECT_EQ(inflate_by_library(block), std::nullopt) << block.size();
  }
}

TEST(SnappyBlock, InflatesWhatTheLibraryMade) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 400; ++round) {
    const std::string text = random_text(random, random() % (round % 20 == 0 ? 300'000 : 600));
    EXPECT_EQ(inflate(packed(text)), text) << round;
  }
}

TEST(SnappyBlock, AgreesWithTheLibraryOnDamagedBlocks) {
  std::mt19937_64 random(6);
  int accepted = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string block = packed(random_text(random, random() % 700));
    for (std::uint64_t flips = 1 + random() % 2; flips > 0; --flips) {
      block[random() % block.size()] ^= static_cast<char>(1 << random() % 8);
    }
    if (random() % 4 == 0) block.resize(random() % (block.size() + 1));
    const auto bytes = snappy_inflated_bytes(block);
    if (!bytes || *bytes > (16u << 20)) continue;  // the library would take as much memory
    const auto text = inflate(block);
    accepted += text.has_value() ? 1 : 0;
    EXPECT_EQ(text, inflate_by_library(block)) << round;
  }
  EXPECT_GT(accepted, 1'000);
}

TEST(SnappyBlock, EveryTruncationIsRefused) {
  std::mt19937_64 random(7);
  const std::string block = packed(random_text(random, 2'000));
  for (std::size_t n = 0; n < block.size(); ++n) {
    EXPECT_EQ(inflate(std::string_view(block).substr(0, n)), std::nullopt) << n;
  }
}

}  // namespace
}  // namespace skald
