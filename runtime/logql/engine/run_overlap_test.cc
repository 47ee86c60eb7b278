// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/run_overlap.h"

#include <gtest/gtest.h>

#include "testing/kit/memory_block.h"

namespace skald::logql {
namespace {

memory_stream stream_at(std::string_view labels, std::vector<std::int64_t> times) {
  memory_stream stream{stream_of(labels), {}};
  for (const std::int64_t t : times) stream.entries.push_back({t, "line", {}});
  return stream;
}

block_list blocks_of(std::vector<std::vector<memory_stream>> contents) {
  block_list blocks;
  for (std::vector<memory_stream>& streams : contents) {
    blocks.push_back(std::make_unique<memory_block>(std::move(streams)));
  }
  return blocks;
}

std::vector<closed_span> spans_of(const run_overlaps& overlaps, const log_block& block) {
  const std::span<const closed_span> spans = overlaps.of(block.runs()[0]);
  return {spans.begin(), spans.end()};
}

TEST(RunOverlaps, NoneWhenTimesAreApart) {
  const block_list blocks =
      blocks_of({{stream_at("{a=\"1\"}", {1, 5})}, {stream_at("{a=\"1\"}", {6, 9})}});
  EXPECT_TRUE(run_overlaps(blocks).empty());
}

TEST(RunOverlaps, OtherStreamsDoNotCount) {
  const block_list blocks =
      blocks_of({{stream_at("{a=\"1\"}", {1, 5})}, {stream_at("{a=\"2\"}", {1, 5})}});
  EXPECT_TRUE(run_overlaps(blocks).empty());
}

TEST(RunOverlaps, OneSharedInstantIsAnOverlap) {
  const block_list blocks =
      blocks_of({{stream_at("{a=\"1\"}", {1, 5})}, {stream_at("{a=\"1\"}", {5, 9})}});
  const run_overlaps overlaps(blocks);
  EXPECT_EQ(spans_of(overlaps, *blocks[0]), (std::vector<closed_span>{{5, 5}}));
  EXPECT_EQ(spans_of(overlaps, *blocks[1]), (std::vector<closed_span>{{5, 5}}));
}

TEST(RunOverlaps, SpansAreWhatTwoRunsCover) {
  const block_list blocks = blocks_of({{stream_at("{a=\"1\"}", {0, 100})},
                                       {stream_at("{a=\"1\"}", {10, 20})},
                                       {stream_at("{a=\"1\"}", {15, 30})},
                                       {stream_at("{a=\"1\"}", {90, 120})},
                                       {stream_at("{a=\"1\"}", {121, 130})}});
  const run_overlaps overlaps(blocks);
  EXPECT_EQ(spans_of(overlaps, *blocks[0]), (std::vector<closed_span>{{10, 30}, {90, 100}}));
  EXPECT_EQ(spans_of(overlaps, *blocks[3]), (std::vector<closed_span>{{90, 100}}));
  EXPECT_TRUE(spans_of(overlaps, *blocks[4]).empty());
  EXPECT_TRUE(in_spans(overlaps.of(blocks[0]->runs()[0]), 95));
  EXPECT_FALSE(in_spans(overlaps.of(blocks[0]->runs()[0]), 50));
}

TEST(ConnectedBlocks, FollowChains) {
  const block_list blocks =
      blocks_of({{stream_at("{a=\"1\"}", {0, 10})},
                 {stream_at("{a=\"2\"}", {0, 10})},
                 {stream_at("{a=\"1\"}", {10, 20}), stream_at("{a=\"3\"}", {50, 60})},
                 {stream_at("{a=\"3\"}", {60, 70})}});
  EXPECT_EQ(connected_blocks(blocks), (std::vector<std::vector<std::size_t>>{{0, 2, 3}, {1}}));
}

TEST(EntryMemory, TellsEntriesApart) {
  entry_memory memory;
  const hash128 stream = stream_of("{a=\"1\"}")->fingerprint;
  const metadata_pair pair{"k", "v"};
  EXPECT_TRUE(memory.first_time(stream, 1, "x", {}));
  EXPECT_FALSE(memory.first_time(stream, 1, "x", {}));
  EXPECT_TRUE(memory.first_time(stream, 2, "x", {}));
  EXPECT_TRUE(memory.first_time(stream, 1, "y", {}));
  EXPECT_TRUE(memory.first_time(stream, 1, "x", {&pair, 1}));
  EXPECT_TRUE(memory.first_time(stream_of("{a=\"2\"}")->fingerprint, 1, "x", {}));
}

}  // namespace
}  // namespace skald::logql
