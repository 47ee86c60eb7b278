// SPDX-License-Identifier: Apache-2.0
// The same entries in packs with and without columns give the same answers to random queries.
// SKALD_PACK_CASES and SKALD_PACK_SEED in the environment choose a longer run or one case.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <limits>

#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_writer.h"
#include "storage/object_store/memory_store.h"
#include "testing/kit/query_answer.h"
#include "testing/kit/random_query.h"
#include "testing/kit/test_seed.h"

namespace skald {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr int queries_per_pack = 40;

std::vector<stream_rows> random_streams(query_generator& random) {
  std::vector<stream_rows> streams;
  for (const char* labels :
       {R"({app="a1", env="e1"})", R"({app="a1"})", R"({app="a2", level="info", v="7"})"}) {
    std::vector<std::int64_t> times;
    for (std::uint64_t i = 1 + random.below(150); i-- > 0;) {
      times.push_back(static_cast<std::int64_t>(random.below(60)) * second);
    }
    std::sort(times.begin(), times.end());
    stream_rows stream{std::string_view(labels)};
    for (const std::int64_t time : times) {
      stream_rows::pairs pairs;
      for (const label& pair : random.metadata()) pairs.emplace_back(pair.name, pair.value);
      stream.add(time, random.line(), pairs);
    }
    streams.push_back(std::move(stream));
  }
  return streams;
}

class query_pack {
 public:
  query_pack(const std::vector<stream_rows>& streams, bool filters, column_use columns) {
    pack_writer writer({.segment_bytes_target = 64U << 10, .filters = filters, .columns = columns});
    const auto written = writer.write({"t", "o", 1, 1}, inputs_of(streams));
    EXPECT_TRUE(written.ok()) << written.error().message;
    EXPECT_TRUE(store_.put("p", written->views()).ok());
    reader_ = pack_reader::open(store_, "p").value();
    for (std::uint32_t i = 0; i < reader_->chunk_count(); ++i) selection_.push_back({i, nullptr});
  }

  block_list blocks() const {
    return std::move(*reader_->blocks(selection_, {0, std::numeric_limits<std::int64_t>::max()}));
  }

 private:
  memory_store store_;
  std::shared_ptr<const pack_reader> reader_;
  std::vector<chunk_selection> selection_;
};

std::size_t blocks_with_fields(const query_pack& pack) {
  const block_list blocks = pack.blocks();
  return static_cast<std::size_t>(
      std::count_if(blocks.begin(), blocks.end(), [](const auto& b) { return b->has_fields(); }));
}

void compare(std::uint64_t seed, std::uint64_t& compared) {
  query_generator random(seed);
  const std::vector<stream_rows> streams = random_streams(random);
  const bool filters = random.chance(50);
  const query_pack plain(streams, filters, column_use::never);
  const query_pack columnar(streams, filters, column_use::always);
  ASSERT_GT(blocks_with_fields(columnar), 0u);
  ASSERT_EQ(blocks_with_fields(plain), 0u);
  for (int i = 0; i < queries_per_pack; ++i) {
    const logql::query_request request = random.request();
    const auto plan = logql::query_plan::make(request, {});
    if (!plan.ok()) continue;
    SCOPED_TRACE("seed " + std::to_string(seed) + " query " + request.query);
    const auto expected = run_query(**plan, [&] { return plain.blocks(); });
    const auto got = run_query(**plan, [&] { return columnar.blocks(); });
    ASSERT_EQ(print_answer(expected), print_answer(got));
    // Filters are given up where they are too large a share of the lines as stored.
    if (expected.ok() && !filters && !(*plan)->is_log_query()) {
      ASSERT_EQ(print_counts(expected->stats), print_counts(got->stats));
    }
    ++compared;
  }
}

TEST(PackQuery, ColumnsDoNotChangeTheAnswer) {
  const std::uint64_t first = test_seed();
  const std::uint64_t cases = environment_number("SKALD_PACK_CASES", 20);
  std::uint64_t compared = 0;
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    compare(seed, compared);
    if (HasFailure()) return;
  }
  std::printf("first seed %llu: %llu compared\n", static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(compared));
}

}  // namespace
}  // namespace skald
