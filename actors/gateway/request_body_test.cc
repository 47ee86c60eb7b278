// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/request_body.h"

#include <gtest/gtest.h>

#include <array>

namespace skald {
namespace {

std::string with_memory(std::size_t bytes) {
  std::string body = "text of a former request";
  body.reserve(bytes);
  return body;
}

TEST(BodyPool, GivesMemoryAgainAndNoText) {
  body_pool pool;
  EXPECT_EQ(pool.take(), "");
  std::string body = with_memory(body_pool::body_bytes_min);
  const char* const memory = body.data();
  pool.give(std::move(body));
  const std::string again = pool.take();
  EXPECT_EQ(again.data(), memory);
  EXPECT_EQ(again, "");
  EXPECT_LT(pool.take().capacity(), body_pool::body_bytes_min);
}

TEST(BodyPool, KeepsNeitherSmallNorLargeBodies) {
  body_pool pool;
  pool.give(with_memory(body_pool::body_bytes_min - 1));
  pool.give(with_memory(body_pool::body_bytes_max + 1));
  EXPECT_LT(pool.take().capacity(), body_pool::body_bytes_min);
}

TEST(BodyPool, KeepsSoMuchTogether) {
  body_pool pool;
  constexpr std::size_t bytes = body_pool::body_bytes_max / 2;
  for (std::size_t i = 0; i < 100; ++i) pool.give(with_memory(bytes));
  std::size_t kept = 0;
  while (pool.take().capacity() >= bytes) ++kept;
  EXPECT_EQ(kept, body_pool::kept_bytes_max / bytes);
  pool.give(with_memory(bytes));  // what was taken counts no more
  EXPECT_GE(pool.take().capacity(), bytes);
}

TEST(AppendedBody, TakesAllPartsAndBelievesNoSize) {
  boost::beast::http::request<appended_body> message;
  boost::beast::error_code failure;
  appended_body::reader reader(message.base(), message.body());
  reader.init(std::uint64_t{1} << 60, failure);
  EXPECT_FALSE(failure);
  EXPECT_LE(message.body().capacity(), body_pool::body_bytes_max);
  const std::array<boost::asio::const_buffer, 3> parts = {
      boost::asio::buffer("ab", 2), boost::asio::buffer("", 0), boost::asio::buffer("cde", 3)};
  EXPECT_EQ(reader.put(parts, failure), 5u);
  EXPECT_EQ(reader.put(boost::asio::const_buffer("f", 1), failure), 1u);
  reader.finish(failure);
  EXPECT_FALSE(failure);
  EXPECT_EQ(message.body(), "abcdef");
}

}  // namespace
}  // namespace skald
