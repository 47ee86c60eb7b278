// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_file.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/index/index_test_rows.h"
#include "storage/index/lmdb_env.h"

namespace skald {
namespace {

using namespace index_testing;

constexpr std::uint64_t map_bytes = 1 << 20;

std::shared_ptr<index_file> open_file(const std::string& path) {
  auto opened = index_file::open_writable(path, map_bytes);
  EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
  return opened.ok() ? *opened : nullptr;
}

std::vector<owned_row> small_example() {
  return {
      make_row({{"app", "a"}, {"env", "dev"}}, 100, 200, "p1", 0),
      make_row({{"app", "a"}, {"env", "prod"}}, 150, 400, "p1", 1),
      make_row({{"app", "b"}, {"env", "prod"}}, 100, 110, "p1", 2),
      make_row({{"app", "a"}, {"env", "dev"}}, 300, 310, "p2", 0),
      make_row({{"job", "x\"y\\z\n"}}, 500, 500, "p2", 1),
  };
}

TEST(IndexFile, EmptyFileAnswersNothing) {
  temporary_directory dir;
  auto file = open_file(dir / "f");
  EXPECT_TRUE(file->chunk_refs(query_for({}))->empty());
  EXPECT_TRUE(file->find_streams(query_for({}))->empty());
  EXPECT_TRUE(file->label_names(query_for({}))->empty());
  EXPECT_TRUE(file->label_values("app", query_for({}))->empty());
  EXPECT_EQ(file->stats(query_for({}))->streams, 0u);
  EXPECT_EQ(file->file_stats().chunks, 0u);
  EXPECT_TRUE(file->add("fake", {}).ok());
}

TEST(IndexFile, FindsChunksByLabelsAndTime) {
  temporary_directory dir;
  auto file = open_file(dir / "f");
  const auto rows = small_example();
  ASSERT_TRUE(file->add("fake", views(rows)).ok());
  const auto found = file->chunk_refs(query_for({match("app", match_op::equal, "a")}, {200, 301}));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(flatten(*found), sorted({rows[0].chunk, rows[1].chunk, rows[3].chunk}));
  EXPECT_EQ(found->size(), 2u);
  EXPECT_EQ(flatten(*file->chunk_refs(query_for({}, {201, 300}))), sorted({rows[1].chunk}));
  EXPECT_EQ(flatten(*file->chunk_refs(query_for({}, {500, 501}))), sorted({rows[4].chunk}));
  EXPECT_TRUE(file->chunk_refs(query_for({}, {501, 600}))->empty());
  EXPECT_TRUE(file->chunk_refs(query_for({}, {0, 100}))->empty());
  EXPECT_EQ(*file->label_names(query_for({})), (std::vector<std::string>{"app", "env", "job"}));
  EXPECT_EQ(*file->label_values("job", query_for({})), (std::vector<std::string>{"x\"y\\z\n"}));
  EXPECT_EQ(file->pack_keys().value(), (std::vector<std::string>{"p1", "p2"}));
  EXPECT_EQ(file->find_streams(query_for({}))->size(), 4u);
}

TEST(IndexFile, AddingTheSameAgainChangesNothing) {
  temporary_directory dir;
  auto file = open_file(dir / "f");
  auto rows = small_example();
  const auto twice = [&] {
    auto out = views(rows);
    const auto again = views(rows);
    out.insert(out.end(), again.begin(), again.end());
    return out;
  };
  ASSERT_TRUE(file->add("fake", twice()).ok());
  EXPECT_EQ(file->file_stats().chunks, 5u);
  std::reverse(rows.begin(), rows.end());
  ASSERT_TRUE(file->add("fake", twice()).ok());
  const index_file_stats stats = file->file_stats();
  EXPECT_EQ(stats.chunks, 5u);
  EXPECT_EQ(stats.streams, 4u);
  EXPECT_EQ(stats.packs, 2u);
  EXPECT_EQ(stats.min_timestamp_ns, 100);
  EXPECT_EQ(stats.max_timestamp_ns, 500);
}

TEST(IndexFile, KeepsTenantsApart) {
  temporary_directory dir;
  auto file = open_file(dir / "f");
  const std::vector<owned_row> first = {make_row({{"app", "a"}, {"only", "1"}}, 1, 2),
                                        make_row({{"app", "c"}}, 1, 2, "pack", 1)};
  const std::vector<owned_row> second = {make_row({{"app", "c"}}, 1, 2, "other")};
  ASSERT_TRUE(file->add("one", views(first)).ok());
  ASSERT_TRUE(file->add("two", views(second)).ok());
  EXPECT_EQ(file->file_stats().streams, 3u);
  EXPECT_EQ(flatten(*file->chunk_refs(query_for({}, {0, 9}, "two"))), sorted({second[0].chunk}));
  EXPECT_EQ(*file->label_names(query_for({}, {0, 9}, "two")), (std::vector<std::string>{"app"}));
  EXPECT_EQ(*file->label_values("app", query_for({}, {0, 9}, "two")),
            (std::vector<std::string>{"c"}));
  EXPECT_EQ(file->find_streams(query_for({}, {0, 9}, "one"))->size(), 2u);
  EXPECT_TRUE(file->find_streams(query_for({}, {0, 9}, "three"))->empty());
  EXPECT_TRUE((*file->contains("one", views(first)))[1]);
  EXPECT_FALSE((*file->contains("two", views(first)))[1]);
}

TEST(IndexFile, RefusesBadRowsAndForgetsThem) {
  temporary_directory dir;
  auto file = open_file(dir / "f");
  const auto good = make_row({{"app", "a"}}, 1, 2);
  auto reversed = make_row({{"app", "b"}}, 2, 1);
  auto no_pack = make_row({{"app", "b"}}, 1, 2, "");
  auto long_pack = make_row({{"app", "b"}}, 1, 2, std::string(401, 'k'));
  auto foreign = make_row({{"app", "b"}}, 1, 2);
  foreign.chunk.stream.low ^= 1;
  auto malformed = make_row({{"app", "b"}}, 1, 2);
  malformed.labels = "{app=b}";
  malformed.chunk.stream = fingerprint_of(malformed.labels);
  for (const owned_row& bad : {reversed, no_pack, long_pack, foreign, malformed}) {
    EXPECT_EQ(file->add("fake", views({good, bad})).error().code, errc::invalid_argument);
    EXPECT_EQ(file->file_stats().streams, 0u);
  }
  ASSERT_TRUE(file->add("fake", views({make_row({{"app", "b"}}, 1, 2)})).ok());
  ASSERT_TRUE(file->add("fake", views({good})).ok());
  EXPECT_EQ(file->find_streams(query_for({}))->size(), 2u);
  ASSERT_TRUE(file->finish().ok());
  EXPECT_EQ(file->add("fake", views({good})).error().code, errc::invalid_argument);
  EXPECT_EQ(file->find_streams(query_for({}))->size(), 2u);
}

TEST(IndexFile, AnswersAfterReopenAndGoesOn) {
  temporary_directory dir;
  const auto rows = small_example();
  open_file(dir / "f")->add("fake", views({rows[0], rows[1]})).ok();
  {
    auto file = open_file(dir / "f");
    EXPECT_EQ(file->file_stats().chunks, 2u);
    ASSERT_TRUE(file->add("fake", views(rows)).ok());
    EXPECT_EQ(file->file_stats().chunks, 5u);
    EXPECT_EQ(file->file_stats().streams, 4u);
    EXPECT_EQ(index_file::open_read_only(dir / "f").error().code, errc::invalid_argument);
    EXPECT_EQ(open_file(dir / "f")->file_stats().chunks, 5u);  // shares the environment
  }
  auto read_only = index_file::open_read_only(dir / "f");
  ASSERT_TRUE(read_only.ok());
  EXPECT_EQ((*read_only)->chunk_refs(query_for({}))->size(), 4u);
  EXPECT_EQ((*read_only)->add("fake", views(rows)).error().code, errc::invalid_argument);
  std::filesystem::copy(dir / "f", dir / "copy");
  auto copy = index_file::open_read_only(dir / "copy");
  ASSERT_TRUE(copy.ok());
  EXPECT_EQ((*copy)->file_stats().chunks, 5u);
}

TEST(IndexFile, LongLabelsAreKeptWhole) {
  temporary_directory dir;
  auto file = open_file(dir / "f");
  const std::string prefix(300, 'v');
  const std::string name(250, 'n');
  std::vector<owned_row> rows;
  for (int i = 0; i < 3; ++i) {
    rows.push_back(make_row({{"app", prefix + std::to_string(i)}, {name, "x"}}, 1, 2, "p", i));
  }
  ASSERT_TRUE(file->add("fake", views(rows)).ok());
  EXPECT_EQ(file->label_values("app", query_for({}))->size(), 3u);
  EXPECT_EQ(*file->label_names(query_for({})), (std::vector<std::string>{"app", name}));
  EXPECT_EQ(
      labels_of(*file->find_streams(query_for({match("app", match_op::equal, prefix + "1")}))),
      (std::vector<std::string>{rows[1].labels}));
  EXPECT_EQ(file->find_streams(query_for({match(name, match_op::equal, "x")}))->size(), 3u);
}

TEST(IndexFile, StatsCountPartsOfChunks) {
  temporary_directory dir;
  auto file = open_file(dir / "f");
  ASSERT_TRUE(file->add("fake", views({make_row({{"app", "a"}}, 100, 199)})).ok());
  const auto stats = [&](std::int64_t from, std::int64_t to) {
    return file->stats(query_for({}, {from, to})).value();
  };
  EXPECT_EQ(stats(0, 1000).entries, 10u);
  EXPECT_EQ(stats(0, 1000).bytes, 1000u);
  EXPECT_EQ(stats(0, 1000).chunks, 1u);
  EXPECT_EQ(stats(150, 1000).entries, 5u);
  EXPECT_EQ(stats(0, 110).bytes, 100u);
  EXPECT_EQ(stats(120, 130).bytes, 100u);
  EXPECT_EQ(stats(200, 300).streams, 0u);
}

// Every kind of matcher over random label sets, some labels missing, against looking at each row.
TEST(IndexFile, EqualsNaiveAnswersOnRandomData) {
  std::mt19937 random(7);
  temporary_directory dir;
  auto file = open_file(dir / "f");
  naive_index naive;
  std::set<std::string> used;
  for (int batch = 0; batch < 5; ++batch) {
    std::vector<owned_row> rows;
    for (int i = 0; i < 200; ++i) {
      std::vector<label> labels;
      for (const char* name : {"app", "env", "pod"}) {
        const int values = name[0] == 'p' ? 400 : 4;
        const int pick = static_cast<int>(random() % (values + 1));
        if (pick != 0) labels.push_back({name, "v" + std::to_string(pick)});
      }
      const std::int64_t start = random() % 1000;
      rows.push_back(
          make_row(labels, start, start + random() % 50, "pack" + std::to_string(batch), i));
    }
    ASSERT_TRUE(file->add("fake", views(rows)).ok());
    naive.rows.insert(naive.rows.end(), rows.begin(), rows.end());
  }
  const std::vector<std::string> patterns = {"",      "v1",  "v2|v3",   ".*",   ".+",
                                             "v[12]", "v1|", "nothing", "v1.*", "v(2|4)"};
  for (int round = 0; round < 150; ++round) {
    std::vector<label_matcher> matchers;
    for (auto n = random() % 4; n > 0; --n) {
      const std::string name =
          std::vector<std::string>{"app", "env", "pod", "absent"}[random() % 4];
      matchers.push_back(
          match(name, static_cast<match_op>(random() % 4), patterns[random() % patterns.size()]));
    }
    const std::int64_t start = random() % 1100;
    index_query query = query_for(matchers, {start, start + 1 + static_cast<int>(random() % 200)});
    if (random() % 3 == 0) query.range = {0, INT64_MAX};
    if (random() % 4 == 0) query.shard = {static_cast<std::uint32_t>(random() % 4), 4};
    ASSERT_EQ(flatten(*file->chunk_refs(query)), sorted(naive.chunks(query))) << round;
    ASSERT_EQ(labels_of(*file->series(query)), naive.series(query)) << round;
    ASSERT_EQ(labels_of(*file->find_streams(query)), naive.series(query, false)) << round;
    query.range = {0, INT64_MAX};
    ASSERT_EQ(*file->label_names(query), naive.names(query)) << round;
    ASSERT_EQ(*file->label_values("pod", query), naive.values("pod", query)) << round;
    ASSERT_EQ(*file->label_values("app", query), naive.values("app", query)) << round;
    ASSERT_EQ(file->stats(query)->chunks, naive.chunks(query).size()) << round;
  }
}

// Several blocks for a pack, blocks shared by one stream, rows that come in several calls and out
// of order: found once each, by all and by few streams.
TEST(IndexFile, MatchesExpressionsByValueWhereThereAreFew) {
  temporary_directory dir;
  auto file = open_file(dir / "f");
  std::vector<owned_row> rows;
  for (std::uint32_t i = 0; i < 200; ++i) {
    std::vector<label> labels = {{"pod", "p" + std::to_string(i)}};
    if (i % 4 != 0) labels.push_back({"cluster", "c" + std::to_string(i % 4)});
    rows.push_back(make_row(std::move(labels), 1, 2, "pack", i));
  }
  ASSERT_TRUE(file->add("fake", views(rows)).ok());
  const naive_index naive{rows};
  const std::vector<std::vector<label_matcher>> cases = {
      {match("cluster", match_op::regex, ".+")},
      {match("cluster", match_op::regex, ".*")},
      {match("cluster", match_op::not_regex, ".+")},
      {match("cluster", match_op::regex, "c[13]")},
      {match("cluster", match_op::not_regex, "c1.*")},
      {match("cluster", match_op::regex, "c[13]"), match("pod", match_op::regex, "p1.")},
      {match("cluster", match_op::regex, "nothing.+")},
      {match("missing", match_op::regex, ".+")},
      {match("missing", match_op::not_regex, ".+")},
  };
  for (const auto& matchers : cases) {
    EXPECT_EQ(flatten(*file->chunk_refs(query_for(matchers))),
              sorted(naive.chunks(query_for(matchers))))
        << matchers[0].name() << to_string(matchers[0].op()) << matchers[0].value();
  }
}

TEST(IndexFile, FindsChunksInPacksOfManyBlocks) {
  std::mt19937 random(11);
  temporary_directory dir;
  auto file = open_file(dir / "f");
  naive_index naive;
  for (int i = 0; i < 9000; ++i) {
    const int pod = i < 4000 ? i : i < 8500 ? 17 : 3000 + i % 700;
    const std::int64_t start = random() % 100'000;
    naive.rows.push_back(make_row({{"pod", std::to_string(pod)}}, start, start + random() % 1000,
                                  i % 5 == 0 ? "few" : "many", i));
  }
  std::shuffle(naive.rows.begin(), naive.rows.end(), random);
  for (std::size_t begin = 0; begin < naive.rows.size(); begin += 3000) {
    const auto first = naive.rows.begin() + static_cast<std::ptrdiff_t>(begin);
    ASSERT_TRUE(file->add("fake", views({first, first + 3000})).ok());
  }
  ASSERT_TRUE(file->add("fake", views(naive.rows)).ok());
  EXPECT_EQ(file->file_stats().chunks, 9000u);
  for (const char* pods : {".*", "17", "16|17|18", "3[0-9]*", "1|3999", "none"}) {
    for (const time_range range : {time_range{0, INT64_MAX}, {500, 900}, {99'000, 99'001}}) {
      const auto query = query_for({match("pod", match_op::regex, pods)}, range);
      ASSERT_EQ(flatten(*file->chunk_refs(query)), sorted(naive.chunks(query))) << pods;
      ASSERT_EQ(labels_of(*file->series(query)), naive.series(query)) << pods;
      ASSERT_EQ(file->stats(query)->chunks, naive.chunks(query).size()) << pods;
    }
  }
}

// Far above the first map size, in one transaction.
TEST(IndexFile, GrowsForAHundredThousandStreams) {
  temporary_directory dir;
  auto file = open_file(dir / "f");
  std::vector<owned_row> rows;
  for (int i = 0; i < 100'000; ++i) {
    rows.push_back(make_row({{"app", "app" + std::to_string(i % 100)},
                             {"env", i % 3 == 0 ? "dev" : "prod"},
                             {"pod", "pod-" + std::to_string(i)}},
                            i, i + 1000,
                            "index/pack-key-of-usual-length-" + std::to_string(i / 20'000), i));
  }
  ASSERT_TRUE(file->add("fake", views(rows)).ok());
  EXPECT_EQ(file->file_stats().streams, 100'000u);
  EXPECT_EQ(file->file_stats().chunks, 100'000u);
  EXPECT_GT(file->file_stats().file_bytes, map_bytes);
  EXPECT_EQ(file->find_streams(query_for({match("app", match_op::equal, "app7")}))->size(), 1000u);
  EXPECT_EQ(file->find_streams(query_for({match("env", match_op::not_equal, "prod")}))->size(),
            33'334u);
  const auto one = file->chunk_refs(query_for({match("pod", match_op::equal, "pod-70000")}));
  EXPECT_EQ(flatten(*one), sorted({rows[70'000].chunk}));
  EXPECT_EQ(file->label_values("pod", query_for({}))->size(), 100'000u);
  EXPECT_EQ(file->label_values("pod", query_for({match("app", match_op::equal, "app7")}))->size(),
            1000u);
  EXPECT_EQ(file->label_names(query_for({match("env", match_op::equal, "dev")}))->size(), 3u);
  EXPECT_EQ(file->pack_keys()->size(), 5u);
  // More streams than are matched by reading their labels: the values are walked.
  EXPECT_EQ(file->find_streams(query_for({match("pod", match_op::regex, "pod-7000.")}))->size(),
            10u);
  EXPECT_EQ(file->find_streams(query_for({match("pod", match_op::not_regex, ".*[1-9]")}))->size(),
            10'000u);
  EXPECT_EQ(file->find_streams(query_for({match("app", match_op::regex, "|app1.*")}))->size(),
            11'000u);
}

TEST(IndexFile, DamagedFilesAreCorrupt) {
  temporary_directory dir;
  spill(dir / "noise", std::string(20'000, 'x'));
  EXPECT_EQ(index_file::open_read_only(dir / "noise").error().code, errc::corrupt);
  EXPECT_EQ(index_file::open_read_only(dir / "absent").error().code, errc::not_found);
}

// A flipped bit in a pack's refs is found by their own checksum.
TEST(IndexFile, DamagedRefsAreCorrupt) {
  temporary_directory dir;
  {
    auto file = open_file(dir / "f");
    ASSERT_TRUE(file->add("fake", views(small_example())).ok());
    ASSERT_TRUE(file->finish().ok());
  }
  // All chunks have 10 rows and 1000 bytes: the bases of those columns, which need no bits.
  const std::string wanted("\x14\0\xd0\x0f\0", 5);
  std::string bytes = slurp(dir / "f");
  std::size_t changed = 0;
  for (std::size_t at = bytes.find(wanted); at != std::string::npos;
       at = bytes.find(wanted, at + 1)) {
    bytes[at] ^= 1;
    ++changed;
  }
  ASSERT_GE(changed, 2u);
  spill(dir / "f", bytes);
  auto file = index_file::open_read_only(dir / "f");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->chunk_refs(query_for({})).error().code, errc::corrupt);
  EXPECT_EQ((*file)->stats(query_for({})).error().code, errc::corrupt);
}

}  // namespace
}  // namespace skald
