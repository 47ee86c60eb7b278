// SPDX-License-Identifier: Apache-2.0
// Label text, metadata names and the cache of parsed labels.
#include "actors/distributor/label_cache.h"

#include <gtest/gtest.h>

#include "actors/distributor/push_labels.h"

namespace skald {
namespace {

TEST(PushLabels, KeepsOrderAndDuplicates) {
  const auto labels = scan_push_labels("{ b=\"2\" , a='x', a=`y\\`, gone=\"\", }");
  ASSERT_TRUE(labels.ok());
  EXPECT_EQ(*labels, (std::vector<label>{{"b", "2"}, {"a", "x"}, {"a", "y\\"}}));
  EXPECT_TRUE(scan_push_labels("{}")->empty());
}

TEST(PushLabels, SaysWhereTextIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"{app=\"pb\"", "1:10: parse error: unexpected end of input inside braces"},
      {"{a-b=\"1\"}", "1:3: parse error: unexpected character inside braces: '-'"},
      {"", "1:1: parse error: unexpected end of input"},
      {"app=\"a\"", "1:1: parse error: unexpected character: 'a'"},
      {"{\n  1=\"a\"}", "2:3: parse error: unexpected character inside braces: '1'"},
      {"{a=b}", "1:4: parse error: unexpected character inside braces: 'b'"},
      {"{a=\"b}", "1:4: parse error: unterminated quoted string"},
      {"{a=\"b\"} x", "1:9: parse error: unexpected character: 'x'"},
      {"{a=\"b\" c=\"d\"}", "1:8: parse error: unexpected character inside braces: 'c'"},
  };
  for (const auto& [text, message] : cases) {
    const auto labels = scan_push_labels(text);
    ASSERT_FALSE(labels.ok()) << text;
    EXPECT_EQ(labels.error().message, message) << text;
  }
}

TEST(MetadataNames, BecomeLabelSafe) {
  const std::pair<std::string, std::string> cases[] = {
      {"bad-name", "bad_name"},       {"a.b", "a_b"},    {"a..b", "a_b"},    {"1x", "key_1x"},
      {"1bad-name", "key_1bad_name"}, {"\xc3\xa4", "_"}, {"a:b c", "a:b_c"},
  };
  for (const auto& [raw, safe] : cases) {
    EXPECT_FALSE(is_safe_metadata_name(raw)) << raw;
    EXPECT_EQ(make_safe_metadata_name(raw), safe) << raw;
  }
  EXPECT_TRUE(is_safe_metadata_name("__y__"));
  EXPECT_TRUE(is_safe_metadata_name("a__b"));
  EXPECT_FALSE(is_safe_metadata_name(""));
}

TEST(ResolveLabels, SortsAndMeasures) {
  const auto labels = resolve_labels(R"({zz="1", app="shop"})", tenant_limits{});
  ASSERT_TRUE(labels.ok());
  EXPECT_EQ(labels->stream->canonical_labels, R"({app="shop", service_name="shop", zz="1"})");
  EXPECT_EQ(labels->stream->fingerprint, fingerprint_of(labels->stream->canonical_labels));
  EXPECT_EQ(labels->name_count, 2u);
  EXPECT_EQ(labels->longest_name, 12u);
  EXPECT_EQ(labels->longest_value, 4u);
  EXPECT_TRUE(labels->with_duplicates.empty());
}

TEST(LabelCache, KeepsWhatIsAskedForWhenItIsFull) {
  const tenant_limits limits;
  label_cache cache(3000);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(cache.find("{a=\"" + std::to_string(i) + "\"}", 1, limits).ok());
    ASSERT_TRUE(cache.find("{hot=\"1\"}", 1, limits).ok());
    EXPECT_LE(cache.bytes(), 3000u);
  }
  EXPECT_LT(cache.size(), 10u);
  EXPECT_EQ(cache.hits(), 99u);  // of the hot one
  EXPECT_EQ(cache.misses(), 101u);
}

TEST(LabelCache, KeepsOneEntryHoweverLarge) {
  label_cache cache(10);
  const auto found = cache.find("{a=\"1\"}", 1, tenant_limits{});
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->stream->labels.get("a"), "1");
  EXPECT_EQ(cache.size(), 1u);
}

TEST(LabelCache, DoesNotKeepErrors) {
  label_cache cache(1000);
  EXPECT_FALSE(cache.find("{", 1, tenant_limits{}).ok());
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace skald
