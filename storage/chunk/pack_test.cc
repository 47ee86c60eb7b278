// SPDX-License-Identifier: Apache-2.0
// Packs end to end: what a writer was given is what a reader's blocks hold.
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <thread>

#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_rows.h"
#include "storage/chunk/pack_writer.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

constexpr time_range all_time = {std::numeric_limits<std::int64_t>::min(),
                                 std::numeric_limits<std::int64_t>::max()};
const pack_identity identity = {"tenant", "ingester-1", 42, 7};

class PackTest : public testing::Test {
 protected:
  std::shared_ptr<const pack_reader> write_and_open(const std::vector<pack_input>& inputs,
                                                    pack_writer_options options = {}) {
    pack_writer writer(options);
    auto written = writer.write(identity, inputs);
    EXPECT_TRUE(written.ok()) << written.error().message;
    written_ = std::move(*written);
    EXPECT_TRUE(store_.put("p", written_.views()).ok());
    EXPECT_EQ(store_.head("p")->bytes, written_.bytes);
    auto opened = pack_reader::open(store_, "p");
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return *opened;
  }

  static std::vector<chunk_selection> select_all(const pack_reader& reader) {
    std::vector<chunk_selection> selection;
    for (std::uint32_t i = 0; i < reader.chunk_count(); ++i) selection.push_back({i, nullptr});
    return selection;
  }

  memory_store store_;
  written_pack written_;
};

rows_by_stream read_all(const block_list& blocks) {
  auto rows = read_rows(blocks);
  EXPECT_TRUE(rows.ok());
  return rows.ok() ? *rows : rows_by_stream();
}

// Rows of a run by the end of their minute, from its timestamps.
std::vector<std::pair<std::int64_t, std::uint32_t>> minutes_by_rows(
    std::span<const std::int64_t> timestamps, const row_run& run) {
  std::vector<std::pair<std::int64_t, std::uint32_t>> out;
  for (const std::int64_t time : timestamps.subspan(run.first_row, run.row_count)) {
    const std::int64_t end =
        (time + nanoseconds_per_minute - 1) / nanoseconds_per_minute * nanoseconds_per_minute;
    if (out.empty() || out.back().first != end) {
      out.emplace_back(end, out.empty() ? 0 : out.back().second);
    }
    ++out.back().second;
  }
  return out;
}

TEST_F(PackTest, KeepsMinutesOfLongRunsOnceTheyWereAskedFor) {
  for (const std::size_t streams : {5, 2000}) {
    const auto generated = generate_streams({.seed = 3, .streams = streams, .rows = 9000});
    const auto reader = write_and_open(inputs_of(generated), {.segment_bytes_target = 64 << 10});
    const auto first = reader->blocks(select_all(*reader), all_time).value();
    for (const auto& block : first) {
      EXPECT_TRUE(block->minutes_of(block->runs()[0]).marks.empty());
      ASSERT_TRUE(block->timestamps().ok());
    }
    const auto again = reader->blocks(select_all(*reader), all_time).value();
    std::size_t known = 0;
    for (std::size_t i = 0; i < again.size(); ++i) {
      for (const row_run& run : again[i]->runs()) {
        const minute_counts minutes = again[i]->minutes_of(run);
        if (minutes.marks.empty()) continue;
        ++known;
        std::vector<std::pair<std::int64_t, std::uint32_t>> got;
        for (const minute_mark& mark : minutes.marks) {
          got.emplace_back(minutes.end_ns(mark), mark.rows_until);
        }
        EXPECT_EQ(got, minutes_by_rows(first[i]->timestamps().value(), run));
      }
      EXPECT_EQ(again[i]->read_stats().fetch_count, 0u);
    }
    // Short runs are not worth it.
    EXPECT_EQ(known > 0, streams == 5) << streams;
  }
}

TEST_F(PackTest, GivesBackEveryRowOfEveryStream) {
  for (const std::size_t streams : {1, 3, 40, 700}) {
    const auto generated = generate_streams({.seed = streams, .streams = streams, .rows = 9000});
    const auto reader = write_and_open(inputs_of(generated), {.segment_bytes_target = 64 << 10});
    const auto blocks = reader->blocks(select_all(*reader), all_time);
    ASSERT_TRUE(blocks.ok());
    EXPECT_EQ(blocks->size(), reader->info().segments);
    EXPECT_EQ(read_all(*blocks), rows_of(generated)) << streams;
    EXPECT_EQ(reader->info().rows, 9000);
    EXPECT_EQ(reader->info(), written_.info);
    EXPECT_EQ(reader->origin(), "ingester-1");
    EXPECT_EQ(reader->flush_id(), 42);
    EXPECT_EQ(blocks->front()->arrival_order(), 7);
    EXPECT_FALSE(blocks->front()->in_memory());
  }
}

