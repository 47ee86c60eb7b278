// SPDX-License-Identifier: Apache-2.0
#include "storage/file/posix_file_system.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace skald {
namespace {

class PosixFileSystem : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/posix_file_system_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::string path(const std::string& name) const { return root_ + "/" + name; }
  void write(const std::string& name, std::string_view bytes) {
    auto opened = files_.open(path(name), open_mode::create_or_empty);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    ASSERT_TRUE((*opened)->append(bytes).ok());
  }

  posix_file_system files_;
  std::string root_;
};

TEST_F(PosixFileSystem, ReadsBackWhatWasWritten) {
  auto opened = files_.open(path("a"), open_mode::create_new);
  ASSERT_TRUE(opened.ok());
  file& a = **opened;
  ASSERT_TRUE(a.append("hello ").ok());
  ASSERT_TRUE(a.append("world").ok());
  ASSERT_TRUE(a.write_at(0, "J").ok());
  ASSERT_TRUE(a.append("!").ok());
  ASSERT_TRUE(a.sync_data().ok());
  EXPECT_EQ(a.size().value(), 12);
  EXPECT_GE(a.descriptor(), 0);
  EXPECT_EQ(read_file(files_, path("a")).value(), "Jello world!");
  char out[16];
  EXPECT_EQ(a.read_at(6, out, 3).value(), 3);
  EXPECT_EQ(std::string_view(out, 3), "wor");
  EXPECT_EQ(a.read_at(10, out, 16).value(), 2);  // short at the end
  EXPECT_EQ(a.read_at(99, out, 16).value(), 0);
  ASSERT_TRUE(a.resize(5).ok());
  EXPECT_EQ(read_file(files_, path("a")).value(), "Jello");
}

TEST_F(PosixFileSystem, OpenModes) {
  EXPECT_EQ(files_.open(path("no"), open_mode::read_only).error().code, errc::not_found);
  EXPECT_EQ(files_.open(path("no"), open_mode::read_write).error().code, errc::not_found);
  write("f", "old");
  EXPECT_EQ(files_.open(path("f"), open_mode::create_new).error().code, errc::already_exists);
  EXPECT_TRUE(files_.open(path("f"), open_mode::create_or_open).ok());
  EXPECT_EQ(files_.file_size(path("f")).value(), 3);
  EXPECT_TRUE(files_.open(path("f"), open_mode::create_or_empty).ok());
  EXPECT_EQ(files_.file_size(path("f")).value(), 0);
  auto read_only = files_.open(path("f"), open_mode::read_only);
  ASSERT_TRUE(read_only.ok());
  EXPECT_FALSE((*read_only)->append("x").ok());
}

TEST_F(PosixFileSystem, DirectoriesRenameAndRemove) {
  ASSERT_TRUE(files_.create_directories(path("x/y/z")).ok());
  ASSERT_TRUE(files_.create_directories(path("x/y/z")).ok());
  write("x/one", "1");
  ASSERT_TRUE(files_.rename(path("x/one"), path("x/two")).ok());
  ASSERT_TRUE(files_.sync_directory(path("x")).ok());
  const std::vector<directory_entry> wanted = {{"two", entry_kind::regular},
                                               {"y", entry_kind::directory}};
  EXPECT_EQ(files_.list(path("x")).value(), wanted);
  EXPECT_TRUE(files_.exists(path("x/two")).value());
  EXPECT_FALSE(files_.exists(path("x/one")).value());
  EXPECT_FALSE(files_.exists(path("x/two/below")).value());
  EXPECT_EQ(files_.remove(path("x/one")).error().code, errc::not_found);
  ASSERT_TRUE(files_.remove(path("x/two")).ok());
  EXPECT_EQ(files_.remove_directory(path("x")).error().code, errc::already_exists);
  ASSERT_TRUE(files_.remove_directory(path("x/y/z")).ok());
  EXPECT_EQ(files_.list(path("nowhere")).error().code, errc::not_found);
}

TEST_F(PosixFileSystem, NamesCallPathAndReason) {
  write("plain", "");
  const auto made = files_.create_directories(path("plain/below"));
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, errc::invalid_argument);
  const auto opened = files_.open(path("gone"), open_mode::read_only);
  EXPECT_EQ(opened.error().message, "open " + path("gone") + ": No such file or directory");
  EXPECT_EQ(files_.file_size(root_).error().code, errc::invalid_argument);
  EXPECT_EQ(files_.create_directories("").error().code, errc::invalid_argument);
  EXPECT_EQ(files_.sync_directory(path("gone")).error().code, errc::not_found);
}

TEST_F(PosixFileSystem, MapsErrorNumbers) {
  const struct {
    int number;
    errc code;
  } cases[] = {{ENOSPC, errc::resource_exhausted}, {EDQUOT, errc::resource_exhausted},
               {EMFILE, errc::resource_exhausted}, {EACCES, errc::unauthorized},
               {EROFS, errc::unauthorized},        {EIO, errc::unavailable},
               {ENOENT, errc::not_found},          {ENAMETOOLONG, errc::invalid_argument}};
  for (const auto& one : cases) {
    EXPECT_EQ(error_from_errno(one.number, "write", "p").code, one.code) << one.number;
  }
}

TEST_F(PosixFileSystem, ReadFileHasALimit) {
  write("big", "0123456789");
  EXPECT_EQ(read_file(files_, path("big"), 9).error().code, errc::resource_exhausted);
  EXPECT_TRUE(read_file(files_, path("big"), 10).ok());
}

TEST_F(PosixFileSystem, KnowsFreeSpace) {
  EXPECT_GT(files_.space(root_)->available_bytes, 0u);
  EXPECT_GT(files_.space(root_)->used_bytes, 0u);
  EXPECT_EQ(files_.space(path("gone")).error().code, errc::not_found);
}

TEST(ParentDirectory, Cases) {
  EXPECT_EQ(parent_directory("a/b"), "a");
  EXPECT_EQ(parent_directory("a"), ".");
  EXPECT_EQ(parent_directory("/a"), "/");
  EXPECT_EQ(parent_directory("/"), "/");
  EXPECT_EQ(parent_directory("a/b/"), "a");
}

}  // namespace
}  // namespace skald
