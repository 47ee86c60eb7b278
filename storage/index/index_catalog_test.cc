// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_catalog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <thread>

#include "storage/file/posix_file_system.h"
#include "storage/index/index_test_rows.h"

namespace skald {
namespace {

using namespace index_testing;

constexpr std::int64_t day = 20'000;
constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t start_of_day = day * nanoseconds_per_day;

// One node's catalog, which can be closed and opened again.
struct node {
  explicit node(std::string writer = "node-a") : name(std::move(writer)) {}
  std::unique_ptr<index_catalog> open(std::uint64_t incarnation = 1) {
    index_options options;
    options.writer = name;
    options.incarnation = incarnation;
    options.map_bytes = 1 << 20;
    options.slot_bytes_max = slot_bytes_max;
    options.open_files_max = open_files_max;
    auto opened = index_catalog::open(dir / "index", dir / "cache", options, files, time);
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    return opened.ok() ? std::move(*opened) : nullptr;
  }
  std::string name;
  std::uint64_t slot_bytes_max = 128 << 20;
  std::size_t open_files_max = 4;
  temporary_directory dir;
  posix_file_system files;
  manual_clock time;
};

std::vector<owned_row> some_rows(std::int64_t start, int count, const std::string& pack) {
  std::vector<owned_row> out;
  for (int i = 0; i < count; ++i) {
    out.push_back(make_row({{"app", "app" + std::to_string(i % 3)}, {"pod", std::to_string(i)}},
                           start + i * second, start + i * second + second / 2, pack, i));
  }
  return out;
}

std::vector<chunk_ref> refs_of(const std::vector<owned_row>& rows) {
  std::vector<chunk_ref> out;
  for (const owned_row& r : rows) out.push_back(r.chunk);
  return sorted(out);
}

// An object store of sorts: what was shipped.
struct shipped_object {
  std::string key;
  std::string bytes;
};
result<shipped_object> ship(index_catalog& catalog, const index_slot& slot) {
  shipped_object out;
  SKALD_TRY(catalog.ship_slot(
      slot, [&](const std::string& key, std::uint64_t bytes, const piece_source& pieces) {
        out.key = key;
        auto text = text_of(pieces);
        if (text.ok()) out.bytes = std::move(*text);
        EXPECT_EQ(out.bytes.size(), bytes);
        return result<void>();
      }));
  return out;
}
result<void> take(index_catalog& catalog, const shipped_object& object) {
  return catalog.add_downloaded(day, object.key, object.bytes.size(), pieces_of_text(object.bytes));
}

// Adds the rows to a catalog without any, ends their slot and ships it.
shipped_object ship_rows(index_catalog& catalog, const std::vector<owned_row>& rows) {
  EXPECT_TRUE(catalog.add("fake", views(rows)).ok());
  EXPECT_TRUE(catalog.finish_slots(true).ok());
  return ship(catalog, catalog.slots()[0]).value();
}

time_range whole_day(std::int64_t number) {
  return {number * nanoseconds_per_day, (number + 1) * nanoseconds_per_day};
}

TEST(IndexCatalog, SplitsRowsByDayAndFindsThem) {
  node n;
  auto catalog = n.open();
  auto rows = some_rows(start_of_day, 5, "today");
  const auto next = some_rows(start_of_day + nanoseconds_per_day, 5, "tomorrow");
  rows.insert(rows.end(), next.begin(), next.end());
  // Over midnight: in both tables, found once.
  rows.push_back(make_row({{"app", "night"}}, start_of_day + nanoseconds_per_day - 5,
                          start_of_day + nanoseconds_per_day + 5, "today", 99));
  ASSERT_TRUE(catalog->add("fake", views(rows)).ok());
  const auto slots = catalog->slots();
  ASSERT_EQ(slots.size(), 2u);
  EXPECT_EQ(slots[0].table, "index_20000");
  EXPECT_EQ(slots[0].chunks, 6u);
  EXPECT_FALSE(slots[0].finished);
  EXPECT_EQ(flatten(*catalog->chunk_refs(query_for({}))), refs_of(rows));
  EXPECT_EQ(catalog->chunk_refs(query_for({}, whole_day(day)))->size(), 6u);
  EXPECT_EQ(catalog->stats(query_for({}))->chunks, 11u);
  EXPECT_EQ(catalog->stats(query_for({}))->streams, 6u);
  EXPECT_EQ(catalog->series(query_for({match("app", match_op::equal, "night")}))->size(), 1u);
  EXPECT_EQ(*catalog->label_names(query_for({})), (std::vector<std::string>{"app", "pod"}));
  EXPECT_EQ(catalog->label_values("app", query_for({}))->size(), 4u);
  EXPECT_TRUE(catalog->chunk_refs(query_for({}, whole_day(day + 2)))->empty());
  EXPECT_EQ(catalog->unshipped_pack_keys().value(),
            (std::vector<std::string>{"today", "tomorrow"}));
  EXPECT_EQ(catalog->size().chunks, 12u);
}

TEST(IndexCatalog, DaysOfARange) {
  const auto span = [](std::int64_t from, std::int64_t to) {
    const auto days = index_catalog::days_of({from, to});
    return std::pair(days.first, days.last);
  };
  EXPECT_EQ(span(0, 1), (std::pair<std::int64_t, std::int64_t>(0, 0)));
  EXPECT_EQ(span(-1, nanoseconds_per_day + 1), (std::pair<std::int64_t, std::int64_t>(-1, 1)));
  EXPECT_EQ(span(0, nanoseconds_per_day), (std::pair<std::int64_t, std::int64_t>(0, 0)));
  EXPECT_EQ(span(5, 5), (std::pair<std::int64_t, std::int64_t>(0, -1)));
}

TEST(IndexCatalog, FinishesASlotWhenItsTimeIsOver) {
  node n;
  auto catalog = n.open();
  ASSERT_TRUE(catalog->add("fake", views(some_rows(start_of_day, 2, "p1"))).ok());
  ASSERT_TRUE(catalog->finish_slots(false).ok());
  EXPECT_TRUE(catalog->slots_to_ship().empty());
  n.time.now_ns += 15 * 60 * second;
  ASSERT_TRUE(catalog->finish_slots(false).ok());
  EXPECT_EQ(catalog->slots_to_ship().size(), 1u);
  ASSERT_TRUE(catalog->add("fake", views(some_rows(start_of_day, 2, "p2"))).ok());
  EXPECT_EQ(catalog->slots().size(), 2u);
  n.time.now_ns += 15 * 60 * second;  // the next add begins another, finishing comes later
  ASSERT_TRUE(catalog->add("fake", views(some_rows(start_of_day, 2, "p3"))).ok());
  EXPECT_EQ(catalog->slots_to_ship().size(), 1u);
  ASSERT_TRUE(catalog->finish_slots(false).ok());
  EXPECT_EQ(catalog->slots_to_ship().size(), 2u);
  n.time.now_ns -= 60 * 60 * second;  // a clock that goes back begins another, too
  ASSERT_TRUE(catalog->add("fake", views(some_rows(start_of_day, 2, "p4"))).ok());
  EXPECT_EQ(catalog->slots().size(), 4u);
  EXPECT_EQ(catalog->chunk_refs(query_for({}))->size(), 2u);
  EXPECT_EQ(catalog->stats(query_for({}))->chunks, 8u);
}

// A slot that began in a time to come took all rows of its day, and was not shipped, until then.
TEST(IndexCatalog, ASlotEndsThatBeganWhileTheClockWasAhead) {
  node n;
  auto catalog = n.open();
  constexpr std::int64_t jump = 48 * 60 * 60 * second;
  n.time.now_ns += jump;
  ASSERT_TRUE(catalog->add("fake", views(some_rows(start_of_day, 2, "p1"))).ok());
  n.time.now_ns -= jump;
  ASSERT_TRUE(catalog->add("fake", views(some_rows(start_of_day, 2, "p2"))).ok());
  EXPECT_EQ(catalog->slots().size(), 2u);
  ASSERT_TRUE(catalog->finish_slots(false).ok());
  ASSERT_EQ(catalog->slots_to_ship().size(), 1u);
  n.time.now_ns += jump;
  ASSERT_TRUE(ship(*catalog, catalog->slots_to_ship()[0]).ok());
  ASSERT_TRUE(catalog->add("fake", views(some_rows(start_of_day + 1, 2, "p3"))).ok());
  n.time.now_ns -= jump;
  ASSERT_TRUE(catalog->finish_slots(false).ok());  // also without another row
  EXPECT_EQ(catalog->slots_to_ship().size(), 2u);
  // What was shipped while it was ahead goes when its time is over, counted from now.
  EXPECT_EQ(*catalog->drop_expired(), 0u);
  n.time.now_ns += 45 * 60 * second;
  EXPECT_EQ(*catalog->drop_expired(), 1u);
  EXPECT_EQ(catalog->slots().size(), 2u);
}

TEST(IndexCatalog, ShipsToAnotherNode) {
  node writer;
  node reader("node-b");
  auto from = writer.open();
  auto to = reader.open();
  const auto rows = some_rows(start_of_day, 50, "p1");
  ASSERT_TRUE(from->add("fake", views(rows)).ok());
  const index_slot active = from->slots()[0];
  EXPECT_EQ(ship(*from, active).error().code, errc::invalid_argument);
  ASSERT_TRUE(from->finish_slots(true).ok());
  const auto refused = from->ship_slot(active, [](const auto&, auto, const auto&) -> result<void> {
    return error{errc::unavailable, "store is away"};
  });
  EXPECT_EQ(refused.error().code, errc::unavailable);
  EXPECT_EQ(from->slots_to_ship().size(), 1u);
  const auto upload = ship(*from, active);
  ASSERT_TRUE(upload.ok()) << upload.error().message;
  EXPECT_EQ(upload->key, from->raw_prefix(day) + active.file_name + ".lmdb.zst");
  EXPECT_TRUE(from->slots_to_ship().empty());
  EXPECT_TRUE(from->unshipped_pack_keys()->empty());
  for (const auto& left : std::filesystem::directory_iterator(writer.dir / "index/index_20000")) {
    EXPECT_FALSE(left.path().string().ends_with(".tmp")) << left.path();
  }

  const std::vector<std::string> listed = {upload->key};
  EXPECT_TRUE(from->missing_files(day, listed).empty());
  EXPECT_EQ(to->missing_files(day, listed), listed);
  for (const std::size_t at :
       {std::size_t{3}, upload->bytes.size() / 2, upload->bytes.size() - 1}) {
    shipped_object damaged = *upload;
    damaged.bytes[at] ^= 1;
    EXPECT_EQ(take(*to, damaged).error().code, errc::corrupt);
  }
  EXPECT_TRUE(to->chunk_refs(query_for({}))->empty());
  ASSERT_TRUE(take(*to, *upload).ok());
  EXPECT_TRUE(to->missing_files(day, listed).empty());
  EXPECT_EQ(flatten(*to->chunk_refs(query_for({}))), refs_of(rows));
  // Its own rows and the shipped ones are folded.
  ASSERT_TRUE(to->add("fake", views(rows)).ok());
  EXPECT_EQ(flatten(*to->chunk_refs(query_for({}))), refs_of(rows));
  ASSERT_TRUE(to->retain_downloaded(day, {}).ok());
  EXPECT_EQ(to->missing_files(day, listed), listed);
}

TEST(IndexCatalog, AdoptsDownloadsOfAnEarlierLifeUnlessDamaged) {
  node writer;
  auto from = writer.open();
  const auto rows = some_rows(start_of_day, 5, "p1");
  const auto upload = ship_rows(*from, rows);
  const std::vector<std::string> listed = {upload.key};
  node reader;
  ASSERT_TRUE(take(*reader.open(1), upload).ok());
  {
    auto again = reader.open(2);
    EXPECT_TRUE(again->missing_files(day, listed).empty());
    EXPECT_EQ(again->chunk_refs(query_for({}))->size(), 5u);
    reader.time.now_ns += 25 * 3600 * second;
    EXPECT_EQ(*again->drop_expired(), 1u);
    EXPECT_EQ(again->missing_files(day, listed), listed);
    ASSERT_TRUE(take(*again, upload).ok());
  }
  for (const auto& entry : std::filesystem::directory_iterator(reader.dir / "cache/index_20000")) {
    if (!entry.path().string().ends_with(".lmdb")) continue;
    std::string bytes = slurp(entry.path());
    bytes[bytes.size() / 2] ^= 1;
    spill(entry.path(), bytes);
  }
  EXPECT_EQ(reader.open(3)->missing_files(day, listed), listed);
}

TEST(IndexCatalog, DropsUnfinishedFilesAndKeepsFinishedOnesOverARestart) {
  node n;
  const auto first = some_rows(start_of_day, 5, "p1");
  const auto second_rows = some_rows(start_of_day, 5, "p2");
  {
    auto catalog = n.open(1);
    ASSERT_TRUE(catalog->add("fake", views(first)).ok());
    ASSERT_TRUE(catalog->finish_slots(true).ok());
    ASSERT_TRUE(catalog->add("fake", views(second_rows)).ok());
  }
  auto catalog = n.open(2);
  EXPECT_EQ(catalog->recovery().kept_files, 1u);
  EXPECT_EQ(catalog->recovery().dropped_files, 1u);
  EXPECT_EQ(flatten(*catalog->chunk_refs(query_for({}))), refs_of(first));
  EXPECT_EQ(catalog->slots_to_ship().size(), 1u);
  // Replay adds all again: what the kept file has is not written a second time.
  ASSERT_TRUE(catalog->add("fake", views(first)).ok());
  EXPECT_EQ(catalog->slots().size(), 1u);
  ASSERT_TRUE(catalog->add("fake", views(second_rows)).ok());
  EXPECT_EQ(catalog->slots().size(), 2u);
  EXPECT_EQ(catalog->slots()[1].chunks, 5u);
  EXPECT_EQ(catalog->stats(query_for({}))->chunks, 10u);
}

TEST(IndexCatalog, DamagedSlotFileIsNeverShippedAndCanBeRebuilt) {
  node n;
  auto catalog = n.open();
  const auto rows = some_rows(start_of_day, 5, "p1");
  ASSERT_TRUE(catalog->add("fake", views(rows)).ok());
  ASSERT_TRUE(catalog->finish_slots(true).ok());
  const index_slot slot = catalog->slots()[0];
  const std::string path = n.dir / ("index/index_20000/" + slot.file_name + ".lmdb");
  std::string bytes = slurp(path);
  bytes[bytes.size() - 100] ^= 1;
  spill(path + ".new", bytes);
  std::filesystem::rename(path + ".new", path);
  EXPECT_EQ(ship(*catalog, slot).error().code, errc::corrupt);
  ASSERT_TRUE(catalog->drop_slot(slot).ok());
  EXPECT_EQ(ship(*catalog, slot).error().code, errc::not_found);
  EXPECT_TRUE(catalog->chunk_refs(query_for({}))->empty());
  ASSERT_TRUE(catalog->add("fake", views(rows)).ok());
  EXPECT_EQ(flatten(*catalog->chunk_refs(query_for({}))), refs_of(rows));
  catalog.reset();
  EXPECT_TRUE(std::filesystem::exists(n.dir / "index/index_20000"));
}

TEST(IndexCatalog, DropsShippedSlotsAfterTheirTtl) {
  node n;
  {
    auto catalog = n.open(1);
    ASSERT_TRUE(catalog->add("fake", views(some_rows(start_of_day, 5, "p1"))).ok());
    ASSERT_TRUE(catalog->finish_slots(true).ok());
    ASSERT_TRUE(ship(*catalog, catalog->slots()[0]).ok());
    n.time.now_ns += 44 * 60 * second;
    EXPECT_EQ(*catalog->drop_expired(), 0u);
  }
  auto catalog = n.open(2);
  ASSERT_EQ(catalog->slots().size(), 1u);
  EXPECT_TRUE(catalog->slots()[0].shipped);
  n.time.now_ns += 60 * second;
  EXPECT_EQ(*catalog->drop_expired(), 1u);
  EXPECT_TRUE(catalog->slots().empty());
  EXPECT_TRUE(std::filesystem::is_empty(n.dir / "index/index_20000"));
}

TEST(IndexCatalog, BeginsAnotherSlotWhenOneIsFull) {
  node n;
  n.slot_bytes_max = 200'000;
  auto catalog = n.open();
  std::vector<owned_row> all;
  for (int i = 0; i < 5; ++i) {
    const auto rows = some_rows(start_of_day, 1000, "p" + std::to_string(i));
    ASSERT_TRUE(catalog->add("fake", views(rows)).ok());
    all.insert(all.end(), rows.begin(), rows.end());
  }
  EXPECT_GE(catalog->slots().size(), 2u);
  EXPECT_LE(catalog->slots().size(), 5u);
  EXPECT_TRUE(catalog->slots_to_ship().empty());
  EXPECT_EQ(flatten(*catalog->chunk_refs(query_for({}))), refs_of(all));
  ASSERT_TRUE(catalog->finish_slots(false).ok());
  EXPECT_GE(catalog->slots_to_ship().size(), 1u);
}

// Of files whose paths contain this.
std::size_t open_index_descriptors(const std::string& part = "/") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    count += target.find(".lmdb") != std::string::npos && target.find(part) != std::string::npos;
  }
  return count;
}

