// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/shard_core.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "actors/ingester/head_columns.h"

namespace skald {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t hour = 3'600'000'000'000;
constexpr time_range everything{INT64_MIN / 2, INT64_MAX / 2};

struct item {
  std::string labels;
  std::int64_t timestamp_ns;
  std::string line = "line";
};

push_frame_ptr frame_of(const std::vector<item>& items, const std::string& tenant = "t") {
  push_frame_builder builder(tenant);
  std::string last;
  for (const auto& i : items) {
    if (i.labels != last) builder.begin_stream(fingerprint_of(i.labels), i.labels);
    last = i.labels;
    builder.add(i.timestamp_ns, i.line);
  }
  return builder.finish();
}

std::vector<std::uint32_t> all_slices(const push_frame_ptr& frame) {
  std::vector<std::uint32_t> slices(frame->slices().size());
  for (std::uint32_t i = 0; i < slices.size(); ++i) slices[i] = i;
  return slices;
}

durable_frame_ptr durable(const push_frame_ptr& frame, std::uint64_t sequence) {
  return std::make_shared<const durable_frame>(durable_frame{frame, sequence, nullptr, nullptr});
}

class shard_core_test : public ::testing::Test {
 protected:
  shard_core_test() {
    options_.shards = 1;
    make();
  }
  ~shard_core_test() override { core_->check_invariants(); }
  void make() {
    core_ = nullptr;
    core_ = std::make_unique<shard_core>(options_, node_, "n-1-0");
  }

  admission admit(const push_frame_ptr& frame, std::int64_t limit = 0) {
    return core_->admit(*frame, all_slices(frame), limits_, limit, now_);
  }
  // Admits and commits; returns the rows to hand over.
  std::vector<row_index> store(const std::vector<item>& items) {
    const auto frame = frame_of(items);
    const auto admitted = admit(frame);
    std::vector<row_index> ready;
    core_->commit(durable(frame, ++sequence_), all_slices(frame), admitted.rows, admitted.drops,
                  now_, ready);
    core_->check_invariants();
    return ready;
  }
  static std::uint32_t rows_in(const std::vector<slice_ref>& slices) {
    std::uint32_t rows = 0;
    for (const auto& slice : slices) rows += slice.row_count;
    return rows;
  }
  std::vector<row_index> select(std::vector<label_matcher> matchers,
                                time_range range = everything) {
    return core_->select("t", matchers, range);
  }
  static label_matcher matcher(const std::string& name, match_op op, const std::string& value) {
    return *label_matcher::make(name, op, value);
  }
  head_snapshot_ptr piece(row_index row, std::int64_t timestamp_ns = 10) {
    const auto frame = frame_of({{core_->stream(row)->canonical_labels, timestamp_ns}});
    head_columns columns;
    columns.append(frame->slices()[0], 0, 1);
    return columns.snapshot(core_->stream(row), 0, 1);
  }

