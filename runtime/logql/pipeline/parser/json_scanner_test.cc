// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/json_scanner.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "testing/kit/test_seed.h"

namespace skald::logql {
namespace {

// All that a reader of nested objects sees, in order.
std::string walk(std::string_view object, json_object_ends* ends, int depth = 0) {
  std::string seen;
  row_arena arena;
  const auto on_member = [&](std::string_view key, const json_value& value) {
    seen += std::string(key) + '=' + std::string(value.text) + ';';
    if (value.type == json_type::object && depth < 50) seen += walk(value.text, ends, depth + 1);
    return json_error::none;
  };
  const json_error why = json_each_member(object, arena, on_member, ends);
  return seen + '!' + std::string(error_text(why));
}

std::string random_object(std::mt19937_64& random) {
  // Mostly members, so that there is depth, and between them what is no JSON.
  static const std::string pieces[] = {
      R"("a":{)",         R"("b":{)", R"("a":{)", R"("c":1,)", "}", "},", "}",
      R"("d":"x{",)",     "\"",       "\\",       "{",         "[", "]",  R"("e":1",)",
      R"("f":[{"g":1}],)"};
  std::string text = "{";
  for (std::uint64_t i = 1 + random() % 30; i-- > 0;) {
    text += pieces[random() % (random() % 3 == 0 ? std::size(pieces) : 7)];
  }
  return text + std::string(random() % 8, '}');
}

TEST(JsonObjectEnds, ChangeNothing) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  int with_depth = 0;
  for (int round = 0; round < 100'000; ++round) {
    const std::string text = random_object(random);
    const std::size_t end = json_block_end(text, 0, '{', '}');
    if (end == json_npos) continue;
    const std::string_view object = std::string_view(text).substr(0, end);
    json_object_ends ends;
    ends.read(object);
    for (std::size_t at = 0; at < object.size(); ++at) {
      const std::size_t length = ends.length_at(object.data() + at);
      with_depth += at > 0 && length > 0 ? 1 : 0;
      if (length == 0) continue;
      ASSERT_EQ(json_block_end(object, at, '{', '}'), at + length) << object;
    }
    ASSERT_EQ(ends.length_at(object.data()), object.size());
    ASSERT_EQ(walk(object, &ends), walk(object, nullptr)) << object;
  }
  EXPECT_GT(with_depth, 10'000);
}

// The quotes of broken numbers hide all objects between them from the pass.
TEST(JsonObjectEnds, ManyHiddenObjectsAreRead) {
  std::string object = "{\"x\":1\"";
  for (int i = 0; i < 200; ++i) object += R"(,"h":{"a":1})";
  object += ",\"x\":1\"}";
  ASSERT_EQ(json_block_end(object, 0, '{', '}'), object.size());
  json_object_ends ends;
  ends.read(object);
  ASSERT_EQ(ends.length_at(object.data() + object.find("{\"a\"")), 0U);
  EXPECT_EQ(walk(object, &ends), walk(object, nullptr));
}

// What looks like an object from inside only may not make a short text a long one.
TEST(JsonObjectEnds, ReadingAgainIsBounded) {
  const std::string object = "{\"a\":1}";
  json_object_ends ends;
  ends.read(object);
  EXPECT_TRUE(ends.may_read_again(16 * object.size()));
  EXPECT_FALSE(ends.may_read_again(1));
  ends.read(object);
  EXPECT_TRUE(ends.may_read_again(1));
  ends.read("no object");
  EXPECT_EQ(ends.length_at(object.data()), 0U);
}

}  // namespace
}  // namespace skald::logql
