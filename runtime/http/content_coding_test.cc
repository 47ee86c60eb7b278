// SPDX-License-Identifier: Apache-2.0
#include "runtime/http/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace skald {
namespace {

constexpr std::size_t plenty = 1 << 30;

std::string deflate_with(int window_bits, std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string sample(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i * 7919);
  return text;
}

TEST(ContentCoding, InflatesGzipAndRawDeflate) {
  for (const std::size_t bytes : {0, 1, 1000, 65536, 500'000}) {
    const std::string text = sample(bytes);
    const auto gzip = inflate_body(content_coding::gzip, gzip_compress(text), {plenty});
    ASSERT_TRUE(gzip.ok()) << gzip.error().message;
    EXPECT_EQ(*gzip, text);
    const auto raw = inflate_body(content_coding::deflate, deflate_with(-15, text), {plenty});
    ASSERT_TRUE(raw.ok()) << raw.error().message;
    EXPECT_EQ(*raw, text);
  }
}

TEST(ContentCoding, JoinsGzipMembers) {
  const std::string two = gzip_compress("first ") + gzip_compress("second");
  EXPECT_EQ(*inflate_body(content_coding::gzip, two, {plenty}), "first second");
}

TEST(ContentCoding, RefusesEveryTruncation) {
  const std::string packed = gzip_compress(sample(300));
  for (std::size_t length = 0; length < packed.size(); ++length) {
    const auto cut = inflate_body(content_coding::gzip, packed.substr(0, length), {plenty});
    ASSERT_FALSE(cut.ok()) << length;
    EXPECT_EQ(cut.error().code, errc::invalid_argument);
    EXPECT_EQ(cut.error().message, length == 0 ? "EOF" : "unexpected EOF");
  }
}

TEST(ContentCoding, RefusesDamage) {
  std::string packed = gzip_compress(sample(300));
  packed[packed.size() - 6] ^= 1;
  EXPECT_EQ(inflate_body(content_coding::gzip, packed, {plenty}).error().message,
            "gzip: invalid checksum");
  EXPECT_EQ(inflate_body(content_coding::gzip, "this is not gzip", {plenty}).error().message,
            "gzip: invalid header");
  // A zlib header is no part of the coding that Loki calls deflate.
  EXPECT_EQ(inflate_body(content_coding::deflate, deflate_with(15, "text"), {plenty}).error().code,
            errc::invalid_argument);
}

TEST(ContentCoding, StopsBombsAtTheLimit) {
  const std::string bomb = gzip_compress(std::string(50'000'000, '\0'));
  const auto refused = inflate_body(content_coding::gzip, bomb, {1'000'000});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::resource_exhausted);
  EXPECT_EQ(refused.error().message, "message size too large than max (1000001 vs 1000000)");
}

TEST(ContentCoding, TakesABodyThatJustFits) {
  for (const std::size_t bytes : {100u, 65536u, 65537u, 200'000u}) {
    const std::string packed = gzip_compress(std::string(bytes, 'x'));
    EXPECT_TRUE(inflate_body(content_coding::gzip, packed, {bytes}).ok());
    EXPECT_FALSE(inflate_body(content_coding::gzip, packed, {bytes - 1}).ok());
  }
}

TEST(ContentCoding, StopsWhenTheBudgetIsExhausted) {
  const auto budget = std::make_shared<byte_budget>(1'000'000);
  byte_lease lease;
  ASSERT_TRUE(budget->reserve(0, lease));
  const std::string bomb = gzip_compress(std::string(50'000'000, '\0'));
  const auto refused = inflate_body(content_coding::gzip, bomb, {plenty, &lease});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::overloaded);
  EXPECT_LE(lease.bytes(), 1'000'000u);
}

}  // namespace
}  // namespace skald