  ingester_options options_;
  tenant_limits limits_;
  std::shared_ptr<node_state> node_ = std::make_shared<node_state>();
  shard_core::time_point now_ = shard_core::time_point{} + 24h;
  std::uint64_t sequence_ = 0;
  std::unique_ptr<shard_core> core_;
};

TEST_F(shard_core_test, AdmitsUpToHalfTheChunkAgeBehind) {
  options_.max_chunk_age = 2h;
  make();
  const auto admitted = admit(frame_of({{"{a=\"1\"}", 10 * hour},
                                        {"{a=\"1\"}", 9 * hour},
                                        {"{a=\"1\"}", 9 * hour - 1},
                                        {"{a=\"1\"}", 9 * hour - 2},
                                        {"{a=\"1\"}", 12 * hour},
                                        {"{a=\"1\"}", 10 * hour}}));
  EXPECT_EQ(admitted.accepted_lines, 3U);
  EXPECT_EQ(admitted.drops, (std::vector<row_drop>{{0, 2, 2}, {0, 5, 1}}));
  ASSERT_EQ(admitted.rejected.size(), 1U);
  EXPECT_EQ(admitted.rejected[0].lines, 3U);
  // The next push is measured against the newest accepted entry.
  EXPECT_EQ(admit(frame_of({{"{a=\"1\"}", 10 * hour}})).accepted_lines, 0U);
  EXPECT_EQ(admit(frame_of({{"{a=\"1\"}", 11 * hour}})).accepted_lines, 1U);
}

TEST_F(shard_core_test, RateIsPerStreamAndRefills) {
  limits_.per_stream_rate_limit = 100;
  limits_.per_stream_rate_limit_burst = 200;
  const auto push = [&](const std::string& labels, std::size_t bytes) {
    return admit(frame_of({{labels, 1, std::string(bytes, 'x')}}));
  };
  EXPECT_EQ(push("{a=\"1\"}", 200).accepted_bytes, 200U);
  const auto refused = push("{a=\"1\"}", 50);
  EXPECT_EQ(refused.accepted_lines, 0U);
  ASSERT_EQ(refused.rejected.size(), 1U);
  EXPECT_EQ(refused.rejected[0].http_status, 429);
  EXPECT_EQ(refused.drops, (std::vector<row_drop>{{0, 0, 1}}));
  EXPECT_EQ(push("{a=\"2\"}", 50).accepted_lines, 1U);
  now_ += 500ms;
  EXPECT_EQ(push("{a=\"1\"}", 50).accepted_lines, 1U);
  EXPECT_EQ(push("{a=\"3\"}", 201).accepted_lines, 0U);
}

TEST_F(shard_core_test, FirstPushAfterReplayHasItsWholeBurst) {
  const auto frame = frame_of({{"{a=\"1\"}", 1}});
  std::vector<row_index> ready;
  core_->commit(durable(frame, 1), all_slices(frame), {}, {}, now_, ready);
  EXPECT_EQ(admit(frame_of({{"{a=\"1\"}", 2, std::string(1 << 20, 'x')}})).accepted_lines, 1U);
}

TEST_F(shard_core_test, StreamLimitCountsStreamsOfTheTenantOnTheNode) {
  EXPECT_EQ(admit(frame_of({{"{a=\"1\"}", 1}, {"{a=\"2\"}", 1}}), 2).accepted_lines, 2U);
  const auto third = admit(frame_of({{"{a=\"1\"}", 2}, {"{a=\"3\"}", 1}}), 2);
  EXPECT_EQ(third.accepted_lines, 1U);
  ASSERT_EQ(third.rejected.size(), 1U);
  EXPECT_EQ(third.rejected[0].reason, "stream_limit");
  EXPECT_EQ(admit(frame_of({{"{a=\"3\"}", 1}}, "other"), 2).accepted_lines, 1U);
  shard_core second(options_, node_, "n-1-1");
  const auto frame = frame_of({{"{a=\"4\"}", 1}});
  EXPECT_EQ(second.admit(*frame, all_slices(frame), limits_, 2, now_).accepted_lines, 0U);
  EXPECT_EQ(second.admit(*frame, all_slices(frame), limits_, 3, now_).accepted_lines, 1U);
  core_ = nullptr;
  EXPECT_EQ(node_->streams.load(), 1);
  make();
}

TEST_F(shard_core_test, StreamLimitHoldsForShardsAtTheSameTime) {
  constexpr int tenants = 500;
  constexpr int shards = 4;
  std::vector<push_frame_ptr> frames;
  for (int i = 0; i < shards * tenants; ++i) {
    const std::string labels = "{a=\"" + std::to_string(i % shards);
    frames.push_back(frame_of({{labels + "x\"}", 1}, {labels + "y\"}", 1}, {labels + "z\"}", 1}},
                              "t" + std::to_string(i / shards)));
  }
  std::barrier all(shards);
  std::vector<std::thread> threads;
  std::atomic<int> accepted{0};
  for (int shard = 0; shard < shards; ++shard) {
    threads.emplace_back([&, shard] {
      shard_core core(options_, node_, "n-1-" + std::to_string(shard));
      for (int i = shard; i < shards * tenants; i += shards) {
        all.arrive_and_wait();
        accepted += static_cast<int>(
            core.admit(*frames[i], all_slices(frames[i]), limits_, 5, now_).accepted_lines);
      }
      all.arrive_and_wait();  // streams go with their shard
    });
  }
  for (auto& one : threads) one.join();
  EXPECT_EQ(accepted, 5 * tenants);
}

TEST_F(shard_core_test, RefusesLabelsThatAreNotTheFingerprints) {
  push_frame_builder builder("t");
  builder.begin_stream(fingerprint_of("{a=\"1\"}"), "{a=\"2\"}");
  builder.add(1, "x");
  builder.begin_stream(fingerprint_of("{a"), "{a");
  builder.add(1, "x");
  const auto frame = builder.finish();
  const auto admitted = admit(frame);
  EXPECT_EQ(admitted.accepted_lines, 0U);
  EXPECT_EQ(admitted.rejected.size(), 2U);
  std::vector<row_index> ready;
  core_->commit(durable(frame, 1), all_slices(frame), {}, {}, now_, ready);
  EXPECT_EQ(core_->row_count(), 0U);
}

TEST_F(shard_core_test, HandsOverAtTheByteLimit) {
  options_.hand_over_bytes = 100;
  make();
  EXPECT_TRUE(store({{"{a=\"1\"}", 1, std::string(50, 'x')}}).empty());
  const auto ready = store({{"{a=\"1\"}", 2, std::string(50, 'x')}});
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_EQ(rows_in(core_->take_pending(ready[0])), 2U);
  EXPECT_TRUE(core_->take_pending(ready[0]).empty());
  EXPECT_TRUE(core_->take_dirty().empty());
}

TEST_F(shard_core_test, PinnedFramesHandEverythingOver) {
  options_.hand_over_bytes = 1 << 20;
  options_.pinned_bytes_max = 3000;
  make();
  std::size_t ready = 0;
  for (int i = 0; i < 10; ++i) {
    ready += store({{"{a=\"" + std::to_string(i) + "\"}", 1, std::string(500, 'x')}}).size();
  }
  EXPECT_GE(ready, 5U);
  EXPECT_EQ(ready + core_->take_dirty().size(), 10U);
}

TEST_F(shard_core_test, FramesThatAreKeptArePendingForLonger) {
  options_.hand_over_bytes = 100;
  options_.hand_over_held_bytes = 1500;
  options_.pinned_bytes_max = 1000;
  make();
  const auto hold = hold_if_dense(*frame_of({{"{a=\"1\"}", 1}}), {1, 1}, {node_, 1e9});
  const auto commit = [&](std::int64_t timestamp_ns) {
    const auto frame = frame_of({{"{a=\"1\"}", timestamp_ns, std::string(600, 'x')}});
    admit(frame);
    std::vector<row_index> ready;
    core_->commit(
        std::make_shared<const durable_frame>(durable_frame{frame, ++sequence_, hold, nullptr}),
        all_slices(frame), {}, {}, now_, ready);
    return ready.size();
  };
  EXPECT_EQ(commit(1), 0U);
  EXPECT_EQ(commit(2), 0U);
  EXPECT_EQ(commit(3), 1U);
  EXPECT_EQ(rows_in(core_->take_pending(0)), 3U);
}

TEST_F(shard_core_test, TellsLiveBytesFromSealedOnes) {
  store({{"{a=\"1\"}", 10, std::string(88, 'x')}});
  const auto bytes = node_->live_bytes();
  EXPECT_GT(bytes, 88);
  const auto asked = core_->begin_seal(1, 1);
  EXPECT_EQ(node_->live_bytes(), 0);
  EXPECT_EQ(node_->sealed_bytes.load(), bytes);
  for (const auto row : asked) {
    core_->take_pending(row);
    core_->add_sealed(row, {piece(row)});
  }
  ASSERT_NE(core_->take_sealed_set(), nullptr);
  EXPECT_EQ(node_->unflushed_bytes.load(), bytes);
  core_->drop_sealed(1);
  EXPECT_EQ(node_->sealed_bytes.load(), 0);
  EXPECT_EQ(node_->unflushed_bytes.load(), 0);
}

TEST_F(shard_core_test, DroppedRowsAreNotCommitted) {
  const auto frame = frame_of({{"{a=\"1\"}", 1},
                               {"{a=\"1\"}", 2},
                               {"{a=\"1\"}", 3},
                               {"{a=\"2\"}", 4},
                               {"{a=\"3\"}", 5},
                               {"{a=\"3\"}", 6}});
  const std::vector<row_drop> drops = {{0, 1, 1}, {1, 0, 1}, {2, 1, 1}};
  std::vector<row_index> ready;
  core_->commit(durable(frame, 1), all_slices(frame), {}, drops, now_, ready);
  std::uint32_t rows = 0;
  for (const auto row : core_->take_dirty()) rows += rows_in(core_->take_pending(row));
  EXPECT_EQ(rows, 3U);
}

TEST_F(shard_core_test, SelectsByMatchersTimeAndTenant) {
  store({{"{app=\"a\", env=\"dev\"}", 10},
         {"{app=\"b\", env=\"dev\"}", 20},
         {"{app=\"c\", env=\"prod\"}", 30}});
  EXPECT_EQ(select({}).size(), 3U);
  EXPECT_EQ(select({matcher("app", match_op::equal, "a")}).size(), 1U);
  EXPECT_EQ(select({matcher("app", match_op::equal, "zzz")}).size(), 0U);
  EXPECT_EQ(select({matcher("env", match_op::equal, "dev")}).size(), 2U);
  EXPECT_EQ(
      select({matcher("env", match_op::equal, "dev"), matcher("app", match_op::not_equal, "a")})
          .size(),
      1U);
  EXPECT_EQ(select({matcher("app", match_op::regex, "a|c")}).size(), 2U);
  EXPECT_EQ(select({matcher("app", match_op::regex, "[ab]")}).size(), 2U);
  EXPECT_EQ(select({matcher("team", match_op::equal, "")}).size(), 3U);
  EXPECT_EQ(select({}, {20, 30}).size(), 1U);
  EXPECT_EQ(core_->select("other", {}, everything).size(), 0U);
  const auto described = core_->describe(select({matcher("app", match_op::equal, "b")})[0]);
  EXPECT_EQ(described.lines, 1U);
  EXPECT_EQ(described.line_bytes, 4U);
  EXPECT_EQ(described.max_timestamp_ns, 20);
}

TEST_F(shard_core_test, KnowsWhichRowsMayHaveDuplicates) {
  store({{"{a=\"1\"}", 10}, {"{a=\"1\"}", 20}, {"{a=\"2\"}", 10}, {"{a=\"3\"}", 10}});
  store({{"{a=\"1\"}", 21}, {"{a=\"2\"}", 10}});
  std::map<std::string, bool> may;
  for (const auto row : select({})) {
    may[core_->stream(row)->canonical_labels] = core_->may_have_duplicates(row);
  }
  const std::map<std::string, bool> expected = {
      {"{a=\"1\"}", false}, {"{a=\"2\"}", true}, {"{a=\"3\"}", false}};
  EXPECT_EQ(may, expected);
  const auto row = select({matcher("a", match_op::equal, "2")})[0];
  EXPECT_EQ(core_->describe(row).lines, 2U);
  EXPECT_EQ(core_->describe(row, false).chunks, 0U);
  core_->begin_seal(1, sequence_);
  store({{"{a=\"2\"}", 10}});
  EXPECT_FALSE(core_->may_have_duplicates(row));  // of the new buffer
}

TEST_F(shard_core_test, SealMovesBuffersIntoASetAndDropFreesThem) {
  store({{"{a=\"1\"}", 10}, {"{a=\"2\"}", 20}});
  const auto bytes = node_->unflushed_bytes.load();
  EXPECT_GT(bytes, 0);
  EXPECT_NE(core_->oldest_live(), shard_core::time_point::max());
  const auto rows = core_->begin_seal(7, sequence_);
  ASSERT_EQ(rows.size(), 2U);
  for (const auto row : rows) EXPECT_EQ(rows_in(core_->take_pending(row)), 1U);
  EXPECT_TRUE(core_->is_sealing());
  EXPECT_EQ(core_->oldest_live(), shard_core::time_point::max());
  store({{"{a=\"1\"}", 11}});  // belongs to the next flush
  core_->add_sealed(rows[0], {piece(rows[0])});
  EXPECT_EQ(core_->take_sealed_set(), nullptr);
  EXPECT_TRUE(core_->awaits_seal(rows[1]));
  core_->add_sealed(rows[1], {piece(rows[1]), piece(rows[1])});
  core_->check_invariants();
  const auto set = core_->take_sealed_set();
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->flush_id, 7U);
  EXPECT_EQ(set->by_tenant.at("t").size(), 3U);
  EXPECT_FALSE(core_->is_sealing());
  EXPECT_EQ(core_->sealed_through(), 1U);
  // The sealed set, and all flushes that live rows may go to before a reader looks at the index.
  EXPECT_EQ(core_->first_flush_here(), "n-1-0-0000000000000007");
  EXPECT_EQ(core_->describe(rows[1]).chunks, 2U);
  core_->drop_sealed(99);
  core_->drop_sealed(7);
  EXPECT_EQ(core_->first_flush_here(), "n-1-0-0000000000000008");
  EXPECT_LT(node_->unflushed_bytes.load(), bytes);
  EXPECT_EQ(select({}).size(), 1U);  // only the later entry is left
}

