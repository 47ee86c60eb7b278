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

struct poison_case {
  const char* name;
  std::size_t pairs;
  std::size_t value_bytes;
  std::size_t line_bytes;
  bool refused;
};

std::vector<metadata_pair> metadata_of(const poison_case& one, std::vector<std::string>& names) {
  static const std::string value(row_metadata_bytes_max, 'v');
  std::vector<metadata_pair> pairs;
  names.resize(one.pairs);
  for (std::size_t i = 0; i < one.pairs; ++i) {
    names[i] = "k" + std::to_string(i);
    pairs.push_back({names[i], std::string_view(value).substr(0, one.value_bytes)});
  }
  return pairs;
}

// Three rows of one stream, of which the middle one is large, and one of another stream.
sealed_set set_with(const poison_case& one, bool by_reference) {
  std::vector<std::string> names;
  const auto pairs = metadata_of(one, names);
  const stream_ptr streams[] = {stream_with(1, 5), stream_with(2, 5)};
  push_frame_builder frame("t");
  frame.begin_stream(streams[0]->fingerprint, streams[0]->canonical_labels);
  frame.add(day * nanoseconds_per_day, "before", {});
  frame.add(day * nanoseconds_per_day + 1, std::string(one.line_bytes, 'x'), pairs);
  frame.add(day * nanoseconds_per_day + 2, "after", {});
  frame.begin_stream(streams[1]->fingerprint, streams[1]->canonical_labels);
  frame.add(day * nanoseconds_per_day, "neighbour", {});
  const auto durable =
      std::make_shared<const durable_frame>(durable_frame{frame.finish(), 1, nullptr, nullptr});
  sealed_set set;
  set.flush_id = 7;
  set.sequence = 100;
  for (std::uint32_t slice = 0; slice < 2; ++slice) {
    const auto& columns = durable->frame->slices()[slice];
    head_columns copied;
    copied.append(columns, 0, static_cast<std::uint32_t>(columns.rows()));
    auto piece = std::make_shared<head_snapshot>(*copied.snapshot(streams[slice], day, 1));
    if (by_reference) {
      piece->slices.emplace_back(durable, slice, 0, piece->rows);
    }
    set.by_tenant["t"].push_back(std::move(piece));
  }
  return set;
}

// Such an entry made every flush fail, for ever, and its neighbours stayed in the log.
TEST(FlushPacks, WhatFitsIntoNoPackIsSetApart) {
  for (const poison_case& one :
       {poison_case{"as many pairs as there may be", row_metadata_pairs_max, 1, 1, false},
        poison_case{"too many pairs", row_metadata_pairs_max + 1, 1, 1, true},
        poison_case{"as much metadata as there may be", 1, row_metadata_bytes_max - 2, 1, false},
        poison_case{"too much metadata", 1, row_metadata_bytes_max - 1, 1, true},
        poison_case{"as long as a line may be", 0, 0, line_bytes_max, false},
        poison_case{"too long a line", 0, 0, line_bytes_max + 1, true}}) {
    for (const bool by_reference : {false, true}) {
      SCOPED_TRACE(one.name);
      memory_store store;
      pack_writer writer;
      const auto flushed = flush_packs(set_with(one, by_reference), "n-1-0", writer, store);
      ASSERT_TRUE(flushed.ok()) << flushed.error().message;
      EXPECT_EQ(flushed->duplicates, 0u);
      ASSERT_EQ(flushed->infos.size(), 1u);
      EXPECT_EQ(flushed->infos[0].rows, one.refused ? 3u : 4u);
      EXPECT_EQ(flushed->infos[0].chunks, 2u);
      EXPECT_TRUE(pack_reader::open(store, flushed->packs.at(0).key).ok());
      ASSERT_EQ(flushed->refused.size(), one.refused ? 1u : 0u);
      if (!one.refused) continue;
      const refused_rows& refused = flushed->refused[0];
      EXPECT_EQ(refused.pack_key, flushed->packs[0].key);
      EXPECT_EQ(refused.day, day);
      EXPECT_EQ(refused.why.code, errc::invalid_argument);
      ASSERT_EQ(refused.frame->rows(), 1u);
      const auto& slice = refused.frame->slices()[0];
      EXPECT_EQ(slice.timestamps[0], day * nanoseconds_per_day + 1);
      EXPECT_EQ(slice.lines.line(0).size(), one.line_bytes);
      EXPECT_EQ(slice.metadata.row(0).size(), one.pairs);
    }
  }
}

TEST(FlushPacks, ADayOfNothingElseMakesNoPack) {
  const poison_case one{"too many pairs", row_metadata_pairs_max + 1, 1, 1, true};
  std::vector<std::string> names;
  const auto pairs = metadata_of(one, names);
  const auto stream = stream_with(1, 5);
  push_frame_builder frame("t");
  frame.begin_stream(stream->fingerprint, stream->canonical_labels);
  frame.add(day * nanoseconds_per_day, "x", pairs);
  head_columns columns;
  columns.append(frame.finish()->slices()[0], 0, 1);
  sealed_set set;
  set.by_tenant["t"].push_back(columns.snapshot(stream, day, 1));
  memory_store store;
  pack_writer writer;
  const auto flushed = flush_packs(set, "n-1-0", writer, store);
  ASSERT_TRUE(flushed.ok()) << flushed.error().message;
  EXPECT_TRUE(flushed->packs.empty());
  EXPECT_TRUE(flushed->rows.empty());
  ASSERT_EQ(flushed->refused.size(), 1u);
  EXPECT_TRUE(store.list("packs/")->empty());
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
