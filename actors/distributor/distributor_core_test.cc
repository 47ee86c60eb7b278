// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/distributor_core.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>

namespace skald {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::StartsWith;

using pair_list = std::vector<std::pair<std::string, std::string>>;

struct test_entry {
  std::int64_t timestamp_ns;
  std::string line;
  pair_list metadata = {};
  friend bool operator==(const test_entry&, const test_entry&) = default;
};

// 2026-11-22T15:51:57Z
constexpr std::int64_t now_ns = 1'795'362'717'000'000'000;
constexpr std::int64_t second_ns = 1'000'000'000;

class push_maker {
 public:
  push_maker& stream(std::string_view labels, const std::vector<test_entry>& entries) {
    pushed_stream s;
    s.labels_text = keep(std::string(labels));
    s.first_entry = static_cast<std::uint32_t>(push_.entries.size());
    s.entry_count = static_cast<std::uint32_t>(entries.size());
    for (const test_entry& e : entries) {
      pushed_entry out;
      out.timestamp_ns = e.timestamp_ns;
      out.line = keep(e.line);
      out.first_metadata = static_cast<std::uint32_t>(push_.metadata.size());
      out.metadata_count = static_cast<std::uint32_t>(e.metadata.size());
      for (const auto& [name, value] : e.metadata) {
        push_.metadata.push_back({keep(name), keep(value)});
      }
      push_.entries.push_back(out);
    }
    push_.streams.push_back(s);
    return *this;
  }
  decoded_push take() { return std::move(push_); }

 private:
  std::string_view keep(std::string text) {
    const auto owned = std::make_shared<std::string>(std::move(text));
    push_.buffers.push_back(owned);
    return *owned;
  }
  decoded_push push_;
};

class DistributorCore : public testing::Test {
 protected:
  DistributorCore() {
    limits_.discover_log_levels = false;
    limits_.discover_service_name.clear();
  }

  prepared_push prepare(push_maker& maker) {
    if (!core_) core_.emplace(options_, rates_);
    const decoded_push push = maker.take();
    push_request_context context;
    context.tenant = "fake";
    context.limits = &limits_;
    context.wall_now_ns = now_ns;
    context.now = std::chrono::steady_clock::time_point(std::chrono::seconds(5));
    return core_->prepare(push, context);
  }
  prepared_push prepare_one(std::string_view labels, const std::vector<test_entry>& entries) {
    push_maker maker;
    maker.stream(labels, entries);
    return prepare(maker);
  }

  // What the frames hold, by stream.
  static std::map<std::string, std::vector<test_entry>> stored(const prepared_push& outcome) {
    std::map<std::string, std::vector<test_entry>> out;
    for (const shard_frame& f : outcome.frames) {
      for (const stream_slice& slice : f.frame->slices()) {
        auto& entries = out[std::string(slice.canonical_labels)];
        for (std::size_t row = 0; row < slice.rows(); ++row) {
          test_entry entry{slice.timestamps[row], std::string(slice.lines.line(row))};
          for (const metadata_pair& pair : slice.metadata.row(row)) {
            entry.metadata.emplace_back(pair.name, pair.value);
          }
          entries.push_back(std::move(entry));
        }
      }
    }
    return out;
  }