TEST_F(shard_core_test, SealOfNothingIsCompleteAtOnce) {
  EXPECT_TRUE(core_->begin_seal(1, 5).empty());
  const auto set = core_->take_sealed_set();
  ASSERT_NE(set, nullptr);
  EXPECT_TRUE(set->by_tenant.empty());
  EXPECT_EQ(core_->sealed_through(), 5U);
}

TEST_F(shard_core_test, RowsThatAreBeingSealedAreFoundAndDescribedAllTheWhile) {
  store({{"{a=\"1\"}", 10}, {"{a=\"2\"}", 20}});
  const auto both = core_->begin_seal(1, sequence_);
  ASSERT_EQ(both.size(), 2U);
  core_->take_dirty();
  for (const auto row : both) core_->take_pending(row);
  EXPECT_EQ(select({}), both);
  EXPECT_EQ(select({}, {20, 21}), (std::vector<row_index>{both[1]}));
  EXPECT_TRUE(core_->awaits_pieces(both[0]) && core_->awaits_pieces(both[1]));
  core_->add_sealed(both[0], {piece(both[0])});
  EXPECT_FALSE(core_->awaits_pieces(both[0]));
  EXPECT_TRUE(core_->awaits_pieces(both[1]));
  EXPECT_EQ(select({}), both);
  EXPECT_EQ(core_->describe(both[0]).lines, 1U);
  const auto coming = core_->describe(both[1]);
  EXPECT_EQ(coming.lines, 1U);
  EXPECT_EQ(coming.min_timestamp_ns, 20);
  store({{"{a=\"2\"}", 30}});  // behind the seal
  EXPECT_EQ(core_->describe(both[1]).lines, 2U);
  EXPECT_EQ(core_->describe(both[1]).max_timestamp_ns, 30);
}

