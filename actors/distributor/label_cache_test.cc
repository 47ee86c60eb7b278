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

result<const cached_labels*> find(label_cache& cache, std::string_view text,
                                  std::uint64_t rules = 1) {
  const label_cache::key key = label_cache::key_of(text, rules);
  cache.prefetch({&key, 1});
  return cache.find(key, tenant_limits{});
}

TEST(ResolveLabels, TheShortCheckEqualsTheLongOne) {
  const std::string texts[] = {"{}",
                               R"({a="1"})",
                               R"({a="1", a="2"})",
                               R"({abcdef="1"})",
                               R"({a="1234567"})",
                               R"({a="1", b="2", c="3"})",
                               R"({__pattern__="1234567", bcdefgh="2", c="3"})",
                               R"({__pattern__=")" + std::string(1 << 20, 'x') + R"("})"};
  for (const bool enforced : {false, true}) {
    tenant_limits limits;
    limits.discover_service_name = {};
    limits.max_label_name_length = 5;
    limits.max_label_value_length = 6;
    limits.max_label_names_per_series = 2;
    if (enforced) limits.enforced_labels = {"a"};
    for (const std::string& text : texts) {
      const auto labels = resolve_labels(text, limits);
      ASSERT_TRUE(labels.ok()) << text;
      const bool fine = !check_labels(*labels, "t", limits).has_value();
      if (!enforced) {
        EXPECT_EQ(labels_are_fine(*labels, limits), fine) << text;
      }
      if (!fine) {
        EXPECT_FALSE(labels_are_fine(*labels, limits)) << text;
      }
    }
  }
}

// What is longer would not fit into a pack, and the flush of it would fail for ever.
TEST(ResolveLabels, NoStreamMayHaveLabelsWithoutBound) {
  tenant_limits limits;
  limits.max_label_value_length = 1 << 30;
  for (const char* name : {"a", "__pattern__", "__aggregated_metric__"}) {
    const auto refused = [&](std::size_t bytes) {
      const auto labels =
          resolve_labels("{" + std::string(name) + "=\"" + std::string(bytes, 'x') + "\"}", limits);
      return check_labels(*labels, "t", limits);
    };
    EXPECT_FALSE(refused(stream_labels_bytes_max - 100)) << name;
    const auto violation = refused(stream_labels_bytes_max);
    ASSERT_TRUE(violation) << name;
    EXPECT_EQ(violation->reason, "label_value_too_long");
    EXPECT_LT(violation->text.size(), 100u);
  }
}

TEST(LabelCache, KeepsEntriesOfEqualHashApart) {
  label_cache cache(1 << 20);
  const std::string texts[] = {R"({a="1"})", R"({a="2"})", R"({a="3"})"};
  for (int round = 0; round < 2; ++round) {
    for (const std::string& text : texts) {
      for (const std::uint64_t rules : {1u, 2u}) {
        const auto found = cache.find({text, rules, 7}, tenant_limits{});
        ASSERT_TRUE(found.ok());
        EXPECT_EQ((*found)->stream->labels.get("a"), text.substr(4, 1));
      }
    }
    EXPECT_EQ(cache.size(), 6u);
  }
  EXPECT_FALSE(cache.find({"{", 1, 7}, tenant_limits{}).ok());
  EXPECT_EQ(cache.hits(), 6u);
}

TEST(LabelCache, ForgetsEntriesOfEqualHashOneByOne) {
  label_cache cache(2000);
  for (int i = 0; i < 100; ++i) {
    const std::string text = "{a=\"" + std::to_string(i) + "\"}";
    const auto found = cache.find({text, 1, static_cast<std::uint64_t>(i % 2)}, tenant_limits{});
    ASSERT_TRUE(found.ok());
    EXPECT_EQ((*found)->stream->labels.get("a"), std::to_string(i));
    cache.trim();
    EXPECT_LE(cache.bytes(), 2000u);
  }
  EXPECT_GT(cache.size(), 1u);
}

// Pointers of one push stay good until it is over.
TEST(LabelCache, EvictsOnlyWhenItIsTrimmed) {
  label_cache cache(10'000);
  const auto first = find(cache, R"({a="1"})");
  for (int i = 0; i < 30; ++i) {
    const auto found = find(cache, "{b=\"" + std::to_string(i) + "\"}");
    ASSERT_TRUE(found.ok());
    EXPECT_TRUE(cache.is_kept(*found));
  }
  EXPECT_EQ((*first)->canonical_labels, R"({a="1", service_name="unknown_service"})");
  EXPECT_EQ((*first)->fingerprint, fingerprint_of((*first)->canonical_labels));
  EXPECT_EQ(cache.size(), 31u);
  EXPECT_GT(cache.bytes(), 10'000u);
  cache.trim();
  EXPECT_LE(cache.bytes(), 10'000u);
  EXPECT_GT(cache.size(), 0u);
}

TEST(LabelCache, APushOfAnyNumberOfNewStreamsIsBounded) {
  label_cache cache(10'000);
  const auto first = find(cache, R"({a="1"})");
  int kept = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string text = "{b=\"" + std::to_string(i) + "\"}";
    const auto found = find(cache, text);
    ASSERT_TRUE(found.ok());
    EXPECT_EQ((*found)->stream->labels.get("b"), std::to_string(i));
    kept += cache.is_kept(*found);
    EXPECT_EQ(cache.is_kept(*find(cache, text)), cache.is_kept(*found));
  }
  EXPECT_EQ(cache.size(), kept + 1u);
  EXPECT_LT(cache.bytes(), 21'000u);
  EXPECT_EQ((*first)->canonical_labels, R"({a="1", service_name="unknown_service"})");
  EXPECT_TRUE(cache.is_kept(*find(cache, R"({a="1"})")));
}

TEST(LabelCache, KeepsWhatIsAskedForWhenItIsFull) {
  label_cache cache(3000);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(find(cache, "{a=\"" + std::to_string(i) + "\"}").ok());
    ASSERT_TRUE(find(cache, "{hot=\"1\"}").ok());
    cache.trim();
    EXPECT_LE(cache.bytes(), 3000u);
  }
  EXPECT_LT(cache.size(), 10u);
  EXPECT_EQ(cache.hits(), 99u);  // of the hot one
  EXPECT_EQ(cache.misses(), 101u);
}

TEST(LabelCache, KeepsOneEntryHoweverLarge) {
  label_cache cache(10);
  const auto found = find(cache, "{a=\"1\"}");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->stream->labels.get("a"), "1");
  EXPECT_EQ(cache.size(), 1u);
}

TEST(LabelCache, DoesNotKeepErrors) {
  label_cache cache(1000);
  EXPECT_FALSE(find(cache, "{").ok());
  EXPECT_EQ(cache.size(), 0u);
}

}  // namespace
}  // namespace skald
