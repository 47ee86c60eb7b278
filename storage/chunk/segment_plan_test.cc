// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_format.h"

namespace skald {
namespace {

constexpr std::uint32_t target = 64 << 10;

stream_rows filled(const std::string& labels, std::size_t rows, std::size_t line_bytes,
                   std::int64_t step = 1) {
  stream_rows made{std::string_view(labels)};
  for (std::size_t i = 0; i < rows; ++i) {
    made.add(static_cast<std::int64_t>(i) * step, std::string(line_bytes - 1, 'x'));
  }
  return made;
}

std::uint64_t rows_of(const segment_plan& plan, const planned_run& run) {
  std::uint64_t rows = 0;
  for (const row_slice& slice : plan.slices_of(run)) rows += slice.count;
  return rows;
}

TEST(AppOf, TakesTheFirstPresentLabel) {
  const auto app = [](const char* labels) {
    return std::string(app_of(parse_labels(labels).value()));
  };
  EXPECT_EQ(app("{job=\"j\", app=\"a\", service_name=\"s\"}"), "s");
  EXPECT_EQ(app("{job=\"j\", app=\"a\"}"), "a");
  EXPECT_EQ(app("{job=\"j\", container=\"c\"}"), "j");
  EXPECT_EQ(app("{container=\"c\"}"), "c");
  EXPECT_EQ(app("{pod=\"p\"}"), "");
}

TEST(SegmentPlan, SortsByAppThenLabels) {
  std::vector<stream_rows> streams;
  for (const char* labels : {"{app=\"b\", pod=\"1\"}", "{pod=\"9\"}", "{app=\"a\", pod=\"2\"}",
                             "{app=\"a\", pod=\"1\"}", "{job=\"a\"}"}) {
    streams.push_back(filled(labels, 3, 10));
  }
  const auto inputs = inputs_of(streams);
  const auto plan = plan_segments(inputs, target);
  ASSERT_TRUE(plan.ok());
  std::vector<std::string> order;
  for (const stream_ptr& stream : plan->streams) order.push_back(stream->canonical_labels);
  EXPECT_EQ(order, (std::vector<std::string>{"{pod=\"9\"}", "{app=\"a\", pod=\"1\"}",
                                             "{app=\"a\", pod=\"2\"}", "{job=\"a\"}",
                                             "{app=\"b\", pod=\"1\"}"}));
  ASSERT_EQ(plan->segments.size(), 1);  // all of them small: mixed
  EXPECT_EQ(plan->segments[0].runs.size(), 5);
}

TEST(SegmentPlan, SegmentsAreNearTheTargetAndOfOneApp) {
  std::vector<stream_rows> streams;
  for (int i = 0; i < 40; ++i) {
    const std::string app = "app" + std::to_string(i % 3);
    streams.push_back(filled("{app=\"" + app + "\", pod=\"" + std::to_string(i) + "\"}",
                             i == 0 ? 9000 : 200, 100));
  }
  const auto inputs = inputs_of(streams);
  const auto plan = plan_segments(inputs, target);
  ASSERT_TRUE(plan.ok());
  std::uint64_t rows = 0;
  for (const planned_segment& segment : plan->segments) {
    EXPECT_GE(segment.raw_bytes, target / 2);
    EXPECT_LE(segment.raw_bytes, target * 3 / 2);
    const auto app = app_of(plan->streams[segment.runs[0].chunk]->labels);
    for (const planned_run& run : segment.runs) {
      EXPECT_EQ(app_of(plan->streams[run.chunk]->labels), app);
      EXPECT_GT(rows_of(*plan, run), 0);
      rows += rows_of(*plan, run);
    }
  }
  EXPECT_EQ(rows, 9000 + 39 * 200);
}

TEST(SegmentPlan, RowsOfOneInstantStayTogetherUpToTwiceTheSize) {
  std::vector<stream_rows> streams;
  // 100 rows per instant of 100 bytes: 10 KB each.
  streams.emplace_back("{app=\"a\"}");
  for (int i = 0; i < 4000; ++i) streams[0].add(i / 100, std::string(99, 'x'));
  auto inputs = inputs_of(streams);
  auto plan = plan_segments(inputs, target);
  ASSERT_TRUE(plan.ok());
  ASSERT_GT(plan->segments.size(), 3);
  for (const planned_segment& segment : plan->segments) {
    EXPECT_EQ(rows_of(*plan, segment.runs[0]) % 100, 0);
  }
  std::vector<stream_rows> one_instant;
  one_instant.push_back(filled("{app=\"a\"}", 4000, 100, 0));
  inputs = inputs_of(one_instant);
  plan = plan_segments(inputs, target);
  ASSERT_GT(plan->segments.size(), 2);
  for (const planned_segment& segment : plan->segments) {
    EXPECT_LE(segment.raw_bytes, 3 * target);
  }
}

TEST(SegmentPlan, LargeLinesAndMetadataCount) {
  std::vector<stream_rows> streams;
  streams.emplace_back("{app=\"a\"}");
  for (int i = 0; i < 5; ++i) streams[0].add(i, std::string(i % 2 == 0 ? 5 * target : 10, 'x'));
  auto inputs = inputs_of(streams);
  auto plan = plan_segments(inputs, target);
  ASSERT_TRUE(plan.ok());
  EXPECT_GE(plan->segments.size(), 3);
  std::vector<stream_rows> annotated;
  annotated.emplace_back("{app=\"a\"}");
  for (int i = 0; i < 4000; ++i) annotated[0].add(i, "x", {{"name", std::string(92, 'v')}});
  inputs = inputs_of(annotated);
  plan = plan_segments(inputs, target);
  EXPECT_GE(plan->segments.size(), 5);
}

TEST(SegmentPlan, OverlappingInputsOfOneStreamBecomeOneRun) {
  std::vector<stream_rows> streams;
  streams.push_back(filled("{app=\"a\"}", 10, 10));
  streams.push_back(filled("{app=\"a\"}", 10, 10));
  const auto inputs = inputs_of(streams);
  const auto plan = plan_segments(inputs, target);
  ASSERT_EQ(plan->streams.size(), 1);
  ASSERT_EQ(plan->segments[0].runs.size(), 1);
  const auto slices = plan->slices_of(plan->segments[0].runs[0]);
  ASSERT_EQ(slices.size(), 20);  // row by row in turn, the earlier input first
  for (std::size_t i = 0; i < slices.size(); ++i) {
    EXPECT_EQ(slices[i].input, &inputs[i % 2]);
    EXPECT_EQ(slices[i].first, i / 2);
  }
}

// A row as a plan places it.
struct placed_row {
  std::size_t segment;
  std::uint32_t chunk;
  std::int64_t timestamp;
  std::string line;
  friend bool operator==(const placed_row&, const placed_row&) = default;
};

std::vector<placed_row> placed_rows(const segment_plan& plan) {
  std::vector<placed_row> rows;
  for (std::size_t i = 0; i < plan.segments.size(); ++i) {
    std::uint64_t raw_bytes = 0;
    for (const planned_run& run : plan.segments[i].runs) {
      EXPECT_GT(run.slice_count, 0);
      for (const row_slice& slice : plan.slices_of(run)) {
        for (std::uint32_t row = slice.first; row < slice.first + slice.count; ++row) {
          rows.push_back({i, run.chunk, slice.input->timestamps[row],
                          std::string(slice.input->lines.line(row))});
          raw_bytes += rows.back().line.size() + 1;
        }
      }
    }
    EXPECT_EQ(raw_bytes, plan.segments[i].raw_bytes);
  }
  return rows;
}

// The streams' rows, cut into inputs of up to `rows_max` rows, those of all streams mixed.
std::vector<stream_rows> cut(const std::vector<stream_rows>& streams, std::mt19937& random,
                             std::size_t rows_max) {
  std::vector<stream_rows> pieces;
  std::vector<std::size_t> next(streams.size(), 0);
  std::vector<std::size_t> left(streams.size());
  for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
  while (!left.empty()) {
    const std::size_t pick = random() % left.size();
    const stream_rows& from = streams[left[pick]];
    stream_rows& piece = pieces.emplace_back(from.stream());
    std::size_t& row = next[left[pick]];
    for (std::size_t count = 1 + random() % rows_max; count > 0 && row < from.rows(); --count) {
      piece.add(from.timestamp(row), from.line(row), from.metadata(row));
      ++row;
    }
    if (row == from.rows()) left.erase(left.begin() + static_cast<std::ptrdiff_t>(pick));
  }
  return pieces;
}

// Large inputs are planned as a whole, single rows one by one: both must cut at the same rows.
TEST(SegmentPlan, DoesNotDependOnHowRowsAreCutIntoInputs) {
  std::mt19937 random(7);
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const auto streams = generate_streams({.seed = seed,
                                           .streams = 1 + seed * seed % 60,
                                           .apps = 1 + seed % 4,
                                           .rows = 4000,
                                           .mean_gap_ns = seed % 3 == 0 ? 1 : 1'000'000});
    const auto whole = inputs_of(streams);
    const auto expected = plan_segments(whole, target);
    ASSERT_TRUE(expected.ok());
    const auto rows = placed_rows(*expected);
    ASSERT_EQ(rows.size(), 4000);
    for (const std::size_t rows_max : {1, 7, 500}) {
      const auto pieces = cut(streams, random, rows_max);
      const auto inputs = inputs_of(pieces);
      const auto plan = plan_segments(inputs, target);
      ASSERT_TRUE(plan.ok());
      EXPECT_EQ(placed_rows(*plan), rows) << seed << " " << rows_max;
    }
  }
}

// Whatever overlaps: rows of a stream are in order of time, of equal times the earlier input's
// first, and none is lost.
TEST(SegmentPlan, OrdersOverlappingInputsByTimeThenArrival) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    std::vector<stream_rows> pieces;
    std::vector<std::vector<placed_row>> expected(3);
    for (int i = 0; i < 40; ++i) {
      const auto stream = static_cast<std::uint32_t>(random() % 3);
      stream_rows& piece =
          pieces.emplace_back(std::string_view("{app=\"" + std::to_string(stream) + "\"}"));
      std::int64_t now = i * (round % 5) + static_cast<std::int64_t>(random() % 10);
      for (unsigned row = 0; row < 1 + random() % 6; ++row) {
        now += static_cast<std::int64_t>(random() % 3);
        const std::string line = std::to_string(i) + "/" + std::to_string(row);
        piece.add(now, line);
        expected[stream].push_back({0, stream, now, line});
      }
    }
    std::vector<placed_row> all;
    std::uint32_t chunk = 0;
    for (auto& rows : expected) {
      if (rows.empty()) continue;
      std::stable_sort(rows.begin(), rows.end(),
                       [](const auto& a, const auto& b) { return a.timestamp < b.timestamp; });
      for (placed_row& row : rows) row.chunk = chunk;
      ++chunk;
      all.insert(all.end(), rows.begin(), rows.end());
    }
    const auto inputs = inputs_of(pieces);
    const auto plan = plan_segments(inputs, target);
    ASSERT_TRUE(plan.ok());
    ASSERT_EQ(plan->segments.size(), 1);
    EXPECT_EQ(placed_rows(*plan), all);
  }
}

