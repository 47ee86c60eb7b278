// SPDX-License-Identifier: Apache-2.0
// Packs whose lines are stored by shape: every line comes back byte for byte, whole or by rows.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <random>

#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_rows.h"
#include "storage/chunk/pack_writer.h"
#include "storage/chunk/shape/generated_lines.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

constexpr time_range all_time = {std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max()};

using make_line = std::function<std::string(line_generator&)>;

std::vector<stream_rows> streams_of(line_generator& lines, const make_line& make,
                                    std::size_t rows) {
  std::vector<stream_rows> streams;
  streams.emplace_back(std::string_view(R"({app="a", pod="1"})"));
  streams.emplace_back(std::string_view(R"({app="a", pod="2"})"));
  std::int64_t at = 1'795'305'600'000'000'000;
  for (std::size_t i = 0; i < rows; ++i) {
    at += static_cast<std::int64_t>(lines.below(2'000'000'000));
    streams[i < 2 ? i : lines.below(2)].add(at, make(lines));
  }
  return streams;
}

struct open_pack {
  memory_store store;
  std::shared_ptr<const pack_reader> reader;
  block_list blocks;
};

std::unique_ptr<open_pack> write_and_open(const std::vector<stream_rows>& streams,
                                          std::uint32_t segment_bytes,
                                          column_use columns = column_use::always) {
  auto made = std::make_unique<open_pack>();
  pack_writer writer({.segment_bytes_target = segment_bytes, .columns = columns});
  const auto written = writer.write({"t", "o", 1, 1}, inputs_of(streams));
  EXPECT_TRUE(written.ok()) << written.error().message;
  EXPECT_TRUE(made->store.put("p", written->views()).ok());
  auto opened = pack_reader::open(made->store, "p");
  EXPECT_TRUE(opened.ok()) << opened.error().message;
  made->reader = *opened;
  std::vector<chunk_selection> selection;
  for (std::uint32_t i = 0; i < made->reader->chunk_count(); ++i) selection.push_back({i, nullptr});
  made->blocks = std::move(*made->reader->blocks(selection, all_time));
  return made;
}

std::size_t blocks_with_fields(const block_list& blocks) {
  std::size_t count = 0;
  for (const auto& block : blocks) count += block->has_fields() ? 1 : 0;
  return count;
}

// Some rows of each block, sparse and dense, equal the same rows of all lines.
void compare_some_rows(const open_pack& pack, line_generator& random) {
  std::vector<chunk_selection> selection;
  for (std::uint32_t i = 0; i < pack.reader->chunk_count(); ++i) selection.push_back({i, nullptr});
  const auto again = *pack.reader->blocks(selection, all_time);
  for (std::size_t i = 0; i < pack.blocks.size(); ++i) {
    const line_column all = pack.blocks[i]->lines().value();
    for (const std::uint64_t density : {1U, 3U, 50U}) {
      std::vector<std::uint32_t> rows;
      for (std::uint32_t row = 0; row < all.rows(); ++row) {
        if (random.below(density) == 0) rows.push_back(row);
      }
      const auto some = again[i]->lines_of(rows);
      ASSERT_TRUE(some.ok()) << some.error().message;
      ASSERT_EQ(some->rows(), all.rows());
      for (const std::uint32_t row : rows) ASSERT_EQ(some->line(row), all.line(row));
    }
    const auto starts = again[i]->line_starts();
    ASSERT_TRUE(starts.ok());
    ASSERT_TRUE(std::equal(starts->begin(), starts->end(), all.starts.begin(), all.starts.end()));
  }
}

struct line_kind {
  const char* name;
  make_line make;
  std::size_t rows;
};

class StructuredPack : public testing::TestWithParam<line_kind> {};

TEST_P(StructuredPack, GivesBackEveryLine) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  line_generator lines(seed);
  for (const std::uint32_t segment_bytes : {64U << 10, 256U << 10, 1U << 20}) {
    const auto streams = streams_of(lines, GetParam().make, GetParam().rows);
    const auto pack = write_and_open(streams, segment_bytes);
    const auto rows = read_rows(pack->blocks);
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    ASSERT_EQ(*rows, rows_of(streams));
    EXPECT_EQ(blocks_with_fields(pack->blocks), pack->blocks.size());
    compare_some_rows(*pack, lines);
  }
}

TEST_P(StructuredPack, GivesBackEveryLineOfSmallPacks) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  line_generator lines(seed);
  for (int round = 0; round < 60; ++round) {
    const auto streams = streams_of(lines, GetParam().make, 2 + lines.below(30));
    const auto pack = write_and_open(streams, 64U << 10);
    const auto rows = read_rows(pack->blocks);
    ASSERT_TRUE(rows.ok()) << rows.error().message;
    ASSERT_EQ(*rows, rows_of(streams));
    compare_some_rows(*pack, lines);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Lines, StructuredPack,
    testing::Values(line_kind{"Json", [](line_generator& of) { return of.json(); }, 4000},
                    line_kind{"Logfmt", [](line_generator& of) { return of.logfmt(); }, 4000},
                    line_kind{"Any", [](line_generator& of) { return of.any(); }, 4000},
                    line_kind{"WildJson", [](line_generator& of) { return of.wild_json(); }, 3000},
                    line_kind{"WildLogfmt", [](line_generator& of) { return of.wild_logfmt(); },
                              3000},
                    line_kind{"Mutated", [](line_generator& of) { return of.mutated(); }, 3000},
                    line_kind{"Hostile", [](line_generator& of) { return of.hostile(); }, 150}),
    [](const auto& one) { return one.param.name; });

TEST(StructuredPackForms, JsonAndLogfmtAreStoredByShapeTextIsNot) {
  line_generator lines(7);
  const auto json = streams_of(
      lines, [](line_generator& of) { return of.json(); }, 2000);
  EXPECT_EQ(blocks_with_fields(write_and_open(json, 1U << 20, column_use::where_smaller)->blocks),
            1);
  const auto logfmt = streams_of(
      lines, [](line_generator& of) { return of.logfmt(); }, 2000);
  EXPECT_EQ(blocks_with_fields(write_and_open(logfmt, 1U << 20, column_use::where_smaller)->blocks),
            1);
  const auto text = streams_of(
      lines, [](line_generator& of) { return of.text(); }, 2000);
  EXPECT_EQ(blocks_with_fields(write_and_open(text, 1U << 20, column_use::where_smaller)->blocks),
            0);
  const auto few = streams_of(
      lines, [](line_generator& of) { return of.json(); }, 60);
  EXPECT_EQ(blocks_with_fields(write_and_open(few, 1U << 20, column_use::where_smaller)->blocks),
            0);
}

}  // namespace
}  // namespace skald