TEST_F(shard_core_test, RestoringRowKeepsLaterEntriesBack) {
  store({{"{a=\"1\"}", 10}});
  const auto row = select({})[0];
  core_->begin_restore(row);
  EXPECT_EQ(core_->restoring_rows(), 1U);
  EXPECT_TRUE(core_->take_pending(row).empty());
  store({{"{a=\"1\"}", 11}});
  EXPECT_TRUE(core_->take_pending(row).empty());
  // It is awaited in a seal although it cannot be asked yet.
  EXPECT_TRUE(core_->begin_seal(1, sequence_).empty());
  EXPECT_TRUE(core_->awaits_seal(row));
  core_->end_restore(row);
  EXPECT_EQ(rows_in(core_->take_pending(row)), 1U);  // the first one comes from the log
  core_->add_sealed(row, {piece(row)});
  EXPECT_NE(core_->take_sealed_set(), nullptr);
}

TEST_F(shard_core_test, QuarantinedRowRefusesAndIsLeftOut) {
  store({{"{a=\"1\"}", 10}, {"{a=\"2\"}", 10}});
  const auto row = select({matcher("a", match_op::equal, "1")})[0];
  core_->quarantine(row);
  EXPECT_EQ(node_->quarantined.load(), 1);
  const auto admitted = admit(frame_of({{"{a=\"1\"}", 11}, {"{a=\"2\"}", 11}}));
  EXPECT_EQ(admitted.accepted_lines, 1U);
  EXPECT_EQ(admitted.rejected[0].http_status, 503);
  // Admitted before, durable after.
  const auto late = frame_of({{"{a=\"1\"}", 30}});
  std::vector<row_index> ready;
  core_->commit(durable(late, ++sequence_), all_slices(late), {}, {}, now_, ready);
  EXPECT_TRUE(core_->unreadable("t", {}, {100, 200}).empty());
  EXPECT_TRUE(core_->unreadable("other", {}, everything).empty());
  ASSERT_EQ(core_->unreadable("t", {}, everything).size(), 1U);
  EXPECT_NE(core_->unreadable("t", {}, everything)[0].find("2 entries of stream {a=\"1\"}"),
            std::string::npos);
  // The seal waits until both are kept.
  const auto asked = core_->begin_seal(1, sequence_);
  ASSERT_EQ(asked.size(), 1U);
  core_->take_pending(asked[0]);
  core_->add_sealed(asked[0], {piece(asked[0])});
  EXPECT_FALSE(core_->awaits_pieces(asked[0]));
  EXPECT_FALSE(core_->awaits_pieces(row));  // none will come
  EXPECT_EQ(core_->take_sealed_set(), nullptr);
  const auto orders = core_->take_keep_orders(false);
  ASSERT_EQ(orders.size(), 1U);
  EXPECT_EQ(orders[0].after, 0U);
  EXPECT_EQ(orders[0].through, sequence_);
  EXPECT_TRUE(core_->take_keep_orders(true).empty());  // under way
  core_->kept(row, sequence_ - 1);
  EXPECT_EQ(core_->take_sealed_set(), nullptr);
  core_->kept(row, sequence_);
  EXPECT_NE(core_->take_sealed_set(), nullptr);
  EXPECT_TRUE(core_->begin_seal(2, sequence_).empty());
  EXPECT_NE(core_->take_sealed_set(), nullptr);
}