// A push may have entries of any number of days, and as many files open at once end the node.
TEST(IndexCatalog, FewFilesOfManyDaysAreOpenAtOnce) {
  constexpr int days = 40;
  node n;
  auto catalog = n.open();
  const time_range all_days{start_of_day, start_of_day + days * nanoseconds_per_day};
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < days; ++i) {
      const auto rows = some_rows(start_of_day + i * nanoseconds_per_day, 2,
                                  "p" + std::to_string(round * days + i));
      ASSERT_TRUE(catalog->add("fake", views(rows)).ok());
      EXPECT_LE(open_index_descriptors(), 3 * n.open_files_max);
    }
    EXPECT_EQ(catalog->slots().size(), static_cast<std::size_t>(days));
  }
  const auto expect_all = [&](const index_view& view) {
    index_query query = query_for({});
    query.range = all_days;
    EXPECT_EQ(view.stats(query)->chunks, 4u * days);
  };
  const index_view before = catalog->view(all_days);
  expect_all(before);
  EXPECT_EQ(catalog->unshipped_pack_keys()->size(), 2u * days);
  EXPECT_EQ(catalog->size().chunks, 4u * days);
  ASSERT_TRUE(catalog->finish_slots(true).ok());
  for (const index_slot& slot : catalog->slots_to_ship()) ASSERT_TRUE(ship(*catalog, slot).ok());
  expect_all(catalog->view(all_days));
  EXPECT_LE(open_index_descriptors(), 3 * n.open_files_max);
  n.time.now_ns += 45 * 60 * second;
  EXPECT_EQ(*catalog->drop_expired(), static_cast<std::uint64_t>(days));
  expect_all(before);  // also what was not open
}

