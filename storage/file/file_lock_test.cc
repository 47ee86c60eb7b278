// SPDX-License-Identifier: Apache-2.0
#include "storage/file/file_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "storage/file/posix_file_system.h"

namespace skald {
namespace {

class FileLock : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/file_lock_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  posix_file_system files_;
  std::string root_;
};

TEST_F(FileLock, IsHeldByOneOpeningUntilItIsClosed) {
  auto first = files_.open(root_ + "/f", open_mode::create_new);
  auto second = files_.open(root_ + "/f", open_mode::read_write);
  EXPECT_TRUE(try_lock(**first).value());
  EXPECT_TRUE(try_lock(**first).value()) << "of the same opening";
  EXPECT_FALSE(try_lock(**second).value());
  first->reset();
  EXPECT_TRUE(try_lock(**second).value());
}

TEST_F(FileLock, ADirectoryHasOneHolder) {
  const std::string directory = root_ + "/made/for/it";
  std::optional<directory_lock> held = directory_lock::acquire(files_, directory).value();
  const auto refused = directory_lock::acquire(files_, directory);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_NE(refused.error().message.find("process " + std::to_string(::getpid()) + " on host "),
            std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(directory_lock::acquire(files_, root_ + "/other").ok());
  held.reset();
  EXPECT_TRUE(directory_lock::acquire(files_, directory).ok());
}

TEST_F(FileLock, EndsWithAKilledProcess) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto held = directory_lock::acquire(files_, root_ + "/d");
    const char told = held.ok() ? '1' : '0';
    if (::write(ready[1], &told, 1) == 1) ::pause();
    ::_exit(1);
  }
  char told = '0';
  ASSERT_EQ(::read(ready[0], &told, 1), 1);
  ASSERT_EQ(told, '1');
  EXPECT_FALSE(directory_lock::acquire(files_, root_ + "/d").ok());
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(directory_lock::acquire(files_, root_ + "/d").ok());
}

TEST_F(FileLock, SaysWhichDirectoryCannotBeUsed) {
  ASSERT_TRUE(files_.open(root_ + "/file", open_mode::create_new).ok());
  const auto refused = directory_lock::acquire(files_, root_ + "/file/d");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find(root_ + "/file"), std::string::npos);
}

}  // namespace
}  // namespace skald