TEST_F(shard_core_test, FlushesFromTheFirstOneOfAShardOnAreHere) {
  EXPECT_EQ(core_->first_flush_here(), "n-1-0-0000000000000001");
  core_->set_flushed(100, 7);
  EXPECT_EQ(core_->first_flush_here(), "n-1-0-0000000000000008");
  const std::vector<std::string> names = {"m-1-0-0000000000000002", "n-1-0-0000000000000008",
                                          "n-1-1-0000000000000003"};
  const auto covered = [&](const std::string& name) {
    return is_in_memory(names, "packs/t/1/" + name + ".skp");
  };
  EXPECT_FALSE(covered("n-1-0-0000000000000007"));
  EXPECT_TRUE(covered("n-1-0-0000000000000008"));
  EXPECT_TRUE(covered("n-1-0-1000000000000000"));
  EXPECT_TRUE(covered("n-1-0-0000000000000008.1"));
  EXPECT_FALSE(covered("n-1-0-0000000000000007.12"));
  EXPECT_FALSE(covered(".1"));
  EXPECT_TRUE(covered("n-1-1-0000000000000003"));
  EXPECT_TRUE(covered("m-1-0-0000000000000002"));
  EXPECT_FALSE(covered("n-1-2-0000000000000009"));
  EXPECT_FALSE(covered("l-1-0-0000000000000009"));
  EXPECT_FALSE(covered("short"));
  EXPECT_FALSE(is_in_memory({}, "packs/t/1/n-1-0-0000000000000008.skp"));
}

