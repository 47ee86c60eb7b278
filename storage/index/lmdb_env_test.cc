// SPDX-License-Identifier: Apache-2.0
#include "storage/index/lmdb_env.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/index/index_test_rows.h"

namespace skald {
namespace {

using namespace index_testing;

lmdb_options writable() {
  return {true, 1 << 20, {"one", "two"}};
}

TEST(LmdbEnv, SharesAnOpenFileAndRefusesAnotherMode) {
  temporary_directory dir;
  auto first = lmdb_env::open(dir / "f", writable());
  ASSERT_TRUE(first.ok());
  auto second = lmdb_env::open(dir / "f", writable());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(first->get(), second->get());
  std::filesystem::create_hard_link(dir / "f", dir / "link");
  EXPECT_EQ(lmdb_env::open(dir / "link", writable())->get(), first->get());
  EXPECT_EQ(lmdb_env::open(dir / "f", {false, 0, {"one"}}).error().code, errc::invalid_argument);
}

TEST(LmdbEnv, RollsBackWhenTheBodyFails) {
  temporary_directory dir;
  auto env = *lmdb_env::open(dir / "f", writable());
  const auto failed = env->write([](lmdb_transaction& t) -> result<void> {
    SKALD_TRY(t.put(0, "key", "value"));
    return error{errc::cancelled, "no"};
  });
  EXPECT_EQ(failed.error().code, errc::cancelled);
  ASSERT_TRUE(env->read([](lmdb_transaction& t) -> result<void> {
                   SKALD_TRY_ASSIGN(const auto found, t.get(0, "key"));
                   EXPECT_FALSE(found.has_value());
                   return {};
                 })
                  .ok());
}

TEST(LmdbEnv, GrowsTheMapAndRunsTheBodyAgain) {
  temporary_directory dir;
  auto env = *lmdb_env::open(dir / "f", writable());
  int runs = 0;
  const std::string value(1000, 'v');
  ASSERT_TRUE(env->write([&](lmdb_transaction& t) -> result<void> {
                   ++runs;
                   for (int i = 0; i < 5000; ++i) SKALD_TRY(t.put(1, std::to_string(i), value));
                   return {};
                 })
                  .ok());
  EXPECT_GT(runs, 2);
  EXPECT_GE(env->map_bytes(), 8u << 20);
  ASSERT_TRUE(env->read([&](lmdb_transaction& t) -> result<void> {
                   EXPECT_EQ(t.entries(1), 5000u);
                   return {};
                 })
                  .ok());
}

TEST(LmdbEnv, CursorWalksInOrder) {
  temporary_directory dir;
  auto env = *lmdb_env::open(dir / "f", writable());
  ASSERT_TRUE(env->write([&](lmdb_transaction& t) -> result<void> {
                   SKALD_TRY_ASSIGN(lmdb_cursor c, lmdb_cursor::open(t, 0));
                   EXPECT_TRUE(*c.insert("a", "1", true));
                   EXPECT_TRUE(*c.insert("c", "3", true));
                   EXPECT_FALSE(*c.insert("b", "late", true));
                   EXPECT_TRUE(*c.insert("b", "2", false));
                   EXPECT_FALSE(*c.insert("b", "again", false));
                   EXPECT_TRUE(*c.seek("aa"));
                   EXPECT_EQ(c.key(), "b");
                   EXPECT_EQ(c.value(), "2");
                   EXPECT_TRUE(*c.next());
                   EXPECT_FALSE(*c.next());
                   EXPECT_FALSE(c.at_entry());
                   EXPECT_TRUE(*c.last());
                   EXPECT_EQ(c.key(), "c");
                   EXPECT_FALSE(*c.seek("d"));
                   return {};
                 })
                  .ok());
}

// Readers run while a writer grows the map.
TEST(LmdbEnv, ReadersBesideAGrowingWriter) {
  temporary_directory dir;
  auto env = *lmdb_env::open(dir / "f", writable());
  std::atomic<bool> stop{false};
  std::atomic<int> failures{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        std::uint64_t seen = 0;
        const auto read = env->read([&](lmdb_transaction& t) -> result<void> {
          seen = t.entries(0);
          return {};
        });
        if (!read.ok() || seen % 100 != 0) ++failures;
      }
    });
  }
  const std::string value(2000, 'v');
  for (int batch = 0; batch < 50; ++batch) {
    ASSERT_TRUE(env->write([&](lmdb_transaction& t) -> result<void> {
                     for (int i = 0; i < 100; ++i) {
                       SKALD_TRY(t.put(0, std::to_string(batch * 100 + i), value));
                     }
                     return {};
                   })
                    .ok());
  }
  stop = true;
  for (std::thread& t : readers) t.join();
  EXPECT_EQ(failures, 0);
  EXPECT_GT(env->map_bytes(), 1u << 20);
}

}  // namespace
}  // namespace skald
