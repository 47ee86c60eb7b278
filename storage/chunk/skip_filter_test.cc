// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/skip_filter.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "storage/chunk/byte_codec.h"
#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

skip_probe text_probe(std::string text) {
  skip_probe probe;
  probe.what = skip_probe::kind::text;
  probe.text = std::move(text);
  return probe;
}

skip_probe pair_probe(std::string name, std::string value) {
  skip_probe probe;
  probe.what = skip_probe::kind::metadata_pair;
  probe.text = std::move(name);
  probe.value = std::move(value);
  return probe;
}

constexpr text_flags ascii_text = {.ascii = true, .utf8 = true, .unicode_escape = false};
constexpr text_flags any_text = {.ascii = false, .utf8 = false, .unicode_escape = false};

// A group with one segment per text. `stored_bytes` is generous, so that the filter is written.
std::string payload_of(const std::vector<std::string>& texts,
                       std::uint64_t stored_bytes = 1 << 24) {
  skip_filter_builder builder(0.5);
  builder.begin_group(1 << 18);
  for (const std::string& text : texts) builder.add_segment(text, {});
  std::string payload;
  builder.finish_group(stored_bytes, 12345, payload);
  return payload;
}

skip_filter_group group_of(const std::vector<std::string>& texts) {
  auto parsed = skip_filter_group::parse(payload_of(texts));
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return std::move(*parsed);
}

TEST(SkipFilter, FindsEachSegmentsTextForAllRowWidths) {
  for (const std::size_t segments : {1, 2, 3, 4, 5, 8, 9, 16}) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < segments; ++i) {
      texts.push_back("common words and qzxj" + std::string(8, static_cast<char>('g' + i)) + "\n");
    }
    const auto group = group_of(texts);
    ASSERT_EQ(group.segment_count(), segments);
    std::size_t wrong = 0;
    for (std::uint32_t i = 0; i < segments; ++i) {
      for (std::uint32_t j = 0; j < segments; ++j) {
        const auto needle = "QZXJ" + std::string(8, static_cast<char>('G' + j));
        const bool may = group.may_match(i, ascii_text, text_probe(needle));
        if (i == j) {
          EXPECT_TRUE(may) << segments;
        } else {
          wrong += may ? 1 : 0;
        }
      }
      EXPECT_TRUE(group.may_match(i, ascii_text, text_probe("common words")));
      EXPECT_TRUE(group.may_match(i, ascii_text, text_probe("")));
      EXPECT_TRUE(group.may_match(i, ascii_text, text_probe("zzz")));  // too short to tell
    }
    EXPECT_LT(wrong, segments * segments / 4 + 1);
  }
}

TEST(SkipFilter, CombinesProbes) {
  const auto group = group_of({"the quick brown fox jumps over the lazy dog\n"});
  const skip_probe hit = text_probe("quick brown");
  const skip_probe miss = text_probe("absent needle vwxyz");
  const auto combined = [&](skip_probe::kind kind, std::vector<skip_probe> children) {
    skip_probe probe;
    probe.what = kind;
    probe.children = std::move(children);
    return group.may_match(0, ascii_text, probe);
  };
  using kind = skip_probe::kind;
  EXPECT_FALSE(group.may_match(0, ascii_text, miss));
  EXPECT_TRUE(group.may_match(0, ascii_text, {}));
  EXPECT_TRUE(combined(kind::all_of, {}));
  EXPECT_TRUE(combined(kind::all_of, {hit, {}}));
  EXPECT_FALSE(combined(kind::all_of, {hit, miss}));
  EXPECT_TRUE(combined(kind::any_of, {}));
  EXPECT_TRUE(combined(kind::any_of, {miss, hit}));
  EXPECT_TRUE(combined(kind::any_of, {miss, {}}));
  EXPECT_FALSE(combined(kind::any_of, {miss, miss}));
}

