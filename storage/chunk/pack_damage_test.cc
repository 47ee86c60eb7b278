// SPDX-License-Identifier: Apache-2.0
// What readers make of packs that a disk, a network or an enemy has changed.
#include <gtest/gtest.h>

#include <random>

#include "runtime/base/crc32c.h"
#include "storage/chunk/byte_codec.h"
#include "storage/chunk/chunk_directory.h"
#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_format.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_rows.h"
#include "storage/chunk/shape/generated_lines.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

// A pack with several segments, filters, metadata and chunks over two segments, in a few kilobytes.
std::string small_pack() {
  static const std::string made = [] {
    auto streams = generate_streams({.streams = 6, .apps = 3, .rows = 90});
    stream_rows repeated("{app=\"app-01\", pod=\"long\"}");
    for (int i = 0; i < 900; ++i) {
      repeated.add(i * 1000, "the same long line of text again and again, to make it compress; " +
                                 std::to_string(i % 7) + std::string(60, 'z'));
    }
    streams.push_back(std::move(repeated));
    pack_writer writer({.segment_bytes_target = 64 << 10});
    const auto written = writer.write({"tenant", "origin", 5, 6}, inputs_of(streams));
    SKALD_ASSERT(written.ok() && written->info.segments > 1);
    std::string bytes;
    for (const std::string& part : written->parts) bytes += part;
    return bytes;
  }();
  return made;
}

// The same with lines stored by shape: JSON and logfmt of a few shapes, and plain rows among them.
std::string columns_pack() {
  static const std::string made = [] {
    line_generator lines(17);
    std::vector<stream_rows> streams;
    streams.emplace_back(std::string_view("{app=\"a\"}"));
    streams.emplace_back(std::string_view("{app=\"b\"}"));
    for (int i = 0; i < 70; ++i) {
      streams[0].add(1'795'305'600'000'000'000 + i * 1'000'000,
                     i % 9 == 0 ? lines.text() : lines.json());
      streams[1].add(1'795'305'600'000'000'000 + i * 1'000'000, lines.logfmt());
    }
    pack_writer writer({.segment_bytes_target = 64 << 10, .columns = column_use::always});
    const auto written = writer.write({"tenant", "origin", 5, 6}, inputs_of(streams));
    SKALD_ASSERT(written.ok());
    std::string bytes;
    for (const std::string& part : written->parts) bytes += part;
    return bytes;
  }();
  return made;
}

// Asks a block everything but its lines as a whole; answers are not looked at. On a block of its
// own: what was read before would be used again.
result<void> read_in_parts(log_block& block) {
  SKALD_TRY(block.rows_with_text("again and again", false));
  SKALD_TRY(block.rows_with_text("\"status\":503", true));
  for (const char* label : {"level", "http_status", "duration_ms", "took", "none"}) {
    SKALD_TRY(block.field(line_format_kind::json, label));
    SKALD_TRY(block.field(line_format_kind::logfmt, label));
  }
  SKALD_TRY(block.line_starts());
  std::vector<std::uint32_t> rows;
  for (const row_run& run : block.runs()) {
    for (std::uint32_t row = 0; row < run.row_count; row += 7) rows.push_back(run.first_row + row);
  }
  SKALD_TRY_ASSIGN(const line_column some, block.lines_of(rows));
  for (const std::uint32_t row : rows) SKALD_ASSERT(some.line(row).size() < 1U << 30);
  return {};
}

// Reads everything there is: rows, labels, filters, fields.
result<rows_by_stream> read_everything(const std::string& bytes) {
  memory_store store;
  SKALD_TRY(store.put("p", bytes));
  SKALD_TRY_ASSIGN(const auto reader, pack_reader::open(store, "p"));
  SKALD_TRY_ASSIGN(auto rows, read_rows(*reader));
  std::vector<chunk_selection> selection;
  for (std::uint32_t i = 0; i < reader->chunk_count(); ++i) selection.push_back({i, nullptr});
  SKALD_TRY_ASSIGN(const block_list blocks, reader->blocks(selection, {0, 1LL << 62}));
  skip_probe probe;
  probe.what = skip_probe::kind::text;
  probe.text = "again and again";
  for (const auto& block : blocks) {
    SKALD_TRY_ASSIGN(const line_column lines, block->lines());
    const bool there = lines.bytes.find(probe.text) != std::string_view::npos;
    if (there && !block->may_match(probe)) return error{errc::internal, "filter denies a row"};
  }
  SKALD_TRY_ASSIGN(const block_list again, reader->blocks(selection, {0, 1LL << 62}));
  for (const auto& block : again) SKALD_TRY(read_in_parts(*block));
  return rows;
}

// Of each form of segment.
class PackDamageOfForms : public testing::TestWithParam<std::string (*)()> {};
INSTANTIATE_TEST_SUITE_P(Forms, PackDamageOfForms, testing::Values(&small_pack, &columns_pack),
                         [](const auto& one) { return one.index == 0 ? "Plain" : "Columns"; });

