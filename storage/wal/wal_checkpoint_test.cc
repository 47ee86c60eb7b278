// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_checkpoint.h"

#include <gtest/gtest.h>

#include "storage/wal/wal_fixture.h"

namespace skald {
namespace {

using namespace wal_testing;

struct checkpoint_directory {
  temporary_directory directory;
  faulty_file_system files;
  result<void> write(std::string_view bytes, std::uint64_t sequence) {
    return write_checkpoint(directory.path(), files, bytes, sequence);
  }
  result<wal_checkpoint> read() { return read_checkpoint(directory.path(), files); }
  std::string path(const char* name) { return directory.path() + "/" + name; }
};

TEST(WalCheckpoint, ReadsBackTheNewest) {
  checkpoint_directory d;
  EXPECT_EQ(d.read().error().code, errc::not_found);
  const std::string bytes("a\0b", 3);
  ASSERT_TRUE(d.write(bytes, 17).ok());
  EXPECT_EQ(d.read()->bytes, bytes);
  ASSERT_TRUE(d.write("", 18).ok());
  EXPECT_EQ(d.read()->sequence, 18u);
  EXPECT_EQ(d.read()->bytes, "");
  EXPECT_FALSE(d.read()->from_former);
}

TEST(WalCheckpoint, FallsBackToTheFormerOnAnyDamage) {
  checkpoint_directory d;
  ASSERT_TRUE(d.write("former", 1).ok());
  ASSERT_TRUE(d.write("newest", 2).ok());
  const std::string good = slurp(d.path("checkpoint"));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] ^= 4;
    spill(d.path("checkpoint"), bad);
    ASSERT_EQ(d.read()->bytes, "former") << at;
    ASSERT_TRUE(d.read()->from_former);
    spill(d.path("checkpoint"), good.substr(0, at));
    ASSERT_EQ(d.read()->bytes, "former") << at;
  }
  // The damaged file does not push out the good one.
  ASSERT_TRUE(d.write("third", 3).ok());
  EXPECT_EQ(d.read()->bytes, "third");
  spill(d.path("checkpoint"), "");
  EXPECT_EQ(d.read()->bytes, "former");
  spill(d.path("checkpoint.former"), "x");
  EXPECT_EQ(d.read().error().code, errc::corrupt);
  std::filesystem::remove(d.path("checkpoint"));
  EXPECT_EQ(d.read().error().code, errc::corrupt);
}

TEST(WalCheckpoint, FailureAtAnyCallKeepsTheFormer) {
  for (int at = 0; at < 8; ++at) {
    checkpoint_directory d;
    ASSERT_TRUE(d.write("former", 1).ok());
    ASSERT_TRUE(d.write("current", 2).ok());
    d.files.fail_at = at;
    const auto written = d.write("newest", 3);
    d.files.fail_at.reset();
    const auto got = d.read();
    ASSERT_TRUE(got.ok()) << at;
    if (written.ok()) {
      EXPECT_EQ(got->bytes, "newest");
    } else {
      EXPECT_TRUE(got->bytes == "current" || got->bytes == "newest") << at;
    }
    ASSERT_TRUE(d.write("again", 4).ok());
    EXPECT_EQ(d.read()->bytes, "again");
  }
}

}  // namespace
}  // namespace skald