// What the caller knows of the input.
pack_input with_facts(pack_input input) {
  std::uint64_t metadata_bytes = 0;
  for (const metadata_pair& pair : input.metadata.pairs) {
    metadata_bytes += pair.name.size() + pair.value.size();
  }
  input.facts = {input.timestamps.front(), input.timestamps.back(), metadata_bytes};
  return input;
}

TEST(SegmentPlan, FactsGiveThePlanThatLookingGives) {
  std::mt19937 random(5);
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const auto streams = generate_streams({.seed = seed, .streams = 20, .apps = 2, .rows = 3000});
    const auto pieces = cut(streams, random, 30);
    auto inputs = inputs_of(pieces);
    const auto expected = plan_segments(inputs, target);
    ASSERT_TRUE(expected.ok());
    const auto rows = placed_rows(*expected);
    for (pack_input& input : inputs) input = with_facts(input);
    const auto plan = plan_segments(inputs, target);
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(placed_rows(*plan), rows) << seed;
  }
}

TEST(SegmentPlan, FactsDoNotSpareLargeMetadataTheLook) {
  stream_rows rows("{app=\"a\"}");
  rows.add(1, "x", {{"name", std::string(row_metadata_bytes_max, 'v')}});
  EXPECT_EQ(plan_segments({with_facts(rows.input())}, target).error().code, errc::invalid_argument);
  auto input = with_facts(rows.input());
  input.metadata.starts = {};
  EXPECT_EQ(plan_segments({input}, target).error().code, errc::invalid_argument);
}

// Each piece of a cut stream above also has a stream object of its own, of equal labels.
TEST(SegmentPlan, StreamObjectsOfEqualLabelsAreOneStream) {
  std::vector<stream_rows> streams;
  for (int i = 0; i < 6; ++i) {
    streams.push_back(filled("{app=\"" + std::to_string(i % 2) + "\"}", 2, 10, 100));
  }
  const auto inputs = inputs_of(streams);
  const auto plan = plan_segments(inputs, target);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->streams.size(), 2);
  EXPECT_EQ(plan->segments[0].runs.size(), 2);
  EXPECT_EQ(plan->slices_of(plan->segments[0].runs[0]).front().input, &inputs[0]);
}

}  // namespace
}  // namespace skald