  distributor_options options_;
  rate_limiter rates_;
  tenant_limits limits_;
  std::optional<distributor_core> core_;
};

TEST_F(DistributorCore, AcceptsAndFrames) {
  push_maker maker;
  maker.stream(R"({b="2", a="1"})", {{now_ns, "x"}, {now_ns + 1, "yy", {{"k", "v"}}}})
      .stream(R"({a="1",b="2"})", {{now_ns - 5, "z"}})
      .stream(R"({c="3"})", {});
  const prepared_push out = prepare(maker);
  EXPECT_EQ(out.status, 204);
  EXPECT_FALSE(out.failure);
  EXPECT_EQ(out.received_lines, 3u);
  EXPECT_EQ(out.accepted_lines, 3u);
  EXPECT_EQ(out.accepted_bytes, 6u);
  const auto streams = stored(out);
  ASSERT_EQ(streams.size(), 1u);
  EXPECT_EQ(streams.begin()->first, R"({a="1", b="2"})");
  EXPECT_THAT(streams.begin()->second,
              ElementsAre(test_entry{now_ns, "x"}, test_entry{now_ns + 1, "yy", {{"k", "v"}}},
                          test_entry{now_ns - 5, "z"}));
  EXPECT_EQ(out.frames[0].frame->tenant(), "fake");
}

TEST_F(DistributorCore, AnswersEmptyPushes) {
  push_maker none;
  const prepared_push out = prepare(none);
  EXPECT_EQ(out.status, 422);
  EXPECT_EQ(out.failure->message, "error at least one valid stream is required for ingestion");
  EXPECT_EQ(prepare_one(R"({a="b"})", {}).status, 204);
}

TEST_F(DistributorCore, SpreadsStreamsOverShards) {
  options_.shards = 4;
  push_maker maker;
  for (int i = 0; i < 64; ++i) {
    maker.stream("{s=\"" + std::to_string(i) + "\"}", {{now_ns, "x"}});
  }
  const prepared_push out = prepare(maker);
  ASSERT_EQ(out.frames.size(), 4u);
  for (const shard_frame& f : out.frames) {
    for (const stream_slice& slice : f.frame->slices()) {
      EXPECT_EQ(shard_of(slice.fingerprint, 4), f.shard);
    }
  }
}

TEST_F(DistributorCore, ClosesFramesAtTheirSize) {
  options_.frame_bytes_max = 200;
  const prepared_push out =
      prepare_one(R"({a="b"})", {{now_ns, std::string(99, 'a')}, {now_ns, "b"}, {now_ns, "c"}});
  ASSERT_EQ(out.frames.size(), 2u);
  EXPECT_EQ(out.frames[0].frame->rows(), 1u);
  EXPECT_EQ(out.frames[1].frame->rows(), 2u);
}

// A frame must fit into one record of the log, whatever its bytes consist of.
TEST_F(DistributorCore, ClosesFramesThatAreMostlyMetadataOrLabels) {
  options_.frame_bytes_max = 1000;
  push_maker maker;
  std::vector<test_entry> entries;
  for (int i = 0; i < 10; ++i) entries.push_back({now_ns + i, "x", {{"k", std::string(400, 'v')}}});
  maker.stream(R"({a="b"})", entries);
  for (int i = 0; i < 10; ++i) {
    maker.stream("{a=\"" + std::string(400, static_cast<char>('a' + i)) + "\"}", {{now_ns, "x"}});
  }
  const prepared_push out = prepare(maker);
  std::uint64_t rows = 0;
  for (const auto& f : out.frames) {
    EXPECT_LT(f.frame->bytes().size(), 3000u);
    rows += f.frame->rows();
  }
  EXPECT_EQ(rows, 20u);
}

TEST_F(DistributorCore, ClosesFramesThatAreMostlyCountsAndOffsets) {
  options_.frame_bytes_max = 64 << 10;
  push_maker streams;
  for (int i = 0; i < 5000; ++i) {
    streams.stream("{a=\"" + std::to_string(i) + "\"}", {{now_ns, "x"}});
  }
  push_maker entries;
  entries.stream(R"({a="b"})", std::vector<test_entry>(30'000, {now_ns, "x"}));
  for (auto* maker : {&streams, &entries}) {
    const prepared_push out = prepare(*maker);
    ASSERT_GT(out.frames.size(), 3u);
    for (const auto& f : out.frames) EXPECT_LT(f.frame->bytes().size(), 80'000u);
    EXPECT_GT(out.frames[0].frame->bytes().size(), 50'000u);
  }
}

TEST_F(DistributorCore, KeepsStreamsThatTheLabelCacheDoesNotKeep) {
  options_.shards = 3;
  push_maker maker;
  for (int i = 0; i < 20'000; ++i) {
    maker.stream("{b=\"" + std::to_string(i) + "\", a=\"1\"}",
                 {{now_ns, "x"}, {now_ns + i, "y", {{"k", "v"}}}});
  }
  const decoded_push push = maker.take();
  const auto stored_with = [&](std::size_t cache_bytes) {
    options_.label_cache_bytes_max = cache_bytes;
    rate_limiter rates;
    distributor_core core(options_, rates);
    push_request_context context;
    context.tenant = "fake";
    context.limits = &limits_;
    context.wall_now_ns = now_ns;
    const prepared_push out = core.prepare(push, context);
    EXPECT_EQ(out.status, 204);
    EXPECT_LE(core.labels().bytes(), cache_bytes);
    return stored(out);
  };
  const auto all = stored_with(100 << 20);
  EXPECT_EQ(all.size(), 20'000u);
  EXPECT_TRUE(all == stored_with(100'000));
}

struct refusal_case {
  const char* name;
  void (*configure)(tenant_limits&);
  std::string labels;
  test_entry entry;
  std::string reason;
  std::string text;
};

class Refusal : public DistributorCore, public testing::WithParamInterface<refusal_case> {};

TEST_P(Refusal, NamesReasonAndKeepsTheRest) {
  const refusal_case& c = GetParam();
  c.configure(limits_);
  push_maker maker;
  maker.stream(c.labels, {c.entry}).stream(R"({good="1"})", {{now_ns, "ok"}});
  const prepared_push out = prepare(maker);
  EXPECT_EQ(out.status, 400);
  ASSERT_TRUE(out.failure);
  EXPECT_EQ(out.failure->message, c.text);
  ASSERT_EQ(out.discarded.size(), 1u);
  EXPECT_EQ(out.discarded[0].reason, c.reason);
  EXPECT_EQ(out.discarded[0].lines, 1u);
  EXPECT_EQ(out.accepted_lines, 1u);
  EXPECT_EQ(stored(out).size(), 1u);
}

const refusal_case refusals[] = {
    {"BadSyntax",
     [](tenant_limits&) {},
     R"({app="pb")",
     {now_ns, "x"},
     "invalid_labels",
     "couldn't parse labels: 1:10: parse error: unexpected end of input inside braces"},
    {"BadName",
     [](tenant_limits&) {},
     R"({a-b="1"})",
     {now_ns, "x"},
     "invalid_labels",
     "couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'"},
    {"NoLabels",
     [](tenant_limits&) {},
     R"({a=""})",
     {now_ns, "x"},
     "missing_labels",
     "error at least one label pair is required per stream"},
    {"Duplicate",
     [](tenant_limits& l) { l.discover_service_name = {"app"}; },
     R"({app="pb", app="b"})",
     {now_ns, "x"},
     "duplicate_label_names",
     R"(stream '{app="pb", app="b", service_name="pb"}' has duplicate label name: 'app')"},
    {"TooManyLabels",
     [](tenant_limits& l) {
       l.max_label_names_per_series = 2;
       l.discover_service_name = {"a"};
     },
     R"({a="1", b="2", c="3"})",
     {now_ns, "x"},
     "max_label_names_per_series",
     R"(entry for stream '{a="1", b="2", c="3", service_name="1"}' has 3 label names; limit 2)"},
    {"LongName",
     [](tenant_limits& l) { l.max_label_name_length = 4; },
     R"({abcde="1"})",
     {now_ns, "x"},
     "label_name_too_long",
     R"(stream '{abcde="1"}' has label name too long: 'abcde')"},
    {"LongValue",
     [](tenant_limits& l) { l.max_label_value_length = 4; },
     R"({a="12345"})",
     {now_ns, "x"},
     "label_value_too_long",
     R"(stream '{a="12345"}' has label value too long: '12345')"},
    {"TooOld",
     [](tenant_limits&) {},
     R"({app="a"})",
     {now_ns - 8 * 86400 * second_ns, "x"},
     "greater_than_max_sample_age",
     R"(entry for stream '{app="a"}' has timestamp too old: 2026-11-14T15:51:57Z, oldest )"
     "acceptable timestamp is: 2026-11-15T15:51:57Z"},
    {"TooNew",
     [](tenant_limits&) {},
     R"({app="a"})",
     {now_ns + 3600 * second_ns, "x"},
     "too_far_in_future",
     R"(entry for stream '{app="a"}' has timestamp too new: 2026-11-22T16:51:57Z)"},
    {"LongLine",
     [](tenant_limits& l) { l.max_line_size = 10; },
     R"({app="a"})",
     {now_ns, "12345678901"},
     "line_too_long",
     R"(max entry size '10' bytes exceeded for stream '{app="a"}' while adding an entry with )"
     "length '11' bytes"},
    {"NoMetadata",
     [](tenant_limits& l) { l.allow_structured_metadata = false; },
     R"({app="a"})",
     {now_ns, "x", {{"k", "v"}}},
     "disallowed_structured_metadata",
     R"(stream '{app="a"}' includes structured metadata, but this feature is disallowed. Please )"
     "see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable "
     "it"},
    {"LargeMetadata",
     [](tenant_limits& l) { l.max_structured_metadata_size = 200; },
     R"({app="a"})",
     {now_ns, "x", {{"k", std::string(300, 'v')}}},
     "structured_metadata_too_large",
     R"(stream '{app="a"}' has structured metadata too large: '301' bytes, limit: '200' bytes. )"
     "Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator "
     "to increase it"},
    {"MuchMetadata",
     [](tenant_limits& l) { l.max_structured_metadata_entries_count = 2; },
     R"({app="a"})",
     {now_ns, "x", {{"a", "1"}, {"b", "2"}, {"c", "3"}}},
     "structured_metadata_too_many",
     R"(stream '{app="a"}' has too many structured metadata labels: '3', limit: '2'. Please see )"
     "`limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to "
     "increase it"},
    {"Enforced",
     [](tenant_limits& l) { l.enforced_labels = {"good"}; },
     R"({app="a"})",
     {now_ns, "x"},
     "missing_enforced_labels",
     R"(missing required labels 'good' for user 'fake' for stream '{app="a"}' (policy: ''))"},
};

INSTANTIATE_TEST_SUITE_P(Rules, Refusal, testing::ValuesIn(refusals),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(DistributorCore, BoundsAreInclusive) {
  limits_.max_line_size = 10;
  limits_.max_label_name_length = 3;
  limits_.max_label_value_length = 4;
  limits_.max_label_names_per_series = 2;
  limits_.max_structured_metadata_size = 4;
  limits_.max_structured_metadata_entries_count = 2;
  const prepared_push out =
      prepare_one(R"({abc="1234", b="2", service_name="s"})",
                  {{now_ns - 7 * 86400 * second_ns, "1234567890"},
                   {now_ns + 600 * second_ns, "x", {{"a", "1"}, {"b", "2"}}}});
  // The value of service_name is short; only its name passes the limit of names.
  EXPECT_EQ(out.status, 400);
  limits_.max_label_name_length = 12;
  EXPECT_EQ(prepare_one(R"({abc="1234", b="2", service_name="s"})",
                        {{now_ns - 7 * 86400 * second_ns, "1234567890"},
                         {now_ns + 600 * second_ns, "x", {{"a", "1"}, {"b", "2"}}}})
                .status,
            204);
}

TEST_F(DistributorCore, GroupsEqualRefusals) {
  limits_.max_line_size = 2;
  const prepared_push out =
      prepare_one(R"({app="a"})", {{now_ns, "abc"}, {now_ns + 1, "abc"}, {now_ns, "ok"}, {0, "x"}});
  EXPECT_THAT(
      out.failure->message,
      StartsWith("2 errors like: max entry size '2' bytes exceeded for stream '{app=\"a\"}' "
                 "while adding an entry with length '3' bytes; 1 errors like: entry for "
                 "stream '{app=\"a\"}' has timestamp too old: 1970-01-01T00:00:00Z"));
  EXPECT_EQ(out.accepted_lines, 1u);
  EXPECT_THAT(out.discarded, ElementsAre(reason_count{"line_too_long", 2, 6},
                                         reason_count{"greater_than_max_sample_age", 1, 1}));
}

TEST_F(DistributorCore, BoundsTheErrorText) {
  std::vector<test_entry> entries;
  for (int i = 0; i < 5000; ++i) entries.push_back({i * second_ns, "x"});
  const prepared_push out = prepare_one(R"({app="a"})", entries);
  EXPECT_LT(out.failure->message.size(), 10'000u);
  EXPECT_EQ(out.discarded[0].lines, 5000u);
}

TEST_F(DistributorCore, AnyAgeWhenOldSamplesAreWelcome) {
  limits_.reject_old_samples = false;
  EXPECT_EQ(
      prepare_one(R"({a="b"})", {{0, "x"}, {std::numeric_limits<std::int64_t>::min(), "y"}}).status,
      204);
}

TEST_F(DistributorCore, CutsLongLinesWhenToldTo) {
  limits_.max_line_size = 10;
  limits_.max_line_size_truncate = true;
  limits_.max_line_size_truncate_identifier = "...";
  const prepared_push out =
      prepare_one(R"({a="b"})", {{now_ns, "123456789012"}, {now_ns, "short"}});
  EXPECT_EQ(out.status, 204);
  EXPECT_EQ(out.accepted_bytes, 15u);
  EXPECT_THAT(out.mutated, ElementsAre(reason_count{"line_too_long", 1, 2}));
  EXPECT_THAT(stored(out).begin()->second,
              ElementsAre(test_entry{now_ns, "1234567..."}, test_entry{now_ns, "short"}));
}

// Nothing may live shorter than the frame that it goes into.
TEST_F(DistributorCore, CutLinesAndNewNamesStandSideBySide) {
  limits_.max_line_size = 24;
  limits_.max_line_size_truncate = true;
  limits_.max_line_size_truncate_identifier = "...";
  std::vector<test_entry> sent, expected;
  for (int i = 0; i < 40; ++i) {
    const std::string number = std::to_string(1000 + i);
    const std::string name = "a name that is not safe " + std::to_string(i % 3);
    sent.push_back({now_ns, number + std::string(30, 'x'), {{name, number}, {"ok", number}}});
    expected.push_back(
        {now_ns,
         number + std::string(17, 'x') + "...",
         {{"a_name_that_is_not_safe_" + std::to_string(i % 3), number}, {"ok", number}}});
  }
  EXPECT_THAT(stored(prepare_one(R"({a="b"})", sent)).begin()->second, ElementsAreArray(expected));
}

TEST_F(DistributorCore, RefusesWhatNoFrameHolds) {
  limits_.max_line_size = 0;
  options_.line_bytes_max = 100;
  const prepared_push out = prepare_one(R"({a="b"})", {{now_ns, std::string(101, 'x')}});
  EXPECT_EQ(out.status, 400);
  EXPECT_EQ(out.discarded[0].reason, "line_too_long");
}

pair_list pairs_of(std::size_t count, std::size_t value_bytes, const std::string& name = "k") {
  pair_list pairs;
  for (std::size_t i = 0; i < count; ++i) {
    pairs.emplace_back(name + std::to_string(i), std::string(value_bytes, 'v'));
  }
  return pairs;
}

// No flush could store them: whatever the tenant's limits say.
TEST_F(DistributorCore, BoundsMetadataWithoutLimits) {
  limits_.ingestion_rate_mb = limits_.ingestion_burst_size_mb = 1000;
  limits_.max_structured_metadata_size = 0;
  limits_.max_structured_metadata_entries_count = 0;
  const prepared_push fine = prepare_one(
      R"({a="b"})", {{now_ns, "x", pairs_of(65'535, 1)},
                     {now_ns, "x", {{"k", std::string((8u << 20) - 1, 'v')}}},
                     {now_ns, "x", {{"detected_level", std::string((8u << 20) - 14, 'v')}}}});
  EXPECT_EQ(fine.status, 204) << fine.failure->message;
  ASSERT_EQ(fine.frames.size(), 3u);
  EXPECT_EQ(fine.frames[0].frame->slices()[0].metadata.row(0).size(), 65'535u);
  const prepared_push out = prepare_one(
      R"({a="b"})", {{now_ns, "x", pairs_of(65'536, 1)},
                     {now_ns, "x", {{"k", std::string(8u << 20, 'v')}}},
                     {now_ns, "x", {{"detected_level", std::string((8u << 20) - 13, 'v')}}},
                     {now_ns, "kept"}});
  EXPECT_EQ(out.status, 400);
  EXPECT_EQ(out.accepted_lines, 1u);
  EXPECT_EQ(out.failure->message,
            R"(1 errors like: stream '{a="b"}' has too many structured metadata labels: '65536', )"
            "limit: '65535'. Please see `limits_config.max_structured_metadata_entries_count` or "
            "contact your Loki administrator to increase it; 2 errors like: stream '{a=\"b\"}' has "
            "structured metadata too large: '8388609' bytes, limit: '8388608' bytes. Please see "
            "`limits_config.max_structured_metadata_size` or contact your Loki administrator to "
            "increase it");
  // A larger limit changes nothing.
  limits_.max_structured_metadata_size = 1u << 30;
  limits_.max_structured_metadata_entries_count = 1'000'000;
  EXPECT_EQ(prepare_one(R"({a="b"})", {{now_ns, "x", pairs_of(65'536, 1)}}).status, 400);
}

// An entry of many pairs took time by the square of their number.
TEST_F(DistributorCore, ManyPairsAreMadeUniqueAtOnce) {
  limits_.max_structured_metadata_size = 0;
  limits_.max_structured_metadata_entries_count = 0;
  pair_list sent = pairs_of(1000, 1, "a name ");
  sent.emplace_back("a_name_7", "last");
  sent.emplace_back("a name 8", "");
  pair_list expected = pairs_of(1000, 1, "a_name_");
  expected[7].second = "last";
  expected.erase(expected.begin() + 8);
  EXPECT_THAT(stored(prepare_one(R"({a="b"})", {{now_ns, "x", sent}})).begin()->second,
              ElementsAre(test_entry{now_ns, "x", expected}));
}

TEST_F(DistributorCore, ALargeEntryGoesAlone) {
  options_.frame_bytes_max = 1000;
  const prepared_push out = prepare_one(
      R"({a="b"})", {{now_ns, "small"}, {now_ns, std::string(5000, 'x')}, {now_ns, "small"}});
  ASSERT_EQ(out.frames.size(), 3u);
  for (const auto& f : out.frames) EXPECT_EQ(f.frame->rows(), 1u);
}

TEST_F(DistributorCore, RateLimitRefusesTheWholePush) {
  limits_.ingestion_rate_mb = 0.002;
  limits_.ingestion_burst_size_mb = 0.002;
  const test_entry line{now_ns, std::string(250, 'x')};
  const prepared_push out = prepare_one(R"({a="b"})", std::vector<test_entry>(20, line));
  EXPECT_EQ(out.status, 429);
  EXPECT_EQ(out.failure->code, errc::overloaded);
  EXPECT_EQ(out.failure->message,
            "ingestion rate limit exceeded for user fake (limit: 2097 bytes/sec) while attempting "
            "to ingest '20' lines totaling '5000' bytes, reduce log volume or contact your Loki "
            "administrator to see if the limit can be increased");
  EXPECT_TRUE(out.frames.empty());
  EXPECT_EQ(out.accepted_lines, 0u);
  EXPECT_THAT(out.discarded, ElementsAre(reason_count{"rate_limited", 20, 5000}));
}

TEST_F(DistributorCore, RateCountsMetadataButNotRefusedLines) {
  limits_.ingestion_rate_mb = 0.001;
  limits_.ingestion_burst_size_mb = 0.001;  // 1048 bytes
  limits_.max_line_size = 500;
  const prepared_push out =
      prepare_one(R"({a="b"})", {{now_ns, std::string(501, 'x')},
                                 {now_ns, std::string(500, 'x')},
                                 {now_ns, std::string(500, 'y'), {{"k", std::string(48, 'v')}}}});
  EXPECT_EQ(out.status, 429);
  const prepared_push fits =
      prepare_one(R"({a="b"})", {{now_ns, std::string(501, 'x')},
                                 {now_ns, std::string(500, 'x')},
                                 {now_ns, std::string(500, 'y'), {{"k", std::string(47, 'v')}}}});
  EXPECT_EQ(fits.status, 400);
  EXPECT_EQ(fits.accepted_bytes, 1048u);
}

TEST_F(DistributorCore, SetsServiceName) {
  limits_.discover_service_name = {"service", "app"};
  push_maker maker;
  maker.stream(R"({app="shop"})", {{now_ns, "x"}})
      .stream("{}", {{now_ns, "x"}})
      .stream(R"({app="a", service_name="own"})", {{now_ns, "x"}})
      .stream(R"({__pattern__="p"})", {{now_ns, "x"}});
  std::vector<std::string> streams;
  for (const auto& [labels, entries] : stored(prepare(maker))) streams.push_back(labels);
  EXPECT_THAT(streams, ElementsAre(R"({__pattern__="p"})", R"({app="a", service_name="own"})",
                                   R"({app="shop", service_name="shop"})",
                                   R"({service_name="unknown_service"})"));
}

TEST_F(DistributorCore, AddsDetectedLevel) {
  limits_.discover_log_levels = true;
  push_maker maker;
  maker
      .stream(R"({a="1"})", {{now_ns, "level=ERR x=1"},
                             {now_ns, "hello", {{"bad-name", "v"}}},
                             {now_ns, "info", {{"detected_level", "WARNING"}}}})
      .stream(R"({a="1", level="Wrn"})", {{now_ns, "error"}});
  const auto streams = stored(prepare(maker));
  EXPECT_THAT(
      streams.at(R"({a="1"})"),
      ElementsAre(test_entry{now_ns, "level=ERR x=1", {{"detected_level", "error"}}},
                  test_entry{now_ns, "hello", {{"bad_name", "v"}, {"detected_level", "unknown"}}},
                  test_entry{now_ns, "info", {{"detected_level", "warn"}}}));
  EXPECT_EQ(streams.at(R"({a="1", level="Wrn"})")[0].metadata[0].second, "warn");
}

TEST_F(DistributorCore, LevelIsNotAddedWithoutMetadata) {
  limits_.discover_log_levels = true;
  limits_.allow_structured_metadata = false;
  const prepared_push out = prepare_one(R"({a="1"})", {{now_ns, "level=ERR x=1"}});
  EXPECT_TRUE(stored(out).begin()->second[0].metadata.empty());
}

TEST_F(DistributorCore, EmptyMetadataNameFailsThePush) {
  const prepared_push out = prepare_one(R"({a="1"})", {{now_ns, "x", {{"", "v"}}}, {now_ns, "y"}});
  EXPECT_EQ(out.status, 400);
  EXPECT_EQ(out.failure->message, "label name is empty");
  EXPECT_TRUE(out.frames.empty());
  EXPECT_EQ(out.accepted_lines, 0u);
}

TEST_F(DistributorCore, BumpsEqualTimestampsWhenToldTo) {
  limits_.increment_duplicate_timestamp = true;
  const prepared_push out =
      prepare_one(R"({a="1"})", {{now_ns, "a"}, {now_ns, "b"}, {now_ns, "c"}, {now_ns + 9, "d"}});
  EXPECT_THAT(stored(out).begin()->second,
              ElementsAre(test_entry{now_ns, "a"}, test_entry{now_ns + 1, "b"},
                          test_entry{now_ns + 2, "c"}, test_entry{now_ns + 9, "d"}));
}

TEST_F(DistributorCore, BlocksIngestion) {
  limits_.block_ingestion_until_ns = 4'070'908'800 * second_ns;
  const prepared_push out = prepare_one(R"({a="1"})", {{now_ns, "a"}});
  EXPECT_EQ(out.status, 260);
  EXPECT_EQ(
      out.failure->message,
      "ingestion blocked for user 'fake' until '2099-01-01T00:00:00Z' with status code '260'");
  limits_.block_ingestion_status_code = 200;
  EXPECT_EQ(prepare_one(R"({a="1"})", {{now_ns, "a"}}).status, 204);
}

TEST_F(DistributorCore, ParsesLabelsOnce) {
  for (int i = 0; i < 3; ++i) static_cast<void>(prepare_one(R"({a="1"})", {{now_ns, "a"}}));
  EXPECT_EQ(core_->labels().hits(), 2u);
  EXPECT_EQ(core_->labels().misses(), 1u);
  limits_.discover_service_name = {"a"};  // other rules, other meaning
  const prepared_push out = prepare_one(R"({a="1"})", {{now_ns, "a"}});
  EXPECT_EQ(stored(out).begin()->first, R"({a="1", service_name="1"})");
}

}  // namespace
}  // namespace skald
