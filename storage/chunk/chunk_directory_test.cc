// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/chunk_directory.h"

#include <gtest/gtest.h>

#include "storage/chunk/byte_codec.h"

namespace skald {
namespace {

section_place place(std::uint64_t& offset, std::uint64_t bytes) {
  const section_place made{offset, bytes};
  offset += bytes;
  return made;
}

// Two segments and three chunks, one of them in both; no segment data.
pack_contents sample(pack_trailer& trailer) {
  pack_contents contents;
  std::uint64_t offset = pack_header_bytes;
  for (const std::int64_t base : {1000, -500}) {
    segment_entry segment;
    segment.rows = 10;
    segment.line_bytes = 500;
    segment.flags = segment_flag_ascii | segment_flag_utf8;
    segment.min_timestamp_ns = base;
    segment.max_timestamp_ns = base + 100;
    segment.timestamps = place(offset, 50);
    segment.lengths = place(offset, 20);
    segment.lines = place(offset, 100);
    contents.segments.push_back(segment);
  }
  trailer.filters_offset = offset;
  contents.filter_groups.push_back({0, 2, place(offset, 40)});
  trailer.labels_offset = offset;
  contents.labels = place(offset, 30);
  trailer.tables_offset = offset;
  contents.fingerprints = {{1, 2}, {3, 4}, {5, 6}};
  contents.range_starts = {0, 1, 3, 4};
  contents.ranges = {{0, 0, 4, 1000, 1050, 200},
                     {0, 4, 6, 1001, 1100, 300},
                     {1, 0, 3, -500, -450, 100},
                     {1, 3, 7, -499, -400, 400}};
  contents.info = {{"t", "o", 8, 9}, 2, 3, 20, 1000, -500, 1100};
  return contents;
}

std::string tables_of(const pack_contents& contents) {
  compressor zstd;
  std::string out;
  append_tables(contents, zstd, out);
  return out;
}

TEST(ChunkDirectory, RoundTrips) {
  pack_trailer trailer;
  const pack_contents given = sample(trailer);
  const auto parsed = parse_tables(tables_of(given), trailer);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->info, given.info);
  EXPECT_EQ(parsed->fingerprints, given.fingerprints);
  EXPECT_EQ(parsed->range_starts, given.range_starts);
  EXPECT_EQ(parsed->labels.offset, given.labels.offset);
  ASSERT_EQ(parsed->segments.size(), 2);
  EXPECT_EQ(parsed->segments[1].lines.offset, given.segments[1].lines.offset);
  EXPECT_EQ(parsed->segments[1].min_timestamp_ns, -500);
  EXPECT_EQ(parsed->segments[1].metadata.bytes, 0);
  EXPECT_TRUE(parsed->segments[0].text().ascii);
  EXPECT_FALSE(parsed->segments[0].text().unicode_escape);
  const chunk_ref wanted{{3, 4}, "key", 1, -500, 1100, 9, 400};
  EXPECT_EQ(parsed->reference(1, "key"), wanted);
}

TEST(ChunkDirectory, RefusesTablesThatDoNotFit) {
  pack_trailer trailer;
  const pack_contents good = sample(trailer);
  const auto refused = [&](const auto& change) {
    pack_contents bad = good;
    change(bad);
    const auto parsed = parse_tables(tables_of(bad), trailer);
    return !parsed.ok() && parsed.error().code == errc::corrupt;
  };
  EXPECT_FALSE(refused([](pack_contents&) {}));
  EXPECT_TRUE(refused([](pack_contents& c) { c.segments[0].lines.bytes += 1; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.segments[0].lines.bytes = 3; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.segments[0].timestamps = {}; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.segments[0].rows = 0; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.filter_groups[0].segments = 3; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.filter_groups[0].section.bytes = 41; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.ranges[0].rows = 0; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.ranges[1].rows = 7; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.ranges[1].first_row = 11; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.ranges[0].max_timestamp_ns = 1101; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.ranges[0].line_bytes = 501; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.fingerprints.pop_back(); }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.info.chunks = 4; }));
  EXPECT_TRUE(refused([](pack_contents& c) { c.info.identity.tenant.assign(151, 't'); }));
}

TEST(ChunkDirectory, SectionsHaveTheirOrder) {
  pack_trailer trailer;
  const std::string tables = tables_of(sample(trailer));
  std::string_view rest = tables;
  ASSERT_TRUE(take_section(rest).ok());
  const std::size_t first = tables.size() - rest.size();
  EXPECT_FALSE(parse_tables(rest, trailer).ok());
  EXPECT_FALSE(parse_tables(tables.substr(0, first), trailer).ok());
  EXPECT_FALSE(parse_tables(tables + tables.substr(0, first), trailer).ok());
  EXPECT_FALSE(parse_tables("", trailer).ok());
}

TEST(LabelsTable, RoundTripsAndRefusesOtherCounts) {
  const std::string_view labels[] = {"{a=\"1\"}", "", "{b=\"2\"}"};
  std::string payload;
  append_labels(labels, payload);
  EXPECT_EQ(parse_labels_table(payload, 3).value(),
            std::vector<std::string_view>(std::begin(labels), std::end(labels)));
  EXPECT_EQ(parse_labels_table(payload, 2).error().code, errc::corrupt);
  EXPECT_FALSE(parse_labels_table(payload + "x", 3).ok());
  EXPECT_FALSE(parse_labels_table(payload.substr(0, payload.size() - 1), 3).ok());
}

}  // namespace
}  // namespace skald
