// SPDX-License-Identifier: Apache-2.0
#include "storage/file/atomic_write.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "storage/file/posix_file_system.h"
#include "testing/kit/forwarding_file_system.h"

namespace skald {
namespace {

// Notes the order of calls; fails the call that it is told to.
class watched_file_system final : public forwarding_file_system {
 public:
  class watched_file final : public forwarding_file {
   public:
    watched_file(watched_file_system& owner, std::unique_ptr<file> inner)
        : forwarding_file(std::move(inner)), owner_(owner) {}
    result<void> append(std::string_view bytes) override {
      SKALD_TRY(owner_.note("append"));
      return forwarding_file::append(bytes);
    }
    result<void> sync_data() override {
      SKALD_TRY(owner_.note("sync_data"));
      return forwarding_file::sync_data();
    }

   private:
    watched_file_system& owner_;
  };

  result<void> note(const std::string& call) {
    calls.push_back(call);
    if (call == failing_call) return error{errc::resource_exhausted, "no space"};
    return {};
  }
  result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override {
    SKALD_TRY(note("open"));
    SKALD_TRY_ASSIGN(auto inner, forwarding_file_system::open(path, mode));
    return std::unique_ptr<file>(std::make_unique<watched_file>(*this, std::move(inner)));
  }
  result<void> rename(const std::string& from, const std::string& to) override {
    SKALD_TRY(note("rename"));
    return forwarding_file_system::rename(from, to);
  }
  result<void> sync_directory(const std::string& path) override {
    SKALD_TRY(note("sync_directory"));
    return forwarding_file_system::sync_directory(path);
  }

  std::vector<std::string> calls;
  std::string failing_call;
};

class AtomicWrite : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/atomic_write_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  std::vector<std::string> names_in(const std::string& directory) {
    std::vector<std::string> names;
    const auto entries = real_.list(directory);
    for (const directory_entry& entry : *entries) names.push_back(entry.name);
    return names;
  }

  watched_file_system files_;
  posix_file_system real_;
  std::string root_;
};

TEST_F(AtomicWrite, WritesPartsThenSyncsThenRenamesThenSyncsTheDirectory) {
  const std::string_view parts[] = {"one ", "", "two"};
  ASSERT_TRUE(atomic_write(files_, root_ + "/f", parts).ok());
  EXPECT_EQ(read_file(real_, root_ + "/f").value(), "one two");
  const std::vector<std::string> wanted = {"open",      "append", "append",
                                           "sync_data", "rename", "sync_directory"};
  EXPECT_EQ(files_.calls, wanted);
  ASSERT_TRUE(atomic_write(files_, root_ + "/f", "new").ok());
  EXPECT_EQ(read_file(real_, root_ + "/f").value(), "new");
}

TEST_F(AtomicWrite, KeepsTheOldContentsAndCleansUpWhenAnyStepFails) {
  ASSERT_TRUE(atomic_write(files_, root_ + "/f", "old").ok());
  for (const char* call : {"open", "append", "sync_data", "rename"}) {
    files_.failing_call = call;
    const auto written = atomic_write(files_, root_ + "/f", "new");
    ASSERT_FALSE(written.ok()) << call;
    EXPECT_EQ(written.error().code, errc::resource_exhausted);
    EXPECT_EQ(read_file(real_, root_ + "/f").value(), "old") << call;
    EXPECT_EQ(files_.list(root_).value().size(), 1) << call;
  }
  files_.failing_call = "sync_directory";
  EXPECT_FALSE(atomic_write(files_, root_ + "/f", "new").ok());
}

TEST_F(AtomicWrite, KeepsTheOldContentsWhenPiecesEndInAnError) {
  ASSERT_TRUE(atomic_write(files_, root_ + "/f", "old").ok());
  int given = 0;
  const piece_source broken = [&]() -> result<std::string_view> {
    if (++given == 1) return std::string_view("new");
    return error{errc::corrupt, "no more"};
  };
  EXPECT_EQ(atomic_write(files_, root_ + "/f", broken).error().code, errc::corrupt);
  EXPECT_EQ(read_file(real_, root_ + "/f").value(), "old");
  EXPECT_EQ(files_.list(root_).value().size(), 1);
}

TEST_F(AtomicWrite, WorksInAnotherDirectory) {
  ASSERT_TRUE(files_.create_directories(root_ + "/work").ok());
  ASSERT_TRUE(files_.create_directories(root_ + "/kept").ok());
  std::vector<std::string> during;
  int given = 0;
  const piece_source pieces = [&]() -> result<std::string_view> {
    if (++given > 1) return std::string_view();
    during = names_in(root_ + "/work");
    // Whoever tidies up meanwhile leaves a file alone that is being written.
    SKALD_TRY(remove_abandoned(real_, root_ + "/work"));
    return std::string_view("text");
  };
  ASSERT_TRUE(atomic_write_in(files_, root_ + "/work", root_ + "/kept/f", pieces).ok());
  ASSERT_EQ(during.size(), 1);
  EXPECT_TRUE(during[0].starts_with("f."));
  EXPECT_EQ(read_file(real_, root_ + "/kept/f").value(), "text");
  EXPECT_TRUE(files_.list(root_ + "/work")->empty());
}

TEST_F(AtomicWrite, RemovesWhatACrashLeft) {
  for (const char* name : {"/a.skp.7-0.tmp", "/empty.tmp", "/other"}) {
    ASSERT_TRUE(real_.open(root_ + name, open_mode::create_new).ok());
  }
  ASSERT_TRUE(real_.create_directories(root_ + "/folder.tmp").ok());
  ASSERT_TRUE(remove_abandoned(real_, root_).ok());
  EXPECT_EQ(names_in(root_), (std::vector<std::string>{"folder.tmp", "other"}));
  EXPECT_EQ(remove_abandoned(real_, root_ + "/absent").error().code, errc::not_found);
}

TEST_F(AtomicWrite, NeedsTheDirectory) {
  EXPECT_EQ(atomic_write(files_, root_ + "/no/f", "x").error().code, errc::not_found);
}

}  // namespace
}  // namespace skald