TEST_F(PackTest, ReferencesNameWhatTheReaderHas) {
  const auto generated = generate_streams({.streams = 30, .rows = 5000});
  const auto reader = write_and_open(inputs_of(generated), {.segment_bytes_target = 64 << 10});
  ASSERT_EQ(written_.chunks.size(), reader->chunk_count());
  std::uint64_t rows = 0;
  for (std::uint32_t i = 0; i < reader->chunk_count(); ++i) {
    chunk_ref wanted = written_.chunks[i];
    EXPECT_EQ(wanted.directory_entry, i);
    EXPECT_EQ(wanted.pack_key, "");
    wanted.pack_key = "p";
    EXPECT_EQ(reader->chunk(i), wanted);
    EXPECT_EQ(reader->stream(i).value()->fingerprint, wanted.stream);
    rows += wanted.rows;
  }
  EXPECT_EQ(rows, 5000);
}

TEST_F(PackTest, BlocksHoldOnlyTheSelectedStreamsAndTimes) {
  const auto generated = generate_streams({.streams = 50, .rows = 8000});
  const auto reader = write_and_open(inputs_of(generated), {.segment_bytes_target = 64 << 10});
  ASSERT_GT(reader->info().segments, 4);
  for (std::uint32_t entry = 0; entry < reader->chunk_count(); entry += 7) {
    const stream_ptr stream = reader->stream(entry).value();
    const chunk_ref ref = reader->chunk(entry);
    const chunk_selection selection[] = {{entry, stream}};
    const auto blocks = reader->blocks(selection, all_time);
    ASSERT_TRUE(blocks.ok());
    std::uint64_t rows = 0;
    for (const auto& block : *blocks) {
      ASSERT_EQ(block->runs().size(), 1);
      EXPECT_EQ(block->runs()[0].stream, stream);  // the very object that was passed in
      rows += block->runs()[0].row_count;
    }
    EXPECT_EQ(rows, ref.rows);
    EXPECT_TRUE(reader->blocks(selection, {ref.max_timestamp_ns + 1, all_time.end_ns})->empty());
    EXPECT_TRUE(reader->blocks(selection, {all_time.start_ns, ref.min_timestamp_ns})->empty());
    EXPECT_EQ(reader->blocks(selection, {ref.max_timestamp_ns, ref.max_timestamp_ns + 1})->size(),
              1);
  }
}

TEST_F(PackTest, RefusesWrongSelections) {
  const auto generated = generate_streams({.streams = 3, .rows = 30});
  const auto reader = write_and_open(inputs_of(generated));
  const chunk_selection beyond[] = {{3, nullptr}};
  EXPECT_EQ(reader->blocks(beyond, all_time).error().code, errc::invalid_argument);
  const chunk_selection twice[] = {{1, nullptr}, {1, nullptr}};
  EXPECT_EQ(reader->blocks(twice, all_time).error().code, errc::invalid_argument);
  const chunk_selection other[] = {{0, reader->stream(1).value()}};
  EXPECT_EQ(reader->blocks(other, all_time).error().code, errc::corrupt);
}

TEST_F(PackTest, KeepsHostileLines) {
  stream_rows stream("{app=\"a\"}");
  const std::string lines[] = {"",
                               "\n",
                               "a\nb\n\nc",
                               std::string("\0\0\xff\xfe", 4),
                               "\\u0041 \xc3\xa9 \xf0\x9f\x98\x80",
                               std::string(3 << 20, 'x'),
                               "after"};
  std::int64_t at = std::numeric_limits<std::int64_t>::min();
  for (const std::string& line : lines) {
    stream.add(at, line, {{"", ""}, {"k", line.substr(0, 9)}, {"k", "again"}});
    at = at < 0 ? at / 2 : at;
  }
  stream.add(std::numeric_limits<std::int64_t>::max(), "last");
  std::vector<stream_rows> streams;
  streams.push_back(std::move(stream));
  const auto reader = write_and_open(inputs_of(streams));
  // The end of a half-open range cannot be behind the last nanosecond of all.
  EXPECT_EQ(read_all(*reader->blocks(select_all(*reader), all_time)), rows_of(streams));
}