TEST_F(shard_core_test, RowThatIsSealedAlreadyIsRestoredFromBehindTheSeal) {
  store({{"{a=\"1\"}", 10}, {"{a=\"2\"}", 10}});
  const auto rows = core_->begin_seal(1, sequence_);
  ASSERT_EQ(rows.size(), 2U);
  for (const auto row : rows) core_->take_pending(row);
  EXPECT_EQ(core_->row_sealed_through(rows[0]), 0U);
  core_->add_sealed(rows[0], {piece(rows[0])});
  EXPECT_EQ(core_->row_sealed_through(rows[0]), sequence_);
  EXPECT_EQ(core_->row_sealed_through(rows[1]), 0U);
  core_->add_sealed(rows[1], {piece(rows[1])});
  ASSERT_NE(core_->take_sealed_set(), nullptr);
  EXPECT_EQ(core_->row_sealed_through(rows[1]), sequence_);
}

TEST_F(shard_core_test, SweepForgetsIdleRowsOnly) {
  options_.stream_idle = 30min;
  make();
  store({{"{a=\"1\"}", 10}, {"{a=\"2\"}", 10}});
  for (const auto row : core_->take_dirty()) core_->take_pending(row);
  now_ += 31min;
  EXPECT_TRUE(core_->sweep(now_).empty());  // their entries are not flushed
  for (const auto row : core_->begin_seal(1, sequence_)) core_->add_sealed(row, {piece(row)});
  ASSERT_NE(core_->take_sealed_set(), nullptr);
  EXPECT_TRUE(core_->sweep(now_).empty());
  core_->drop_sealed(1);
  admit(frame_of({{"{a=\"2\"}", 11}}));  // used
  EXPECT_EQ(core_->sweep(now_).size(), 1U);
  core_->check_invariants();
  EXPECT_EQ(core_->row_count(), 1U);
  EXPECT_EQ(node_->streams.load(), 1);
  store({{"{a=\"3\"}", 12}});  // takes the free row
  EXPECT_EQ(select({matcher("a", match_op::equal, "3")}).size(), 1U);
  EXPECT_EQ(select({matcher("a", match_op::equal, "1")}).size(), 0U);
}

