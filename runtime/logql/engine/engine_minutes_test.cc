// SPDX-License-Identifier: Apache-2.0
// Counts by whole minutes answer as the rows themselves do.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "runtime/logql/engine/engine.h"
#include "testing/kit/memory_block.h"
#include "testing/kit/test_seed.h"

namespace skald::logql {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t start = 1'700'000'040 * second;  // a whole minute

// A block that knows the minutes of its rows and cannot read a column.
class minute_block final : public log_block {
 public:
  explicit minute_block(std::unique_ptr<memory_block> rows) : rows_(std::move(rows)) {
    const auto times = rows_->timestamps().value();
    for (const row_run& run : rows_->runs()) {
      counted& one = counted_[run.first_row];
      for (std::uint32_t i = 0; i < run.row_count; ++i) {
        const std::int64_t end = (times[run.first_row + i] + minute - 1) / minute * minute;
        if (one.marks.empty()) one.first_end_ns = end;
        const auto number = static_cast<std::uint32_t>((end - one.first_end_ns) / minute);
        if (one.marks.empty() || one.marks.back().minute != number) {
          one.marks.push_back({number, 0});
        }
        one.marks.back().rows_until = i + 1;
      }
    }
  }
  std::span<const row_run> runs() const override { return rows_->runs(); }
  std::uint64_t arrival_order() const override { return 0; }
  bool in_memory() const override { return false; }
  bool may_match(const skip_probe&) override { return true; }
  result<std::span<const std::int64_t>> timestamps() override { return unreadable(); }
  result<line_column> lines() override { return unreadable(); }
  result<metadata_column> metadata() override { return unreadable(); }
  text_flags flags() const override { return {}; }
  minute_counts minutes_of(const row_run& run) override {
    const counted& one = counted_.at(run.first_row);
    return {one.first_end_ns, one.marks};
  }
  block_read_stats read_stats() const override { return {}; }
  void release() override {}

 private:
  struct counted {
    std::int64_t first_end_ns = 0;
    std::vector<minute_mark> marks;
  };
  static error unreadable() { return {errc::unavailable, "a column was read"}; }
  std::unique_ptr<memory_block> rows_;
  std::map<std::uint32_t, counted> counted_;
};

std::unique_ptr<memory_block> random_rows(std::mt19937_64& random) {
  std::vector<memory_stream> streams;
  for (int i = 0; i < 3; ++i) {
    memory_stream& one = streams.emplace_back();
    one.stream = stream_of("{app=\"a" + std::to_string(i) + "\"}");
    for (std::size_t row = 0; row < 1 + random() % 100; ++row) {
      // Often at the edge of a minute.
      std::int64_t at = static_cast<std::int64_t>(random() % (180 * minute));
      if (random() % 3 == 0)
        at = at / minute * minute + static_cast<std::int64_t>(random() % 3) - 1;
      one.entries.push_back({start + at, "line " + std::to_string(row), {}});
    }
  }
  return std::make_unique<memory_block>(std::move(streams));
}

result<query_result> run(const query_plan& plan, std::unique_ptr<log_block> block) {
  query_stats stats;
  block_list blocks;
  blocks.push_back(std::move(block));
  std::vector<leaf_result> leaves(1);
  SKALD_TRY_ASSIGN(leaves[0], run_leaf(plan, 0, blocks, cancellation(), stats));
  return finish(plan, std::move(leaves), stats);
}

std::map<std::string, std::vector<sample_point>> points_of(const query_result& answer) {
  std::map<std::string, std::vector<sample_point>> out;
  for (const matrix_series& one : std::get<matrix_result>(answer.value).series) {
    out[one.labels.canonical()] = one.points;
  }
  return out;
}

TEST(EngineMinutes, CountAsTheRowsDo) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  const std::vector<std::string> forms = {"sum by (app) (count_over_time({app=~\".+\"}[%m]))",
                                          "sum by (app) (rate({app=~\".+\"}[%m]))",
                                          "sum(count_over_time({app=~\".+\"}[%m] offset 3m))"};
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t data_seed = random();
    query_request request;
    request.query = forms[random() % forms.size()];
    request.query.replace(request.query.find('%'), 1, std::to_string(1 + random() % 12));
    request.start_ns = start + static_cast<std::int64_t>(random() % (60 * minute));
    request.end_ns = request.start_ns + static_cast<std::int64_t>(random() % (120 * minute));
    request.step_ns = static_cast<std::int64_t>(1 + random() % 12) * minute;
    const auto plan = query_plan::make(request, {}).value();
    std::mt19937_64 first(data_seed);
    std::mt19937_64 again(data_seed);
    const auto expected = run(*plan, random_rows(first));
    const auto counted = run(*plan, std::make_unique<minute_block>(random_rows(again)));
    ASSERT_TRUE(expected.ok());
    ASSERT_TRUE(counted.ok()) << counted.error().message << " " << request.query;
    EXPECT_EQ(points_of(*counted), points_of(*expected)) << request.query;
  }
}

// Windows that begin between minutes need the rows.
TEST(EngineMinutes, ReadsRowsForOtherWindows) {
  std::mt19937_64 random(1);
  for (const std::string range : {"90s", "61s"}) {
    query_request request;
    request.query = "sum(count_over_time({app=~\".+\"}[" + range + "]))";
    request.start_ns = start;
    request.end_ns = start + 100 * minute;
    request.step_ns = minute;
    const auto plan = query_plan::make(request, {}).value();
    const auto answer = run(*plan, std::make_unique<minute_block>(random_rows(random)));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().message, "a column was read");
  }
}

}  // namespace
}  // namespace skald::logql