TEST(SkipFilter, FoldingBeyondAsciiProvesNothing) {
  // U+212A is the kelvin sign, which (?i)k matches; U+017F is the long s.
  const auto group =
      group_of({"\xe2\x84\xaa"
                "elvin and me\xc5\xbf\xc5\xbf"
                "age plainwords\n"});
  skip_probe probe = text_probe("kelvin");
  probe.ignore_case = true;
  EXPECT_TRUE(group.may_match(0, any_text, probe));
  probe.text = "message";
  EXPECT_TRUE(group.may_match(0, any_text, probe));
  probe.text = "absent wxyz";  // its other grams still prove something
  EXPECT_FALSE(group.may_match(0, any_text, probe));
  probe.text = "\xc5\xbf\xc5\xbf\xc5\xbf\xc5\xbf";  // matches "ssss"
  EXPECT_TRUE(group.may_match(0, ascii_text, probe));
  probe.ignore_case = false;
  EXPECT_FALSE(group.may_match(0, any_text, probe));
}

TEST(SkipFilter, ParsedValuesMayBeWrittenOtherwise) {
  const auto group = group_of({R"({"path":"\/api\/users","q":"say \"hello\""})"
                               "\n"});
  for (const char* value : {"/api/users", "say \"hello\"", "users"}) {
    skip_probe probe = text_probe(value);
    probe.parsed_value = true;
    EXPECT_TRUE(group.may_match(0, ascii_text, probe)) << value;
  }
  skip_probe absent = text_probe("wxyzvw");
  absent.parsed_value = true;
  EXPECT_FALSE(group.may_match(0, ascii_text, absent));
  text_flags escaped = ascii_text;
  escaped.unicode_escape = true;  // the text may hold the value as backslash-u sequences
  EXPECT_TRUE(group.may_match(0, escaped, absent));
}

TEST(SkipFilter, MetadataPairs) {
  const std::uint32_t hashes[] = {metadata_hash("trace_id", "abc"), metadata_hash("region", "eu")};
  skip_filter_builder builder(0.5);
  builder.begin_group(1 << 18);
  builder.add_segment("text\n", hashes);
  std::string payload;
  builder.finish_group(1 << 20, 7, payload);
  const auto group = skip_filter_group::parse(payload);
  ASSERT_TRUE(group.ok());
  EXPECT_TRUE(group->may_match(0, ascii_text, pair_probe("trace_id", "abc")));
  EXPECT_TRUE(group->may_match(0, ascii_text, pair_probe("region", "eu")));
  EXPECT_FALSE(group->may_match(0, ascii_text, pair_probe("region", "us")));
  EXPECT_FALSE(group->may_match(0, ascii_text, pair_probe("regione", "u")));
}

