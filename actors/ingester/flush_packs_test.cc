// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/flush_packs.h"

#include <gtest/gtest.h>

#include "actors/ingester/head_columns.h"
#include "storage/chunk/pack_format.h"
#include "storage/chunk/pack_reader.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

constexpr std::int64_t day = 20'000;

stream_ptr stream_with(int number, std::size_t label_bytes) {
  const auto made = make_stream("{n=\"" + std::to_string(number) + "\", text=\"" +
                                std::string(label_bytes, 'x') + "\"}");
  EXPECT_TRUE(made.ok());
  return *made;
}

head_snapshot_ptr piece_of(const stream_ptr& stream, std::uint64_t sequence) {
  push_frame_builder frame("t");
  frame.begin_stream(stream->fingerprint, stream->canonical_labels);
  frame.add(day * nanoseconds_per_day + static_cast<std::int64_t>(sequence), "a line", {});
  head_columns columns;
  columns.append(frame.finish()->slices()[0], 0, 1);
  return columns.snapshot(stream, day, sequence);
}

// Two pieces of each stream, as of a stream that began another buffer.
sealed_set set_of(int streams, std::size_t label_bytes) {
  sealed_set set;
  set.flush_id = 7;
  set.sequence = 100;
  std::vector<stream_ptr> all;
  for (int i = 0; i < streams; ++i) all.push_back(stream_with(i, label_bytes));
  for (std::uint64_t round = 1; round <= 2; ++round) {
    for (const auto& stream : all) set.by_tenant["t"].push_back(piece_of(stream, round));
  }
  return set;
}

TEST(FlushPacks, LabelsThatFitGoIntoOnePack) {
  memory_store store;
  pack_writer writer;
  const auto flushed = flush_packs(set_of(5, 100), "n-1-0", writer, store);
  ASSERT_TRUE(flushed.ok());
  ASSERT_EQ(flushed->packs.size(), 1u);
  EXPECT_EQ(flushed->packs[0].key, "packs/t/20000/n-1-0-0000000000000007.skp");
}

// More than a section holds ended the process, at each attempt to flush the log anew.
TEST(FlushPacks, LabelsThatAreTooMuchForOnePackGoIntoSeveral) {
  memory_store store;
  pack_writer writer;
  const sealed_set set = set_of(6, 12u << 20);
  const auto flushed = flush_packs(set, "n-1-0", writer, store);
  ASSERT_TRUE(flushed.ok()) << flushed.error().message;
  ASSERT_EQ(flushed->packs.size(), 3u);
  EXPECT_EQ(flushed->packs[0].key, "packs/t/20000/n-1-0-0000000000000007.skp");
  EXPECT_EQ(flushed->packs[2].key, "packs/t/20000/n-1-0-0000000000000007.2.skp");
  const std::vector<std::string> covered = {"n-1-0-0000000000000007"};
  std::uint64_t chunks = 0;
  for (std::size_t i = 0; i < flushed->packs.size(); ++i) {
    const std::string& key = flushed->packs[i].key;
    EXPECT_TRUE(is_in_memory(covered, key));
    EXPECT_EQ(flushed->rows[i].pack_key, key);
    const auto pack = pack_reader::open(store, key);
    ASSERT_TRUE(pack.ok()) << pack.error().message;
    EXPECT_TRUE((*pack)->stream(0).ok());
    EXPECT_EQ((*pack)->info().rows, 2 * (*pack)->chunk_count());  // both pieces of each stream
    chunks += (*pack)->chunk_count();
  }
  EXPECT_EQ(chunks, 6u);
  // Tried again, it writes the same objects.
  ASSERT_TRUE(flush_packs(set, "n-1-0", writer, store).ok());
  EXPECT_EQ(store.list("packs/")->size(), 3u);
}

TEST(PackWriter, RefusesLabelsThatNoReaderWouldTake) {
  std::vector<head_snapshot_ptr> pieces;
  std::vector<pack_input> inputs;
  const std::int64_t time = day * nanoseconds_per_day;
  const std::vector<std::uint32_t> starts = {0, 2};
  for (int i = 0; i < 2; ++i) {
    inputs.push_back({stream_with(i, section_bytes_max / 2), {&time, 1}, {"x\n", starts}, {}});
  }
  const auto written = pack_writer().write({"t", "n", 1, 1}, inputs);
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().code, errc::invalid_argument);
}

}  // namespace
}  // namespace skald