// What a view holds stays, whatever is dropped, and it can tell what it does not hold.
TEST(IndexCatalog, ViewsOutliveTheirFiles) {
  node writer;
  auto from = writer.open();
  const auto rows = some_rows(start_of_day, 5, "p1");
  const auto object = ship_rows(*from, rows);
  node reader;
  auto to = reader.open();
  ASSERT_TRUE(take(*to, object).ok());
  for (index_catalog* catalog : {from.get(), to.get()}) {
    const index_view view = catalog->view(whole_day(day));
    EXPECT_TRUE(view.holds(object.key));
    EXPECT_FALSE(view.holds("index/index_20000/raw/other.lmdb.zst"));
    writer.time.now_ns += 25 * 3600 * second;
    reader.time.now_ns += 25 * 3600 * second;
    EXPECT_EQ(*catalog->drop_expired(), 1u);
    EXPECT_EQ(flatten(*view.chunk_refs(query_for({}, whole_day(day)))), refs_of(rows));
    EXPECT_FALSE(catalog->view(whole_day(day)).holds(object.key));
    EXPECT_TRUE(catalog->chunk_refs(query_for({}))->empty());
  }
}

// The blocks of a removed file are free when it is closed.
TEST(IndexCatalog, RemovedFilesAreClosedWithTheLastViewOfThem) {
  node writer;
  auto from = writer.open();
  const auto rows = some_rows(start_of_day, 5, "p1");
  const auto object = ship_rows(*from, rows);
  node reader;
  auto to = reader.open();
  for (const bool viewed : {false, true}) {
    ASSERT_TRUE(take(*to, object).ok());
    EXPECT_GT(open_index_descriptors("/cache/"), 0u);
    std::optional<index_view> view;
    if (viewed) view.emplace(to->view(whole_day(day)));
    ASSERT_TRUE(to->retain_downloaded(day, {}).ok());
    if (view) {
      EXPECT_EQ(flatten(*view->chunk_refs(query_for({}, whole_day(day)))), refs_of(rows));
    }
    view.reset();
    EXPECT_EQ(open_index_descriptors("/cache/"), 0u);
  }
  std::optional<index_view> view(from->view(whole_day(day)));
  writer.time.now_ns += 45 * 60 * second;
  EXPECT_EQ(*from->drop_expired(), 1u);
  EXPECT_EQ(flatten(*view->chunk_refs(query_for({}, whole_day(day)))), refs_of(rows));
  EXPECT_GT(open_index_descriptors(), 0u);
  view.reset();
  EXPECT_EQ(open_index_descriptors(), 0u);
}