TEST_F(shard_core_test, SweepForgetsTenantsWithoutStreams) {
  options_.stream_idle = 30min;
  make();
  store({{"{a=\"1\"}", 10}});
  for (int i = 0; i < 100; ++i) {
    const auto frame = frame_of({{"{a=\"1\"}", 10}}, "t" + std::to_string(i));
    EXPECT_EQ(admit(frame, i % 2 == 0 ? 1 : 0).accepted_lines, 1U);
  }
  EXPECT_EQ(node_->tenants(), 101U);
  EXPECT_EQ(node_->streams_created.load(), 101);
  now_ += 31min;
  EXPECT_EQ(core_->sweep(now_).size(), 100U);
  EXPECT_EQ(node_->tenants(), 1U);
  EXPECT_EQ(select({}).size(), 1U);  // it has unflushed entries
  // Numbers are given out again without mixing tenants up.
  const auto frame = frame_of({{"{a=\"1\"}", 10}, {"{b=\"1\"}", 10}}, "new");
  EXPECT_EQ(admit(frame).accepted_lines, 2U);
  std::vector<row_index> ready;
  core_->commit(durable(frame, ++sequence_), all_slices(frame), {}, {}, now_, ready);
  EXPECT_EQ(core_->select("new", {}, everything).size(), 2U);
  EXPECT_EQ(select({}).size(), 1U);
  EXPECT_EQ(core_->select("t7", {}, everything).size(), 0U);
  core_->check_invariants();
}

TEST_F(shard_core_test, EndGivesBackWhatItCounted) {
  store({{"{a=\"1\"}", 10}});
  core_->begin_seal(1, 1);
  store({{"{a=\"2\"}", 10}});
  core_->quarantine(select({matcher("a", match_op::equal, "2")})[0]);
  make();
  EXPECT_EQ(node_->unflushed_bytes.load(), 0);
  EXPECT_EQ(node_->sealed_bytes.load(), 0);
  EXPECT_EQ(node_->streams.load(), 0);
  EXPECT_EQ(node_->quarantined.load(), 0);
}

TEST_F(shard_core_test, CommitChecksTheRowsThatItIsTold) {
  store({{"{a=\"1\"}", 1}});
  const auto frame = frame_of({{"{a=\"2\"}", 2}});
  const auto admitted = admit(frame);
  ASSERT_EQ(admitted.rows.size(), 1U);
  std::vector<row_index> ready;
  for (const row_index told : {select({matcher("a", match_op::equal, "1")})[0], row_index{99}}) {
    core_->commit(durable(frame, ++sequence_), all_slices(frame), std::vector{told}, {}, now_,
                  ready);
  }
  EXPECT_EQ(core_->describe(admitted.rows[0]).lines, 2U);
  EXPECT_EQ(core_->describe(select({matcher("a", match_op::equal, "1")})[0]).lines, 1U);
}

}  // namespace
}  // namespace skald