TEST_P(PackDamageOfForms, EveryFlippedByteGivesAnErrorOrTheSameRows) {
  const std::string good = GetParam()();
  const auto wanted = read_everything(good);
  ASSERT_TRUE(wanted.ok()) << wanted.error().message;
  std::size_t errors = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {1 << (at % 8), 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      const auto rows = read_everything(bad);
      if (rows.ok()) {
        ASSERT_EQ(*rows, *wanted) << "byte " << at;
      } else {
        ASSERT_EQ(rows.error().code, errc::corrupt) << at << " " << rows.error().message;
        ++errors;
      }
    }
  }
  // Only the 16 bytes of the header and the filters may change unseen: the first are not read, the
  // others skip nothing.
  EXPECT_GT(errors, good.size());
}

TEST_P(PackDamageOfForms, CutOffPacksAreRefused) {
  const std::string good = GetParam()();
  for (std::size_t bytes = 0; bytes < good.size(); bytes += 1 + bytes / 50) {
    const auto rows = read_everything(good.substr(0, bytes));
    ASSERT_FALSE(rows.ok()) << bytes;
    EXPECT_EQ(rows.error().code, errc::corrupt);
  }
  EXPECT_FALSE(read_everything(good + "x").ok());
}

std::string with_trailer_field(std::string bytes, std::size_t offset, std::uint64_t value,
                               std::size_t size) {
  char* trailer = bytes.data() + bytes.size() - pack_trailer_bytes;
  std::memcpy(trailer + offset, &value, size);
  const std::uint32_t crc = crc32c({trailer, 52});
  std::memcpy(trailer + 52, &crc, 4);
  return bytes;
}

TEST(PackDamage, UnknownMajorVersionsAreNamed) {
  const auto rows = read_everything(with_trailer_field(small_pack(), 48, 2, 2));
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().code, errc::corrupt);
  EXPECT_EQ(rows.error().message,
            "pack p: pack trailer: unknown major version 2, this reader knows 1");
  EXPECT_TRUE(read_everything(with_trailer_field(small_pack(), 50, 9, 2)).ok());  // minor
}

TEST(PackDamage, HostileTrailersAreRefused) {
  const std::string good = small_pack();
  for (const std::size_t field : {0, 8, 16, 24}) {
    for (const std::uint64_t value :
         {std::uint64_t{0}, std::uint64_t{15}, std::uint64_t{good.size() - 63},
          std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
      EXPECT_FALSE(read_everything(with_trailer_field(good, field, value, 8)).ok())
          << field << " " << value;
    }
  }
}

TEST(PackDamage, ErrorsNamePackSegmentAndSection) {
  std::string bytes = small_pack();
  memory_store store;
  bytes[16 + 20] = static_cast<char>(bytes[16 + 20] ^ 1);  // in the first TS section
  ASSERT_TRUE(store.put("p", bytes).ok());
  const auto rows = read_rows(*pack_reader::open(store, "p").value());
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().message, "pack p, segment 0: section TS: checksum does not match");
}

// Where the sections of a pack begin.
std::vector<std::size_t> section_offsets(const std::string& bytes) {
  std::vector<std::size_t> offsets;
  for (std::size_t at = pack_header_bytes; at + pack_trailer_bytes < bytes.size();) {
    offsets.push_back(at);
    at += section_header_bytes + load_fixed<std::uint32_t>(bytes.data() + at + 4);
  }
  return offsets;
}

// An enemy who knows the format can make good checksums: the reader may then give other rows, but
// must stay in bounds.
TEST_P(PackDamageOfForms, ChangesBehindGoodChecksumsStayInBounds) {
  const std::string good = GetParam()();
  const auto offsets = section_offsets(good);
  std::mt19937_64 random(31);
  std::size_t accepted = 0;
  for (int round = 0; round < 6000; ++round) {
    std::string bad = good;
    const std::size_t start = offsets[random() % offsets.size()];
    char* header = bad.data() + start;
    const auto stored = load_fixed<std::uint32_t>(header + 4);
    for (std::uint64_t changes = random() % 3 + 1; changes > 0; --changes) {
      const std::size_t at = random() % (12 + stored);
      if (at >= 4 && at < 8) continue;  // the stored length would only move the checksum
      char& byte = at < 12 ? header[at] : header[section_header_bytes + at - 12];
      byte = static_cast<char>(random() % 4 == 0 ? random() : byte + random() % 5 - 2);
    }
    std::uint32_t crc = crc32c({header, 12});
    crc = crc32c({header + section_header_bytes, stored}, crc);
    std::memcpy(header + 12, &crc, 4);
    accepted += read_everything(bad).ok() ? 1 : 0;
  }
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, 5000);
}

TEST(PackDamage, UnknownSkippableSectionsAreSkipped) {
  const std::string good = small_pack();
  const auto wanted = read_everything(good);
  const auto tables =
      load_fixed<std::uint64_t>(good.data() + good.size() - pack_trailer_bytes + 16);
  for (const int type : {128, 200, 255, 100}) {
    std::string section;
    append_raw_section(static_cast<section_type>(type), "from the future", section);
    std::string bytes = good;
    bytes.insert(tables, section);
    bytes = with_trailer_field(bytes, 24, bytes.size(), 8);
    const auto rows = read_everything(bytes);
    EXPECT_EQ(rows.ok(), type >= 128) << type;
    if (rows.ok()) {
      EXPECT_EQ(*rows, *wanted);
    }
  }
}

}  // namespace
}  // namespace skald