// Files are opened again and again: one may have gone meanwhile, or be damaged.
TEST(IndexCatalog, ADownloadThatCannotBeOpenedAgainIsFetchedAnew) {
  node writer;
  auto from = writer.open();
  const auto rows = some_rows(start_of_day, 5, "p1");
  const auto object = ship_rows(*from, rows);
  const std::vector<std::string> keys = {object.key};
  node reader;
  reader.open_files_max = 1;
  auto to = reader.open();
  const shipped_object other{"index/index_20001/raw/other.lmdb.zst", object.bytes};
  for (const bool damaged : {false, true}) {
    ASSERT_TRUE(take(*to, object).ok());
    ASSERT_TRUE(
        to->add_downloaded(day + 1, other.key, other.bytes.size(), pieces_of_text(other.bytes))
            .ok());  // which closes the first
    for (const auto& file : std::filesystem::directory_iterator(reader.dir / "cache/index_20000")) {
      if (damaged && file.path().extension() == ".lmdb") std::filesystem::resize_file(file, 100);
      if (!damaged) std::filesystem::remove(file);
    }
    EXPECT_FALSE(to->chunk_refs(query_for({}, whole_day(day))).ok());
    EXPECT_EQ(to->missing_files(day, keys), keys);
    ASSERT_TRUE(take(*to, object).ok());
    EXPECT_EQ(flatten(*to->chunk_refs(query_for({}, whole_day(day)))), refs_of(rows));
  }
}

