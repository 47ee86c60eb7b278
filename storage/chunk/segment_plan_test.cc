// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_plan.h"

#include <gtest/gtest.h>

#include "storage/chunk/generated_streams.h"

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

std::uint64_t rows_of(const planned_run& run) {
  std::uint64_t rows = 0;
  for (const row_slice& slice : run.slices) rows += slice.count;
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
      EXPECT_GT(rows_of(run), 0);
      rows += rows_of(run);
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
    EXPECT_EQ(rows_of(segment.runs[0]) % 100, 0);
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
  const auto& slices = plan->segments[0].runs[0].slices;
  ASSERT_EQ(slices.size(), 20);  // row by row in turn, the earlier input first
  for (std::size_t i = 0; i < slices.size(); ++i) {
    EXPECT_EQ(slices[i].input, &inputs[i % 2]);
    EXPECT_EQ(slices[i].first, i / 2);
  }
}

}  // namespace
}  // namespace skald
