// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/block_locator.h"

#include <gtest/gtest.h>

#include <functional>

#include "storage/file/posix_file_system.h"
#include "storage/index/index_test_rows.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

using namespace index_testing;

constexpr std::int64_t day = 20'000;
constexpr std::int64_t start_of_day = day * nanoseconds_per_day;
constexpr time_range whole_day{start_of_day, start_of_day + nanoseconds_per_day};

// Does something each time an object is read.
class hooked_store final : public object_store {
 public:
  using object_store::put;
  result<void> put(const std::string& key, std::span<const std::string_view> parts) override {
    return store_.put(key, parts);
  }
  result<std::string> get(const std::string& key) override { return store_.get(key); }
  result<std::string> get_range(const std::string& key, std::uint64_t offset,
                                std::uint64_t length) override {
    ++reads;
    if (on_read) on_read();
    return store_.get_range(key, offset, length);
  }
  result<object_info> head(const std::string& key) override { return store_.head(key); }
  result<std::vector<object_info>> list(const std::string& prefix) override {
    return store_.list(prefix);
  }
  result<void> remove(const std::string& key) override { return store_.remove(key); }

  std::function<void()> on_read;
  int reads = 0;

 private:
  memory_store store_;
};

struct node {
  explicit node(const std::string& writer) {
    index_options options;
    options.writer = writer;
    options.map_bytes = 1 << 20;
    catalog = index_catalog::open(dir / "index", dir / "cache", options, files, time).value();
  }
  void ship(object_store& store, const std::string& app) {
    const auto row = make_row({{"app", app}}, start_of_day, start_of_day + 1, "pack-" + app);
    ASSERT_TRUE(catalog->add("fake", views({row})).ok());
    ASSERT_TRUE(catalog->finish_slots(true).ok());
    for (const index_slot& slot : catalog->slots_to_ship()) {
      const auto put = [&](const std::string& key, std::uint64_t bytes,
                           const piece_source& pieces) {
        return store.put_pieces(key, bytes, pieces);
      };
      ASSERT_TRUE(catalog->ship_slot(slot, put).ok());
    }
  }
  // Until neither a downloaded file nor a shipped one that nobody uses meanwhile is kept.
  void let_all_expire() {
    time.now_ns += 25 * 3600 * std::int64_t{1'000'000'000};
    ASSERT_TRUE(catalog->drop_expired().ok());
  }
  temporary_directory dir;
  posix_file_system files;
  manual_clock time;
  std::unique_ptr<index_catalog> catalog;
};

struct reader_node : node {
  explicit reader_node(hooked_store& store)
      : node("reader"), packs(store), locator(*catalog, store, packs, time, always) {}
  result<std::vector<std::string>> streams() {
    const std::vector<label_matcher> all;
    SKALD_TRY_ASSIGN(const auto found, locator.streams({"fake", all, whole_day, {}}));
    std::vector<std::string> out;
    for (const auto& s : found) out.push_back(s.stream->canonical_labels);
    std::sort(out.begin(), out.end());
    return out;
  }
  static constexpr std::chrono::seconds always{-1};  // lists the store at every look-up
  pack_cache packs;
  block_locator locator;
};

const std::vector<std::string> one = {R"({app="one"})"};
const std::vector<std::string> both = {R"({app="one"})", R"({app="two"})"};

TEST(BlockLocator, CountsBytesOfChunksInTheRange) {
  hooked_store store;
  reader_node reader(store);
  const auto row = [](const std::string& app, std::int64_t from, std::int64_t to,
                      const std::string& pack, std::uint64_t bytes) {
    auto made = make_row({{"app", app}}, start_of_day + from, start_of_day + to, pack);
    made.chunk.line_bytes = bytes;
    return made;
  };
  ASSERT_TRUE(reader.catalog
                  ->add("fake", views({row("one", 0, 1000, "f1-a", 4096),
                                       row("one", 1000, 2000, "f2-a", 8192),
                                       row("two", 0, 2000, "f2-a", 1 << 20)}))
                  .ok());
  const auto app_one = match("app", match_op::equal, "one");
  const auto bytes = [&](const std::vector<label_matcher>& matchers, std::int64_t to) {
    return reader.locator.bytes({"fake", matchers, {start_of_day, start_of_day + to}, {}}).value();
  };
  EXPECT_EQ(bytes({app_one}, 3000), 12288U);
  EXPECT_EQ(bytes({app_one}, 500), 2048U);
  EXPECT_EQ(bytes({app_one}, 1500), 4096U + 4096U);
  EXPECT_EQ(bytes({}, 3000), 12288U + (1 << 20));
}

TEST(BlockLocator, FetchesEachFileOnce) {
  hooked_store store;
  node writer("writer");
  writer.ship(store, "one");
  reader_node reader(store);
  EXPECT_EQ(reader.streams().value(), one);
  EXPECT_EQ(store.reads, 1);
  writer.ship(store, "two");
  EXPECT_EQ(reader.streams().value(), both);
  EXPECT_EQ(reader.streams().value(), both);
  EXPECT_EQ(store.reads, 2);
  EXPECT_EQ(reader.locator.days(whole_day).value(), std::vector<std::int64_t>{day});
}

TEST(BlockLocator, NamesTheStreamsWithChunksInTheRange) {
  hooked_store store;
  reader_node reader(store);
  std::vector<owned_row> rows;
  for (std::uint32_t i = 0; i < 20; ++i) {
    rows.push_back(make_row({{"app", "a" + std::to_string(i)}}, start_of_day + 10 * i,
                            start_of_day + 10 * i + 9, "pack", i));
  }
  ASSERT_TRUE(reader.catalog->add("fake", views(rows)).ok());
  const std::vector<label_matcher> all;
  const auto names = [&](time_range range) {
    std::vector<std::string> out;
    const auto found = reader.locator.stream_names({"fake", all, range, {}});
    if (!found.ok()) return std::vector<std::string>{found.error().message};
    for (const stream_ptr& s : *found) out.push_back(s->canonical_labels);
    return out;
  };
  EXPECT_EQ(names(whole_day).size(), 20u);
  EXPECT_EQ(names({start_of_day + 55, start_of_day + 59}),
            std::vector<std::string>{R"({app="a5"})"});
  EXPECT_EQ(names({start_of_day + 59, start_of_day + 61}).size(), 2u);
  EXPECT_TRUE(names({start_of_day + 200, start_of_day + 300}).empty());
}

TEST(BlockLocator, NeedsNoFileForAnEmptyRange) {
  hooked_store store;
  node writer("writer");
  writer.ship(store, "one");
  reader_node reader(store);
  const time_range empty{start_of_day + 5, start_of_day + 5};
  const std::vector<label_matcher> all;
  const auto found = reader.locator.streams({"fake", all, empty, {}});
  ASSERT_TRUE(found.ok()) << found.error().message;
  EXPECT_TRUE(found->empty());
  EXPECT_EQ(store.reads, 0);
}

TEST(BlockLocator, FetchesAgainWhatExpired) {
  hooked_store store;
  node writer("writer");
  writer.ship(store, "one");
  reader_node reader(store);
  EXPECT_EQ(reader.streams().value(), one);
  reader.let_all_expire();
  EXPECT_EQ(reader.streams().value(), one);
  EXPECT_EQ(store.reads, 2);
}

// A file that was here when the store's listing was compared is dropped while another is fetched.
TEST(BlockLocator, MissesNoFileThatExpiresMeanwhile) {
  hooked_store store;
  node writer("writer");
  writer.ship(store, "one");
  reader_node reader(store);
  EXPECT_EQ(reader.streams().value(), one);
  writer.ship(store, "two");
  store.on_read = [&] {
    store.on_read = nullptr;
    reader.let_all_expire();
  };
  EXPECT_EQ(reader.streams().value(), both);
  EXPECT_EQ(store.reads, 3);
}

TEST(BlockLocator, MissesNoOwnFileThatExpiresMeanwhile) {
  hooked_store store;
  reader_node reader(store);
  reader.ship(store, "one");
  EXPECT_EQ(reader.streams().value(), one);
  EXPECT_EQ(store.reads, 0);
  node writer("writer");
  writer.ship(store, "two");
  store.on_read = [&] {
    store.on_read = nullptr;
    reader.let_all_expire();
  };
  EXPECT_EQ(reader.streams().value(), both);
  EXPECT_TRUE(reader.catalog->slots().empty());
}

TEST(BlockLocator, FailsRatherThanAnswerWithAPart) {
  hooked_store store;
  node writer("writer");
  writer.ship(store, "one");
  writer.ship(store, "two");
  reader_node reader(store);
  store.on_read = [&] { reader.let_all_expire(); };
  EXPECT_EQ(reader.streams().error().code, errc::unavailable);
  store.on_read = nullptr;
  EXPECT_EQ(reader.streams().value(), both);
}

}  // namespace
}  // namespace skald