// A finished file is opened anew, read-only, while its last user may be closing it.
TEST(IndexCatalog, FilesAreFinishedClosedAndOpenedBesideLookUps) {
  node n;
  n.open_files_max = 1;
  auto catalog = n.open();
  std::atomic<bool> over = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!over) {
        const auto found = catalog->chunk_refs(query_for({}));
        EXPECT_TRUE(found.ok()) << found.error().message;
      }
    });
  }
  constexpr int rounds = 40;
  for (int i = 0; i < rounds; ++i) {
    for (const int d : {0, 1}) {
      const auto rows =
          some_rows(start_of_day + d * nanoseconds_per_day, 2, "p" + std::to_string(i));
      EXPECT_TRUE(catalog->add("fake", views(rows)).ok());
    }
    EXPECT_TRUE(catalog->finish_slots(true).ok());
    if (catalog->slots().size() < 8) continue;
    for (const index_slot& slot : catalog->slots()) EXPECT_TRUE(catalog->drop_slot(slot).ok());
  }
  over = true;
  for (auto& reader : readers) reader.join();
}

TEST(IndexCatalog, EveryWayOfUsingADownloadKeepsIt) {
  node writer;
  auto from = writer.open();
  const auto object = ship_rows(*from, some_rows(start_of_day, 5, "p1"));
  const std::vector<std::string> keys = {object.key};
  node reader;
  auto to = reader.open();
  ASSERT_TRUE(take(*to, object).ok());
  const auto day_later = [&] { reader.time.now_ns += 20 * 3600 * second; };
  day_later();
  EXPECT_TRUE(to->missing_files(day, keys).empty());
  day_later();
  EXPECT_EQ(*to->drop_expired(), 0u);
  static_cast<void>(to->view(whole_day(day)));
  day_later();
  EXPECT_EQ(*to->drop_expired(), 0u);
  static_cast<void>(to->view(whole_day(day + 1)));  // does not use it
  day_later();
  EXPECT_EQ(*to->drop_expired(), 1u);
}

