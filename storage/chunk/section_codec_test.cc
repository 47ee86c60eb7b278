// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/section_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "runtime/base/crc32c.h"
#include "storage/chunk/byte_codec.h"

namespace skald {
namespace {

std::string section_of(std::string_view payload) {
  compressor zstd;
  std::string out;
  const std::size_t bytes = append_section(section_type::lines, payload, zstd, out);
  EXPECT_EQ(bytes, out.size());
  return out;
}

// Repairs the checksum after a change, as a hostile writer would.
std::string resealed(std::string section) {
  std::uint32_t crc = crc32c(std::string_view(section).substr(0, 12));
  crc = crc32c(std::string_view(section).substr(16), crc);
  std::memcpy(section.data() + 12, &crc, 4);
  return section;
}

TEST(SectionCodec, ChoosesTheCodecAndGivesBackTheBytes) {
  std::mt19937 random(1);
  std::string noise;
  for (int i = 0; i < 1000; ++i) noise.push_back(static_cast<char>(random() >> 24));
  std::string text;
  for (int i = 0; i < 100; ++i) text += "line " + std::to_string(i) + " of many\n";
  const struct {
    std::string payload;
    section_codec codec;
  } cases[] = {{"", section_codec::raw},
               {"x", section_codec::constant},
               {std::string(5000, '\0'), section_codec::constant},
               {"ab", section_codec::raw},
               {noise, section_codec::raw},
               {text, section_codec::zstd}};
  for (const auto& one : cases) {
    const std::string stored = section_of(one.payload) + "rest";
    std::string_view bytes = stored;
    const auto section = take_section(bytes);
    ASSERT_TRUE(section.ok()) << section.error().message;
    EXPECT_EQ(bytes, "rest");
    EXPECT_TRUE(section->is(section_type::lines));
    EXPECT_EQ(section->codec, one.codec) << one.payload.size();
    byte_buffer memory;
    EXPECT_EQ(inflate_section(*section, memory).value(), one.payload);
  }
}

TEST(SectionCodec, EveryFlippedBitIsFound) {
  const std::string good = section_of("some text, some text, some text, some text, some text");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
    std::string_view bytes = bad;
    const auto section = take_section(bytes);
    ASSERT_FALSE(section.ok()) << bit;
    EXPECT_EQ(section.error().code, errc::corrupt);
  }
}

TEST(SectionCodec, CutOffSections) {
  const std::string good = section_of("abcdefgh");
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    std::string_view cut = std::string_view(good).substr(0, bytes);
    EXPECT_EQ(take_section(cut).error().code, errc::corrupt) << bytes;
  }
}

TEST(SectionCodec, LengthsAreCheckedBeforeMemoryIsTaken) {
  std::string bomb = section_of(std::string(1000, 'x'));
  const std::uint32_t huge = section_bytes_max + 1;
  std::memcpy(bomb.data() + 8, &huge, 4);
  bomb = resealed(bomb);
  std::string_view bytes = bomb;
  const auto section = take_section(bytes);
  ASSERT_FALSE(section.ok());
  EXPECT_EQ(section.error().message, "section LINES: inflated length 67108865 is over the limit");
}

TEST(SectionCodec, WrongLengthsAndCodecsBehindAGoodChecksum) {
  const std::string text(200, 'a');
  for (const char codec : {0, 1, 2, 3, 77}) {
    std::string bad = section_of(text + "b" + text);
    bad[1] = codec;
    bad[8] = static_cast<char>(bad[8] + 1);
    bad = resealed(bad);
    std::string_view bytes = bad;
    const auto section = take_section(bytes);
    byte_buffer memory;
    const bool readable = section.ok() && inflate_section(*section, memory).ok();
    EXPECT_FALSE(readable) << static_cast<int>(codec);
  }
}

TEST(SectionCodec, UnknownTypesAreNamedByNumber) {
  EXPECT_EQ(section_name(2), "LEN");
  EXPECT_EQ(section_name(200), "of type 200");
}

TEST(ByteBuffer, MemoryGoesRoundAndContentsStayApart) {
  byte_buffer first(100'000);
  first.data()[0] = 'a';
  const char* memory = first.data();
  first.reset();
  byte_buffer second(90'000);
  EXPECT_EQ(second.data(), memory);  // kept by this thread
  EXPECT_EQ(second.size(), 90'000);
  byte_buffer third(90'000);
  EXPECT_NE(third.data(), memory);
  third = std::move(second);
  EXPECT_EQ(third.data(), memory);
}

}  // namespace
}  // namespace skald