TEST_F(PackTest, MergesInputsOfOneStreamByTimeThenArrival) {
  stream_rows first("{app=\"a\"}");
  stream_rows second("{app=\"a\"}");
  stream_rows third("{app=\"a\"}");
  first.add(10, "a10");
  first.add(20, "a20");
  first.add(20, "a20 again");
  second.add(5, "b5", {{"m", "1"}});
  second.add(20, "b20");
  second.add(30, "b30");
  third.add(30, "c30");
  const auto reader = write_and_open({first.input(), second.input(), third.input()});
  ASSERT_EQ(reader->chunk_count(), 1);
  const auto rows = read_all(*reader->blocks(select_all(*reader), all_time));
  std::vector<std::string> lines;
  for (const pack_row& one : rows.at("{app=\"a\"}")) lines.push_back(one.line);
  EXPECT_EQ(lines,
            (std::vector<std::string>{"b5", "a10", "a20", "a20 again", "b20", "b30", "c30"}));
  EXPECT_EQ(rows.at("{app=\"a\"}")[0].metadata, (stream_rows::pairs{{"m", "1"}}));
}

TEST_F(PackTest, ColumnsCanBeReleasedAndReadAgain) {
  const auto generated = generate_streams({.streams = 5, .rows = 500});
  const auto reader = write_and_open(inputs_of(generated));
  const auto blocks = reader->blocks(select_all(*reader), all_time);
  const auto before = read_all(*blocks);
  const auto fetches = blocks->front()->read_stats().fetch_count;
  EXPECT_EQ(fetches, 3);  // timestamps, lengths with lines, metadata
  EXPECT_EQ(read_all(*blocks), before);
  EXPECT_EQ(blocks->front()->read_stats().fetch_count, fetches);
  for (const auto& block : *blocks) block->release();
  EXPECT_EQ(read_all(*blocks), before);
  EXPECT_EQ(blocks->front()->read_stats().fetch_count, 2 * fetches);
}

TEST_F(PackTest, FlagsDescribeTheText) {
  const struct {
    std::string line;
    bool ascii, utf8, newline, escape;
  } cases[] = {{"plain", true, true, false, false},  {"\xc3\xa9", false, true, false, false},
               {"\xff", false, false, false, false}, {"\xed\xa0\x80", false, false, false, false},
               {"a\nb", true, true, true, false},    {"a\\u0041", true, true, false, true}};
  for (const auto& one : cases) {
    stream_rows stream("{app=\"a\"}");
    stream.add(1, one.line);
    const auto reader = write_and_open({stream.input()});
    const text_flags flags = (*reader->blocks(select_all(*reader), all_time))[0]->flags();
    EXPECT_EQ(flags.ascii, one.ascii) << one.line;
    EXPECT_EQ(flags.utf8, one.utf8) << one.line;
    EXPECT_EQ(flags.embedded_newline, one.newline) << one.line;
    EXPECT_EQ(flags.unicode_escape, one.escape) << one.line;
  }
}

TEST_F(PackTest, RefusesMalformedInput) {
  stream_rows good("{app=\"a\"}");
  good.add(1, "one");
  good.add(2, "two");
  pack_writer writer;
  const auto code = [&](const pack_input& input) {
    auto written = writer.write(identity, {input});
    return written.ok() ? errc::internal : written.error().code;
  };
  pack_input input = good.input();
  input.stream = nullptr;
  EXPECT_EQ(code(input), errc::invalid_argument);
  input = good.input();
  const std::int64_t unsorted[] = {2, 1};
  input.timestamps = unsorted;
  EXPECT_EQ(code(input), errc::invalid_argument);
  input = good.input();
  input.timestamps = input.timestamps.first(1);
  EXPECT_EQ(code(input), errc::invalid_argument);
  input = good.input();
  input.lines.bytes = "one\ntwo.";
  EXPECT_EQ(code(input), errc::invalid_argument);
  const std::uint32_t falling[] = {0, 9, 8};
  input.lines.starts = falling;
  EXPECT_EQ(code(input), errc::invalid_argument);
  EXPECT_EQ(writer.write(identity, {}).error().code, errc::invalid_argument);
  EXPECT_EQ(writer.write({std::string(151, 't')}, {good.input()}).error().code,
            errc::invalid_argument);
  EXPECT_TRUE(writer.write(identity, {good.input()}).ok());
}