double status_mib(const std::string& field) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) / 1024;
  }
  return 0;
}

// A file of more than 20 MiB goes out and in again, and the process never grows by a quarter of it.
TEST(IndexCatalog, ShipsAndFetchesWithoutHoldingFilesInMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer keeps freed memory";
#endif
  node writer;
  auto from = writer.open();
  auto rows = some_rows(start_of_day, 20'000, "");
  std::vector<index_row> pack_rows = views(rows);
  for (int pack = 0; pack < 75; ++pack) {
    const std::string key = "pack" + std::to_string(pack);
    for (std::size_t i = 0; i < pack_rows.size(); ++i) {
      pack_rows[i].shared_pack_key = key;
      pack_rows[i].chunk.line_bytes = (i * 7919 + static_cast<std::size_t>(pack)) % 9973;
      pack_rows[i].chunk.max_timestamp_ns =
          start_of_day + second * 86'000 + static_cast<std::int64_t>(i * 2'654'435'761 % second);
    }
    ASSERT_TRUE(from->add("fake", pack_rows).ok());
  }
  ASSERT_TRUE(from->finish_slots(true).ok());
  ASSERT_EQ(from->slots().size(), 1u);
  ASSERT_EQ(from->slots()[0].chunks, 1'500'000u);
  ASSERT_GT(from->size().file_bytes, 20u << 20);

  node reader;
  auto to = reader.open();
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak counts from now on
  const double before_mib = status_mib("VmRSS");
  std::string key;
  std::uint64_t size = 0;
  auto shipped =
      from->ship_slot(from->slots()[0],
                      [&](const std::string& object_key, std::uint64_t bytes,
                          const piece_source& pieces) -> result<void> {
                        key = object_key;
                        size = bytes;
                        std::ofstream object(writer.dir / "object", std::ios::binary);
                        while (true) {
                          SKALD_TRY_ASSIGN(const std::string_view piece, pieces());
                          EXPECT_LE(piece.size(), file_piece_bytes);
                          if (piece.empty()) return {};
                          object.write(piece.data(), static_cast<std::streamsize>(piece.size()));
                        }
                      });
  ASSERT_TRUE(shipped.ok()) << shipped.error().message;
  ASSERT_TRUE(
      to->add_downloaded(
            day, key, size,
            pieces_of(writer.files.open(writer.dir / "object", open_mode::read_only).value()))
          .ok());
  EXPECT_LT(status_mib("VmHWM") - before_mib, 6.0);
  EXPECT_EQ(to->size().chunks, 1'500'000u);
}

}  // namespace
}  // namespace skald
