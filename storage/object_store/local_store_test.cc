// SPDX-License-Identifier: Apache-2.0
#include "storage/object_store/local_store.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "storage/file/posix_file_system.h"

namespace skald {
namespace {

class LocalStore : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/local_store_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    store_ = std::make_unique<local_store>(files_, root_ + "/objects",
                                           local_store_options{.open_files_max = 2});
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  posix_file_system files_;
  std::string root_;
  std::unique_ptr<local_store> store_;
};

TEST_F(LocalStore, KeepsWhatIsPut) {
  const std::string_view parts[] = {"one ", "two ", "three"};
  ASSERT_TRUE(store_->put("packs/t/1/a.skp", parts).ok());
  EXPECT_EQ(store_->get("packs/t/1/a.skp").value(), "one two three");
  EXPECT_EQ(store_->head("packs/t/1/a.skp").value(), (object_info{"packs/t/1/a.skp", 13}));
  EXPECT_EQ(store_->get_range("packs/t/1/a.skp", 4, 3).value(), "two");
  EXPECT_EQ(store_->get_range("packs/t/1/a.skp", 13, 0).value(), "");
  char out[5];
  ASSERT_TRUE(store_->read_range("packs/t/1/a.skp", 8, out, 5).ok());
  EXPECT_EQ(std::string_view(out, 5), "three");
  const auto tail = store_->get_tail("packs/t/1/a.skp", 5);
  ASSERT_TRUE(tail.ok());
  EXPECT_EQ(tail->bytes, "three");
  EXPECT_EQ(tail->object_bytes, 13);
  EXPECT_EQ(store_->get_tail("packs/t/1/a.skp", 99)->bytes, "one two three");
}

TEST_F(LocalStore, RangesOutsideTheObjectAreRefusedBeforeAnyAllocation) {
  ASSERT_TRUE(store_->put("a", "0123456789").ok());
  char out[16];
  EXPECT_EQ(store_->get_range("a", 5, 6).error().code, errc::invalid_argument);
  EXPECT_EQ(store_->get_range("a", 11, 0).error().code, errc::invalid_argument);
  EXPECT_EQ(store_->get_range("a", ~0ULL, 2).error().code, errc::invalid_argument);
  EXPECT_EQ(store_->get_range("a", 2, ~0ULL).error().code, errc::invalid_argument);
  EXPECT_EQ(store_->read_range("a", 5, out, 6).error().code, errc::invalid_argument);
}

TEST_F(LocalStore, AbsentObjects) {
  EXPECT_EQ(store_->get("x").error().code, errc::not_found);
  EXPECT_EQ(store_->get_range("x", 0, 1).error().code, errc::not_found);
  EXPECT_EQ(store_->get_tail("x", 1).error().code, errc::not_found);
  EXPECT_EQ(store_->head("x").error().code, errc::not_found);
  EXPECT_EQ(store_->remove("x").error().code, errc::not_found);
  EXPECT_TRUE(store_->list("").value().empty());
}

TEST_F(LocalStore, HostileKeysAreRefused) {
  const std::string keys[] = {"",
                              "/etc/passwd",
                              "..",
                              "../x",
                              "a/../../x",
                              "a/..",
                              "a//b",
                              "a/",
                              ".",
                              "a/./b",
                              std::string("a\0b", 3),
                              "a\nb",
                              "a\\b",
                              std::string(201, 'x'),
                              std::string(1025, 'x'),
                              ".incoming",
                              ".incoming/x"};
  for (const std::string& key : keys) {
    EXPECT_EQ(store_->put(key, "x").error().code, errc::invalid_argument) << key;
    EXPECT_EQ(store_->get(key).error().code, errc::invalid_argument) << key;
    EXPECT_EQ(store_->get_range(key, 0, 1).error().code, errc::invalid_argument) << key;
    EXPECT_EQ(store_->head(key).error().code, errc::invalid_argument) << key;
    EXPECT_EQ(store_->remove(key).error().code, errc::invalid_argument) << key;
  }
  EXPECT_EQ(store_->list("../").error().code, errc::invalid_argument);
  EXPECT_EQ(store_->list("a/../../").error().code, errc::invalid_argument);
  EXPECT_FALSE(files_.exists(root_ + "/objects").value());
}

TEST_F(LocalStore, ListsByPrefixSortedAndWithoutUnfinishedWrites) {
  for (const char* key : {"p/t1/2/b", "p/t1/2/a", "p/t1/20/c", "p/t2/2/d", "q"}) {
    ASSERT_TRUE(store_->put(key, "xy").ok());
  }
  std::ofstream(root_ + "/objects/.incoming/a.1-1.tmp") << "torn";
  const auto keys = [&](const std::string& prefix) {
    std::vector<std::string> out;
    const auto listed = store_->list(prefix);
    for (const object_info& one : *listed) {
      EXPECT_EQ(one.bytes, 2);
      out.push_back(one.key);
    }
    return out;
  };
  using names = std::vector<std::string>;
  EXPECT_EQ(keys(""), (names{"p/t1/2/a", "p/t1/2/b", "p/t1/20/c", "p/t2/2/d", "q"}));
  EXPECT_EQ(keys("p/t1/2"), (names{"p/t1/2/a", "p/t1/2/b", "p/t1/20/c"}));
  EXPECT_EQ(keys("p/t1/2/"), (names{"p/t1/2/a", "p/t1/2/b"}));
  EXPECT_EQ(keys("p/t1/2/b"), (names{"p/t1/2/b"}));
  EXPECT_EQ(keys("p/t"), (names{"p/t1/2/a", "p/t1/2/b", "p/t1/20/c", "p/t2/2/d"}));
  EXPECT_EQ(keys("nothing/"), names{});
  EXPECT_EQ(keys("q/"), names{});
  EXPECT_EQ(keys("."), names{});
}

TEST_F(LocalStore, RemovesTheUnfinishedWritesOfEndedProcesses) {
  EXPECT_TRUE(store_->remove_abandoned_writes().ok()) << "before the first object";
  ASSERT_TRUE(store_->put("a/b.tmp", "kept").ok());
  std::ofstream(root_ + "/objects/.incoming/c.1-1.tmp") << "torn";
  ASSERT_TRUE(store_->remove_abandoned_writes().ok());
  EXPECT_TRUE(files_.list(root_ + "/objects/.incoming")->empty());
  EXPECT_EQ(store_->get("a/b.tmp").value(), "kept");
}

TEST_F(LocalStore, ReplacedAndRemovedObjectsAreNotReadFromOldDescriptors) {
  ASSERT_TRUE(store_->put("a", "old").ok());
  EXPECT_EQ(store_->get_range("a", 0, 3).value(), "old");
  ASSERT_TRUE(store_->put("a", "newer").ok());
  EXPECT_EQ(store_->get_range("a", 0, 5).value(), "newer");
  ASSERT_TRUE(store_->remove("a").ok());
  EXPECT_EQ(store_->get_range("a", 0, 3).error().code, errc::not_found);
}

TEST_F(LocalStore, MoreObjectsThanDescriptors) {
  for (int i = 0; i < 9; ++i) {
    ASSERT_TRUE(store_->put("k" + std::to_string(i), std::to_string(i)).ok());
  }
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 9; ++i) {
      EXPECT_EQ(store_->get_range("k" + std::to_string(i), 0, 1).value(), std::to_string(i));
    }
  }
}