TEST(SkipFilter, LeftOutWhenTooLargeForItsLines) {
  std::mt19937_64 random(2);
  std::string noise;
  for (int i = 0; i < 100'000; ++i) noise.push_back(static_cast<char>('g' + random() % 16));
  EXPECT_FALSE(payload_of({noise}, 1 << 24).empty());
  // 15 % of these bytes hold only a few bits per key.
  EXPECT_TRUE(payload_of({noise}, 20'000).empty());
  const auto full = payload_of({noise}, 1 << 24).size();
  const auto squeezed = payload_of({noise}, full * 6).size();
  EXPECT_LT(squeezed, full);
  EXPECT_GT(squeezed, full / 2);
}

TEST(SkipFilter, RefusesMalformedPayloads) {
  const std::string good = payload_of({"some text to mark\n", "and more of it\n"});
  ASSERT_TRUE(skip_filter_group::parse(good).ok());
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{15}, good.size() - 1}) {
    EXPECT_EQ(skip_filter_group::parse(good.substr(0, bytes)).error().code, errc::corrupt);
  }
  EXPECT_FALSE(skip_filter_group::parse(good + "x").ok());
  const struct {
    std::size_t at;
    int value;
  } changes[] = {{0, 2}, {1, 11}, {1, 23}, {2, 1}, {2, 3}, {2, 0}, {3, 0}, {3, 3}, {3, 17}, {7, 9}};
  for (const auto& change : changes) {
    std::string bad = good;
    bad[change.at] = static_cast<char>(change.value);
    EXPECT_FALSE(skip_filter_group::parse(bad).ok()) << change.at << " " << change.value;
  }
}

// The golden bits of one small filter: text, hash, salt and row have to stay what they are.
TEST(SkipFilter, BitsAreFrozen) {
  const std::string payload = payload_of({"alpha 10.0.0.1\n", "beta deadbeef\n"});
  ASSERT_EQ(payload.size(), 16 + 512 * 2 / 8);
  EXPECT_EQ(static_cast<int>(payload[1]), 17);
  std::uint64_t sum = 0;
  int set = 0;
  for (std::size_t bit = 0; bit < 1024; ++bit) {
    if ((payload[16 + bit / 8] >> (bit % 8) & 1) == 0) continue;
    sum = sum * 31 + bit;
    ++set;
  }
  EXPECT_EQ(set, 19);
  EXPECT_EQ(sum, 1514162751902845091U);
}

// Random substrings in random case must never be denied.
TEST(SkipFilter, NeverDeniesWhatIsThere) {
  memory_store store;
  std::mt19937_64 random(23);
  auto streams = generate_streams({.seed = 9, .streams = 60, .apps = 4, .rows = 12'000});
  stream_rows wild("{app=\"wild\"}");
  for (int i = 0; i < 3000; ++i) {
    std::string line;
    for (std::uint64_t left = random() % 120; left > 0; --left) {
      line.push_back(
          static_cast<char>(random() % 5 == 0 ? random() : "aF0.\n\\u9 Z"[random() % 10]));
    }
    wild.add(i, line, {{"k", line.substr(0, 5)}});
  }
  streams.push_back(std::move(wild));
  pack_writer writer({.segment_bytes_target = 64 << 10});
  const auto written = writer.write({"t", "o", 1, 1}, inputs_of(streams));
  ASSERT_TRUE(written.ok());
  ASSERT_GT(written->filter_bytes, 0);
  ASSERT_TRUE(store.put("p", written->views()).ok());
  const auto reader = pack_reader::open(store, "p").value();
  std::vector<chunk_selection> selection;
  for (std::uint32_t i = 0; i < reader->chunk_count(); ++i) selection.push_back({i, nullptr});
  const auto blocks = reader->blocks(selection, {0, std::numeric_limits<std::int64_t>::max()});
  ASSERT_TRUE(blocks.ok());
  std::size_t skipped = 0;
  for (const auto& block : *blocks) {
    const line_column lines = block->lines().value();
    const metadata_column metadata = block->metadata().value();
    for (int round = 0; round < 600; ++round) {
      const std::string_view line = lines.line(random() % lines.rows());
      const std::size_t start = random() % (line.size() + 1);
      std::string needle(line.substr(start, random() % 30));
      skip_probe probe = text_probe(needle);
      ASSERT_TRUE(block->may_match(probe)) << needle;
      for (char& c : probe.text) {
        if (random() % 2 == 0 && std::isalpha(static_cast<unsigned char>(c))) c ^= 0x20;
      }
      probe.ignore_case = true;
      ASSERT_TRUE(block->may_match(probe)) << probe.text;
    }
    for (const metadata_pair& pair : metadata.pairs) {
      ASSERT_TRUE(block->may_match(pair_probe(std::string(pair.name), std::string(pair.value))));
    }
    skipped += block->may_match(text_probe("absent-needle-qqxxzz")) ? 0 : 1;
  }
  EXPECT_GT(skipped, blocks->size() * 9 / 10);  // else the loop above proves nothing
}

}  // namespace
}  // namespace skald
