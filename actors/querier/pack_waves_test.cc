// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/pack_waves.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "testing/kit/test_seed.h"

namespace skald {
namespace {

struct chunk {
  std::uint32_t stream;
  std::int64_t min_ns;
  std::int64_t max_ns;
  std::uint64_t rows = 100;
};

chunk_table table_of(const std::vector<std::vector<chunk>>& packs) {
  chunk_table table;
  std::uint32_t streams = 0;
  for (const auto& chunks : packs) {
    pack_chunks pack{"pack-" + std::to_string(table.packs.size()), {}};
    for (const chunk& one : chunks) {
      streams = std::max(streams, one.stream + 1);
      pack.chunks.push_back({one.stream, 0, one.min_ns, one.max_ns, one.rows, 0});
    }
    table.packs.push_back(std::move(pack));
  }
  table.streams.resize(streams);
  return table;
}

using positions = std::vector<std::size_t>;

std::vector<positions> packs_of(const std::vector<pack_wave>& waves) {
  std::vector<positions> out;
  for (const pack_wave& wave : waves) out.push_back(wave.packs);
  return out;
}

TEST(PackWaves, OneWithoutABoundOfRows) {
  const auto waves = waves_of(table_of({{{0, 1, 2}}, {{0, 3, 4}}}), {});
  ASSERT_EQ(waves.size(), 1);
  EXPECT_EQ(waves[0].packs.size(), 2);
  EXPECT_EQ(waves[0].min_timestamp_ns, 1);
  EXPECT_EQ(waves[0].max_timestamp_ns, 4);
  EXPECT_FALSE(waves[0].has_memory);
}

TEST(PackWaves, NoneWithoutRows) {
  EXPECT_TRUE(waves_of({}, {}).empty());
}

TEST(PackWaves, FollowTheDirectionAndGrow) {
  std::vector<std::vector<chunk>> packs;
  for (std::int64_t i = 0; i < 10; ++i) packs.push_back({{0, 10 * i, 10 * i + 9}});
  EXPECT_EQ(packs_of(waves_of(table_of(packs), {.forward = false, .first_rows = 100})),
            (std::vector<positions>{{9}, {8, 7, 6, 5}, {4, 3, 2, 1, 0}}));
  EXPECT_EQ(packs_of(waves_of(table_of(packs), {.forward = true, .first_rows = 150})),
            (std::vector<positions>{{0, 1}, {2, 3, 4, 5, 6, 7}, {8, 9}}));
}

TEST(PackWaves, KeepEqualTimesOfAStreamTogether) {
  const std::vector<std::vector<chunk>> apart = {{{0, 1, 9}}, {{0, 10, 19}}};
  const std::vector<std::vector<chunk>> touching = {{{0, 1, 10}}, {{0, 10, 19}}};
  const std::vector<std::vector<chunk>> other_streams = {{{1, 1, 15}}, {{0, 10, 19}}};
  for (const bool forward : {false, true}) {
    const wave_request request{.forward = forward, .first_rows = 1};
    EXPECT_EQ(waves_of(table_of(apart), request).size(), 2);
    EXPECT_EQ(waves_of(table_of(touching), request).size(), 1);
    EXPECT_EQ(waves_of(table_of(other_streams), request).size(), 2);
  }
}

// Only the packs whose rows of a stream touch stay together, not all up to the first one with it.
TEST(PackWaves, OthersOfTheStreamStayApart) {
  const auto table = table_of({{{0, 1, 9}}, {{0, 9, 19}}, {{0, 20, 29}}, {{0, 30, 39}}});
  EXPECT_EQ(packs_of(waves_of(table, {.forward = false, .first_rows = 1})),
            (std::vector<positions>{{3}, {2}, {1, 0}}));
  EXPECT_EQ(packs_of(waves_of(table, {.forward = true, .first_rows = 1})),
            (std::vector<positions>{{0, 1}, {2}, {3}}));
}

// A chunk that reaches far joins all that its rows lie among, and what touches these.
TEST(PackWaves, ALongChunkJoinsAllInItsTime) {
  const auto table = table_of({{{0, 40, 49}}, {{0, 30, 39}}, {{0, 20, 29}}, {{0, 5, 30}}});
  EXPECT_EQ(packs_of(waves_of(table, {.forward = false, .first_rows = 1})),
            (std::vector<positions>{{0}, {1, 3, 2}}));
}

// The pack in between has nothing to do with them, but lies between them.
TEST(PackWaves, JoinAcrossOtherPacks) {
  const auto table = table_of({{{0, 20, 40}}, {{1, 28, 35}}, {{0, 1, 30}}, {{2, 1, 5}}});
  EXPECT_EQ(packs_of(waves_of(table, {.forward = false, .first_rows = 1})),
            (std::vector<positions>{{0, 1, 2}, {3}}));
}

TEST(PackWaves, MemoryGoesWithPacksOfItsTime) {
  const auto table = table_of({{{0, 1, 9}}, {{0, 10, 19}}, {{0, 20, 29}}});
  wave_request request{.forward = false, .first_rows = 100};
  request.memory_rows = 500;
  request.memory_min_ns = 29;
  request.memory_max_ns = 50;
  auto waves = waves_of(table, request);
  EXPECT_EQ(packs_of(waves), (std::vector<positions>{{2}, {1, 0}}));
  EXPECT_TRUE(waves[0].has_memory);
  EXPECT_EQ(waves[0].max_timestamp_ns, 50);
  EXPECT_FALSE(waves[1].has_memory);

  request.memory_min_ns = 30;
  waves = waves_of(table, request);
  EXPECT_EQ(packs_of(waves), (std::vector<positions>{{}, {2, 1, 0}}));
  EXPECT_TRUE(waves[0].has_memory);

  request.forward = true;
  waves = waves_of(table, request);
  EXPECT_EQ(packs_of(waves), (std::vector<positions>{{0}, {1, 2}}));
  EXPECT_TRUE(waves[1].has_memory);
}

TEST(PackWaves, MemoryAlone) {
  wave_request request;
  request.memory_min_ns = request.memory_max_ns = 5;
  const auto waves = waves_of({}, request);
  ASSERT_EQ(waves.size(), 1);
  EXPECT_TRUE(waves[0].has_memory);
}

struct span_of_time {
  std::int64_t min_ns = INT64_MAX;
  std::int64_t max_ns = INT64_MIN;
};

// Of any two waves, every stream's rows of the first are better than those of the second.
void expect_ordered(const chunk_table& table, const wave_request& request,
                    const std::vector<pack_wave>& waves) {
  std::vector<std::map<std::uint32_t, span_of_time>> spans(waves.size());
  std::size_t packs = 0;
  std::size_t with_memory = 0;
  for (std::size_t i = 0; i < waves.size(); ++i) {
    packs += waves[i].packs.size();
    with_memory += waves[i].has_memory ? 1 : 0;
    for (const std::size_t number : waves[i].packs) {
      for (const pack_chunk& one : table.packs[number].chunks) {
        span_of_time& span = spans[i][one.stream];
        span.min_ns = std::min(span.min_ns, one.min_timestamp_ns);
        span.max_ns = std::max(span.max_ns, one.max_timestamp_ns);
      }
    }
    if (!waves[i].has_memory) continue;
    for (std::uint32_t stream = 0; stream < table.streams.size(); ++stream) {
      span_of_time& span = spans[i][stream];
      span.min_ns = std::min(span.min_ns, request.memory_min_ns);
      span.max_ns = std::max(span.max_ns, request.memory_max_ns);
    }
  }
  EXPECT_EQ(packs, table.packs.size());
  EXPECT_EQ(with_memory, request.memory_min_ns <= request.memory_max_ns ? 1 : 0);
  for (std::size_t i = 0; i < waves.size(); ++i) {
    for (std::size_t j = i + 1; j < waves.size(); ++j) {
      for (const auto& [stream, earlier] : spans[i]) {
        const auto later = spans[j].find(stream);
        if (later == spans[j].end()) continue;
        if (request.forward) {
          EXPECT_LT(earlier.max_ns, later->second.min_ns);
        } else {
          EXPECT_GT(earlier.min_ns, later->second.max_ns);
        }
      }
    }
  }
}

// Where every pack is large enough for a wave, none could end earlier: rows of some stream on
// either side are not in order.
void expect_small(chunk_table table, const wave_request& request) {
  for (pack_chunks& pack : table.packs) {
    for (pack_chunk& one : pack.chunks) one.rows = std::uint64_t{1} << 40;
  }
  const auto waves = waves_of(table, request);
  for (const pack_wave& wave : waves) {
    for (std::size_t end = 1; end < wave.packs.size(); ++end) {
      bool joined = table.packs[wave.packs[end - 1]].chunks.empty();  // which ends no wave
      for (std::size_t i = 0; i < end; ++i) {
        for (std::size_t j = end; j < wave.packs.size(); ++j) {
          for (const pack_chunk& a : table.packs[wave.packs[i]].chunks) {
            for (const pack_chunk& b : table.packs[wave.packs[j]].chunks) {
              const pack_chunk& older = request.forward ? a : b;
              const pack_chunk& newer = request.forward ? b : a;
              joined = joined ||
                       (a.stream == b.stream && older.max_timestamp_ns >= newer.min_timestamp_ns);
            }
          }
        }
      }
      EXPECT_TRUE(joined) << "at " << end;
    }
  }
}

TEST(PackWaves, AreInOrderWhateverThePacks) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t bound) {
    return static_cast<std::int64_t>(random() % bound);
  };
  std::size_t several = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::vector<chunk>> packs(static_cast<std::size_t>(below(12)));
    for (std::size_t i = 0; i < packs.size(); ++i) {
      for (std::uint32_t stream = 0; stream < 4; ++stream) {
        if (below(3) == 0) continue;
        const std::int64_t from = static_cast<std::int64_t>(i) * 20 + below(30);
        packs[i].push_back({stream, from, from + below(10), 100});
      }
    }
    std::shuffle(packs.begin(), packs.end(), random);
    wave_request request{.forward = below(2) == 0, .first_rows = 1 + random() % 300};
    const bool has_memory = below(2) == 0;
    if (has_memory) {
      request.memory_min_ns = below(300);
      request.memory_max_ns = request.memory_min_ns + below(20);
    }
    const chunk_table table = table_of(packs);
    const auto waves = waves_of(table, request);
    several += waves.size() > 1 ? 1 : 0;
    ASSERT_NO_FATAL_FAILURE(expect_ordered(table, request, waves));
    if (!has_memory) expect_small(table, request);
    if (HasFailure()) return;
  }
  EXPECT_GT(several, 500);
}

}  // namespace
}  // namespace skald