TEST_F(LocalStore, ManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string own = "t/" + std::to_string(t) + "-" + std::to_string(i % 5);
        ASSERT_TRUE(store_->put(own, own).ok());
        ASSERT_EQ(store_->get_range(own, 0, own.size()).value(), own);
        ASSERT_TRUE(store_->list("t/").ok());
      }
    });
  }
  for (auto& one : threads) one.join();
  EXPECT_EQ(store_->list("t/")->size(), 20);
}

TEST_F(LocalStore, PutsPiecesOfTheSaidLengthOnly) {
  const auto pieces = [](std::vector<std::string> parts) {
    return piece_source([parts = std::move(parts), next = std::size_t{0}]() mutable {
      return result<std::string_view>(next < parts.size() ? std::string_view(parts[next++])
                                                          : std::string_view());
    });
  };
  ASSERT_TRUE(store_->put_pieces("a/b", 6, pieces({"one", "two"})).ok());
  EXPECT_EQ(store_->get("a/b").value(), "onetwo");
  for (const std::uint64_t said : {5, 7}) {
    EXPECT_EQ(store_->put_pieces("a/b", said, pieces({"six", "ten"})).error().code,
              errc::invalid_argument);
  }
  EXPECT_EQ(store_->get("a/b").value(), "onetwo");
  ASSERT_TRUE(store_->put_pieces("a/b", 0, pieces({})).ok());
  EXPECT_EQ(store_->get("a/b").value(), "");
  EXPECT_EQ(store_->put_pieces("../b", 0, pieces({})).error().code, errc::invalid_argument);
}

}  // namespace
}  // namespace skald
