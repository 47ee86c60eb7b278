// SPDX-License-Identifier: Apache-2.0
// Packs written by earlier versions must be readable for ever, and the writer must go on giving the
// same bytes.
//
// A deliberate change of the format adds files and keeps these. To write the files of the present
// writer anew:
//   SKALD_REWRITE_GOLDEN=$PWD/testing/golden/chunk bazel-bin/testing/golden/chunk/golden_pack_test
// The bytes also depend on the zstd library, which is Debian 12's 1.5.4.
#include <gtest/gtest.h>

#include <cstdlib>

#include "runtime/base/hash.h"
#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_rows.h"
#include "storage/file/atomic_write.h"
#include "storage/file/posix_file_system.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

struct golden_pack {
  const char* file;
  generated_options rows;
  pack_writer_options options;
  const char* rows_digest;  // of dump()
  bool filtered;
};

const golden_pack golden_packs[] = {
    // One segment, one chunk.
    {"pack_v1_one_stream.bin",
     {.seed = 1, .streams = 1, .apps = 1, .rows = 20},
     {.columns = column_use::never},
     "b01ae741b20830cf06340a398c01b7f8",
     true},
    // Mixed apps, metadata, two segments with a filter.
    {"pack_v1_segments.bin",
     {.seed = 2, .streams = 12, .apps = 3, .rows = 900},
     {.segment_bytes_target = 64 << 10, .columns = column_use::never},
     "e087391ab2a30b409c217a382491bcfa",
     true},
    // Neither filters nor metadata.
    {"pack_v1_no_filter.bin",
     {.seed = 3, .streams = 5, .apps = 2, .rows = 150, .metadata = false},
     {.filters = false, .columns = column_use::never},
     "24fbe7253f1ed73415563c80b308f0ee",
     false},
    // JSON and logfmt lines by shape, metadata.
    {"pack_v1_1_columns.bin",
     {.seed = 4, .streams = 6, .apps = 2, .rows = 600},
     {.columns = column_use::where_smaller},
     "a3af753c399ec23657ac639f0f02566b",
     false},
    // Plain rows among those by shape, several segments.
    {"pack_v1_1_mixed.bin",
     {.seed = 5, .streams = 9, .apps = 4, .rows = 700, .metadata = false},
     {.segment_bytes_target = 64 << 10, .columns = column_use::always},
     "29492656508fe3c63577b110e58c62ee",
     true},
};

const pack_identity identity = {"tenant", "ingester-1", 0x1122334455667788, 99};

// All rows as text, whatever made them.
std::string dump(const rows_by_stream& rows) {
  std::string text;
  for (const auto& [labels, of_stream] : rows) {
    text += labels + "\n";
    for (const pack_row& row : of_stream) {
      text += std::to_string(row.timestamp) + " " + row.line;
      for (const auto& [name, value] : row.metadata) text += " " + name + "=" + value;
      text += "\n";
    }
  }
  return text;
}

std::string written_bytes(const golden_pack& of) {
  const auto streams = generate_streams(of.rows);
  pack_writer writer(of.options);
  const auto written = writer.write(identity, inputs_of(streams));
  SKALD_ASSERT(written.ok());
  EXPECT_EQ(written->filter_bytes > 0, of.filtered);
  std::string bytes;
  for (const std::string& part : written->parts) bytes += part;
  return bytes;
}

std::string directory() {
  const char* rewrite = std::getenv("SKALD_REWRITE_GOLDEN");
  return rewrite != nullptr ? rewrite : "testing/golden/chunk";
}

class GoldenPack : public testing::TestWithParam<golden_pack> {
 protected:
  void SetUp() override {
    path_ = directory() + "/" + GetParam().file;
    if (std::getenv("SKALD_REWRITE_GOLDEN") == nullptr) return;
    ASSERT_TRUE(atomic_write(files_, path_, written_bytes(GetParam())).ok());
  }
  posix_file_system files_;
  std::string path_;
};

TEST_P(GoldenPack, OldBytesDecode) {
  const auto bytes = read_file(files_, path_);
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  memory_store store;
  ASSERT_TRUE(store.put("p", *bytes).ok());
  const auto reader = pack_reader::open(store, "p");
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  const auto rows = read_rows(**reader);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_EQ(to_hex(xxh3_128(dump(*rows))), GetParam().rows_digest);
  EXPECT_EQ((*reader)->info().identity, identity);
}

TEST_P(GoldenPack, TheWriterGivesTheSameBytes) {
  const auto bytes = read_file(files_, path_);
  ASSERT_TRUE(bytes.ok()) << bytes.error().message;
  EXPECT_TRUE(*bytes == written_bytes(GetParam())) << path_;
}

INSTANTIATE_TEST_SUITE_P(Files, GoldenPack, testing::ValuesIn(golden_packs),
                         [](const auto& one) { return "Pack" + std::to_string(one.index); });

}  // namespace
}  // namespace skald
