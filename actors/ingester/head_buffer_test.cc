// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/head_buffer.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "actors/ingester/head_rows.h"

namespace skald {
namespace {

using namespace head_rows;

constexpr double always = 1e9;
constexpr double never = 0;

class head_buffer_test : public ::testing::Test {
 protected:
  slice_ref slice(const rows& all, double factor = always) {
    return part(all, 0, static_cast<std::uint32_t>(all.size()), factor);
  }
  slice_ref part(const rows& all, std::uint32_t first, std::uint32_t count,
                 double factor = always) {
    const auto frame = frame_of(all);
    auto hold = hold_if_dense(*frame, {frame->rows(), frame->line_bytes()}, {node_, factor});
    return {std::make_shared<durable_frame>(
                durable_frame{frame, ++sequence_, std::move(hold), nullptr}),
            0, first, count};
  }
  void add(const rows& all, double factor = always) { buffer_.append({slice(all, factor)}); }
  head_snapshot_ptr snapshot() const { return buffer_.snapshot(stream_, 0); }
  strings all() const { return rows_of(snapshot()); }

  const stream_ptr stream_ = *make_stream(labels);
  std::shared_ptr<node_state> node_ = std::make_shared<node_state>();
  std::uint64_t sequence_ = 0;
  head_buffer buffer_;
};

TEST_F(head_buffer_test, EmptyHasNoRows) {
  EXPECT_EQ(snapshot()->rows, 0U);
  EXPECT_EQ(buffer_.take(stream_, 0)->rows, 0U);
}

TEST_F(head_buffer_test, RefersToFramesWhoseRowsRise) {
  add({{1, "a"}, {2, "", {{"n", "v"}}}});
  add({{3, "ccc"}});
  buffer_.append({part({{4, "no"}, {5, "e", {{"n", "w"}}}, {6, "f"}, {7, "no"}}, 1, 2)});
  EXPECT_TRUE(buffer_.is_by_reference());
  EXPECT_TRUE(snapshot()->is_by_reference());
  EXPECT_EQ(snapshot()->first_sequence, 1U);
  EXPECT_EQ(all(), (strings{"1:a", "2:{n=v}", "3:ccc", "5:e{n=w}", "6:f"}));
}

TEST_F(head_buffer_test, CopiesFromSparseFramesAndFromThenOn) {
  add({{1, "a"}});
  add({{2, "b"}}, never);
  EXPECT_FALSE(buffer_.is_by_reference());
  add({{3, "c"}});
  EXPECT_EQ(all(), (strings{"1:a", "2:b", "3:c"}));
  EXPECT_EQ(snapshot()->first_sequence, 1U);
  EXPECT_EQ(node_->held_bytes.load(), 0);
}

TEST_F(head_buffer_test, RowsThatCameLateAreSortedIn) {
  add({{10, "a"}, {30, "c"}});
  add({{20, "b"}, {40, "d"}});
  EXPECT_FALSE(buffer_.is_by_reference());
  EXPECT_EQ(all(), (strings{"10:a", "20:b", "30:c", "40:d"}));
}

TEST_F(head_buffer_test, DuplicatesAreDroppedWhereverTheyCome) {
  add({{1, "a"}, {2, "b"}, {2, "b"}, {2, "B"}});  // within a slice
  EXPECT_EQ(all(), (strings{"1:a", "2:b", "2:B"}));
  EXPECT_EQ(snapshot()->duplicates, 1U);
  add({{1, "a"}, {2, "B"}, {3, "c"}});
  EXPECT_EQ(all(), (strings{"1:a", "2:b", "2:B", "3:c"}));
}

TEST_F(head_buffer_test, ALaterSliceMayRepeatTheNewestRow) {
  add({{1, "a"}, {2, "b"}});
  add({{2, "b"}, {2, "b", {{"n", "v"}}}, {3, "c"}});
  EXPECT_FALSE(buffer_.is_by_reference());
  EXPECT_EQ(all(), (strings{"1:a", "2:b", "2:b{n=v}", "3:c"}));
  EXPECT_EQ(snapshot()->duplicates, 1U);
}

TEST_F(head_buffer_test, EqualTimestampsOfDifferentRowsStayInTheFrame) {
  add({{1, "a"}, {1, "b"}, {1, "b", {{"n", "v"}}}, {2, "c"}});
  EXPECT_TRUE(buffer_.is_by_reference());
  EXPECT_EQ(all(), (strings{"1:a", "1:b", "1:b{n=v}", "2:c"}));
}

TEST_F(head_buffer_test, LongRunsOfOneTimestampAreLeftToTheColumns) {
  rows many;
  for (int i = 0; i < 40; ++i) many.push_back({1, std::to_string(i)});
  EXPECT_FALSE(slice(many).is_in_order());
  add(many);
  many.push_back(many[3]);
  add(many);
  EXPECT_EQ(all().size(), 40U);
}

TEST_F(head_buffer_test, SnapshotsKeepWhatTheySaw) {
  add({{1, "a"}});
  const auto before = for_reader(snapshot(), reader_form::in_frames);
  add({{2, "b"}});
  add({{0, "z"}});
  EXPECT_EQ(rows_of(before), strings{"1:a"});
  EXPECT_EQ(all(), (strings{"0:z", "1:a", "2:b"}));
}

TEST_F(head_buffer_test, FramesCountUntilTheBufferIsDoneAndThenForReaders) {
  add({{1, "a"}});
  const auto bytes = node_->held_bytes.load();
  EXPECT_GT(bytes, 0);
  auto read = for_reader(snapshot(), reader_form::in_frames);
  auto read_again = for_reader(snapshot(), reader_form::in_frames);
  for_reader(snapshot(), reader_form::in_frames).reset();  // done before the flush
  auto sealed = buffer_.take(stream_, 0);
  EXPECT_EQ(rows_of(sealed), strings{"1:a"});
  EXPECT_EQ(snapshot()->rows, 0U);
  EXPECT_EQ(node_->held_bytes.load(), bytes);
  EXPECT_EQ(node_->reader_held_bytes.load(), 0);
  sealed = nullptr;
  EXPECT_EQ(node_->held_bytes.load(), 0);
  EXPECT_EQ(node_->reader_held_bytes.load(), bytes);  // once for all readers
  read_again = nullptr;
  EXPECT_EQ(node_->reader_held_bytes.load(), bytes);
  EXPECT_EQ(rows_of(read), strings{"1:a"});
  read = nullptr;
  EXPECT_EQ(node_->reader_held_bytes.load(), 0);
}

TEST_F(head_buffer_test, ReadersWithCopiesHoldNoFrames) {
  add({{1, "a"}, {2, "b", {{"k", "v"}}}});
  add({{3, "c"}});
  const auto read = for_reader(snapshot(), reader_form::copied);
  EXPECT_EQ(rows_of(read), all());
  EXPECT_FALSE(read->is_by_reference());
  EXPECT_EQ(read->first_sequence, snapshot()->first_sequence);
  buffer_.take(stream_, 0).reset();
  EXPECT_EQ(node_->held_bytes.load(), 0);
  EXPECT_EQ(node_->reader_held_bytes.load(), 0);
  EXPECT_EQ(read->rows, 3U);
}

TEST_F(head_buffer_test, FramesAreKeptForMostOfTheirRowsOnly) {
  rows long_lines;
  for (int i = 0; i < 20; ++i) long_lines.push_back({i, std::string(500, 'x')});
  const auto frame = frame_of(long_lines);
  EXPECT_NE(hold_if_dense(*frame, {20, 10'000}, {node_, 1.75}), nullptr);
  EXPECT_EQ(hold_if_dense(*frame, {10, 5'000}, {node_, 1.75}), nullptr);
  EXPECT_EQ(hold_if_dense(*frame_of({{1, "short"}}), {1, 5}, {node_, 1.75}), nullptr);
  EXPECT_EQ(hold_if_dense(*frame, {20, 10'000}, {node_, never}), nullptr);
  EXPECT_EQ(node_->held_bytes.load(), 0);
}

TEST_F(head_buffer_test, OneRefusedRowMayBeMostOfAFrame) {
  rows lines{{0, std::string(100'000, 'x')}};
  for (int i = 1; i < 100; ++i) lines.push_back({i, std::string(500, 'x')});
  const auto frame = frame_of(lines);
  EXPECT_NE(hold_if_dense(*frame, {100, frame->line_bytes()}, {node_, 1.75}), nullptr);
  EXPECT_EQ(hold_if_dense(*frame, {99, 99 * 500}, {node_, 1.75}), nullptr);
}

// Random slices, mostly in order: the form makes no difference.
TEST_F(head_buffer_test, BothFormsHoldTheSameRows) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    head_buffer copied;
    head_buffer mixed;
    std::int64_t time = 100;
    for (int s = 0; s < 8; ++s) {
      rows some;
      for (auto n = 1 + random() % 5; n-- > 0;) {
        time += random() % 8 == 0 ? -static_cast<std::int64_t>(random() % 5) : random() % 3;
        row one{time, std::string(1 + random() % 2, 'x')};
        if (random() % 3 == 0) one.metadata = {{"n", std::string(random() % 2, 'v')}};
        some.push_back(one);
      }
      copied.append({slice(some, never)});
      mixed.append({slice(some, random() % 10 == 0 ? never : always)});
    }
    EXPECT_EQ(rows_of(copied.snapshot(stream_, 0)), rows_of(mixed.snapshot(stream_, 0)));
    EXPECT_EQ(copied.snapshot(stream_, 0)->duplicates, mixed.snapshot(stream_, 0)->duplicates);
  }
}

}  // namespace
}  // namespace skald