// Rows of an input with facts are looked at only when they are gathered.
TEST_F(PackTest, RefusesRowsThatFactsMisrepresent) {
  stream_rows good("{app=\"a\"}");
  good.add(1, "one", {{"name", "value"}});
  good.add(2, "two");
  pack_writer writer;
  const auto refused = [&](const pack_input& input) {
    const auto written = writer.write(identity, {input});
    return !written.ok() && written.error().code == errc::invalid_argument;
  };
  pack_input base = good.input();
  base.facts = {1, 2, 9};
  EXPECT_TRUE(writer.write(identity, {base}).ok());
  pack_input input = base;
  const std::int64_t unsorted[] = {2, 1};
  input.timestamps = unsorted;
  EXPECT_TRUE(refused(input));
  input = base;
  input.lines.bytes = "one\ntwo.";
  EXPECT_TRUE(refused(input));
  for (const std::array<std::uint32_t, 3>& starts :
       {std::array<std::uint32_t, 3>{0, 9, 8}, {0, 4, 9}, {0, 0, 8}}) {
    input = base;
    input.lines.starts = starts;
    EXPECT_TRUE(refused(input)) << starts[1] << " " << starts[2];
  }
  for (const std::array<std::uint32_t, 3>& starts :
       {std::array<std::uint32_t, 3>{0, 2, 1}, {0, 1, 2}, {1, 0, 1}}) {
    input = base;
    input.metadata.starts = starts;
    EXPECT_TRUE(refused(input)) << starts[0] << " " << starts[1] << " " << starts[2];
  }
  EXPECT_TRUE(writer.write(identity, {base}).ok());
}

// Equal values that stand in different places, few and many distinct ones in turn, empty ones too.
TEST_F(PackTest, RepeatedMetadataComesBackWhereverItStood) {
  std::vector<stream_rows> streams;
  for (int i = 0; i < 4; ++i) {
    stream_rows& rows = streams.emplace_back("{app=\"a\", pod=\"" + std::to_string(i) + "\"}");
    for (int row = 0; row < 500; ++row) {
      stream_rows::pairs pairs = {
          {"level", std::string(static_cast<std::size_t>(row * row % 7), 'i')},
          {"shard", row % 11 < 9 ? "shard-of-more-than-16-bytes" : "shard-of-more-than-sixteen!"}};
      if (row % 3 == 0) pairs.emplace_back("trace", std::to_string(row * 7919));
      rows.add(row, "line", row % 13 == 0 ? stream_rows::pairs{} : pairs);
    }
  }
  const auto reader = write_and_open(inputs_of(streams));
  const auto blocks = reader->blocks(select_all(*reader), all_time);
  ASSERT_TRUE(blocks.ok());
  EXPECT_EQ(read_all(*blocks), rows_of(streams));
}

TEST_F(PackTest, OneReaderServesManyThreads) {
  const auto generated = generate_streams({.streams = 30, .rows = 6000});
  const auto reader = write_and_open(inputs_of(generated), {.segment_bytes_target = 64 << 10});
  const auto wanted = rows_of(generated);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const auto blocks = reader->blocks(select_all(*reader), all_time);
      ASSERT_TRUE(blocks.ok());
      const skip_probe probe{.what = skip_probe::kind::text, .text = "request completed"};
      for (const auto& block : *blocks) block->may_match(probe);
      ASSERT_EQ(read_all(*blocks), wanted);
    });
  }
  for (auto& one : threads) one.join();
}

TEST(PackObjectKey, IsUniquePerFlush) {
  EXPECT_EQ(pack_object_key({"t", "ing-1", 0x1234abcd, 9}, 20000),
            "packs/t/20000/ing-1-000000001234abcd.skp");
  EXPECT_EQ(pack_object_key({"t", "ing-1", 0x1234abcd, 9}, 20000, 12),
            "packs/t/20000/ing-1-000000001234abcd.12.skp");
}

TEST(PackWriterOptions, ValidateSaysAllProblems) {
  EXPECT_TRUE(pack_writer_options{}.validate().empty());
  EXPECT_EQ((pack_writer_options{.segment_bytes_target = 1, .zstd_level = 0, .filter_fill = 2})
                .validate()
                .size(),
            3);
}

}  // namespace
}  // namespace skald
