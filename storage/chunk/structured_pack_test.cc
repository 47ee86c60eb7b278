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
#include "testing/kit/test_seed.h"

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
  const std::uint64_t seed = test_seed();
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
  const std::uint64_t seed = test_seed();
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

std::string folded(std::string_view text) {
  std::string made(text);
  for (char& c : made) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return made;
}

// Part of some line, which may cross values, or what is in none.
std::string random_needle(line_generator& random, const line_column& lines) {
  const std::string_view line = lines.line(random.below(lines.rows()));
  if (line.empty() || random.below(10) == 0) return "no such text";
  std::string needle(line.substr(random.below(line.size()), 1 + random.below(30)));
  if (random.below(8) == 0) needle[random.below(needle.size())] = 'X';
  return needle;
}

TEST_P(StructuredPack, FindsEveryRowWithAText) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  line_generator random(seed);
  std::size_t answers = 0;
  for (int round = 0; round < 10; ++round) {
    const auto streams = streams_of(random, GetParam().make, 2 + random.below(100));
    const auto pack = write_and_open(streams, 64U << 10);
    const auto same = write_and_open(streams, 64U << 10);
    for (std::size_t i = 0; i < pack->blocks.size(); ++i) {
      const line_column lines = same->blocks[i]->lines().value();
      for (int question = 0; question < 40; ++question) {
        const bool ignore_case = random.below(2) == 0;
        const std::string needle = random_needle(random, lines);
        const auto found = pack->blocks[i]->rows_with_text(needle, ignore_case);
        ASSERT_TRUE(found.ok()) << found.error().message;
        if (!found->has_value()) continue;
        ++answers;
        const auto& rows = **found;
        ASSERT_TRUE(std::is_sorted(rows.begin(), rows.end()));
        for (std::uint32_t row = 0; row < lines.rows(); ++row) {
          const std::string line =
              ignore_case ? folded(lines.line(row)) : std::string(lines.line(row));
          if (line.find(ignore_case ? folded(needle) : needle) == std::string::npos) continue;
          ASSERT_TRUE(std::binary_search(rows.begin(), rows.end(), row))
              << needle << " in " << lines.line(row);
        }
      }
    }
  }
  EXPECT_GT(answers, 0);
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

// A needle that begins in static text and ends in a value does not make all rows candidates.
TEST(StructuredPackForms, TextsThatCrossIntoValuesFindFewRows) {
  line_generator random(11);
  const auto streams = streams_of(
      random, [](line_generator& of) { return of.json(); }, 1500);
  const auto pack = write_and_open(streams, 1U << 20);
  const auto again = write_and_open(streams, 1U << 20);
  ASSERT_EQ(pack->blocks.size(), 1);
  const line_column lines = again->blocks[0]->lines().value();
  for (const char* needle : {R"("status":500)", R"("level":"error")", R"(error","msg":"request)",
                             R"("path":"/api/12)"}) {
    std::vector<std::uint32_t> wanted;
    for (std::uint32_t row = 0; row < lines.rows(); ++row) {
      if (lines.line(row).find(needle) != std::string_view::npos) wanted.push_back(row);
    }
    const auto found = pack->blocks[0]->rows_with_text(needle, false);
    ASSERT_TRUE(found.ok() && found->has_value()) << needle;
    EXPECT_GE((*found)->size(), wanted.size());
    EXPECT_LT((*found)->size(), lines.rows() / 3);
    if (std::string_view(needle).back() == '0') {
      EXPECT_EQ(**found, wanted) << needle;
    }
  }
  // In every line: reading them all is cheaper.
  EXPECT_FALSE(pack->blocks[0]->rows_with_text("\"trace_id\":\"", false)->has_value());
  EXPECT_FALSE(pack->blocks[0]->rows_with_text("a", false)->has_value());
}

TEST(StructuredPackForms, ReadsOnlyWhatIsAskedFor) {
  line_generator random(12);
  const auto streams = streams_of(
      random, [](line_generator& of) { return of.json(); }, 3000);
  const auto pack = write_and_open(streams, 1U << 20);
  log_block& block = *pack->blocks[0];
  ASSERT_TRUE(block.field(line_format_kind::json, "level").ok());
  const auto one_field = block.read_stats().stored_bytes_read;
  ASSERT_TRUE(block.lines().ok());
  EXPECT_LT(one_field * 4, block.read_stats().stored_bytes_read);
  block.release();
  const auto fetches = block.read_stats().fetch_count;
  ASSERT_TRUE(block.lines().ok());
  EXPECT_LE(block.read_stats().fetch_count, fetches + 2);  // entry times, then all columns at once
}

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
