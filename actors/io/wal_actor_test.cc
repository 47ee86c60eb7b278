// SPDX-License-Identifier: Apache-2.0
#include "actors/io/wal_actor.h"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <optional>

#include "actors/io/wal_messages.h"
#include "storage/wal/wal_checkpoint.h"
#include "storage/wal/wal_fixture.h"
#include "testing/actor_kit/deterministic_system.h"

namespace skald {
namespace {

struct heard {
  std::vector<std::vector<std::uint64_t>> groups;  // sequences of each wal_durable
  std::vector<std::uint64_t> attached;
  std::vector<wal_mark> marks;
};

class listening_shard : public caf::event_based_actor {
 public:
  listening_shard(caf::actor_config& config, heard* into)
      : event_based_actor(config), into_(into) {}
  caf::behavior make_behavior() override {
    return {
        [this](const wal_durable& message) {
          auto& group = into_->groups.emplace_back();
          for (const auto& record : message.records) group.push_back(record.sequence);
        },
        [this](wal_attached message) { into_->attached.push_back(message.sequence); },
        [this](wal_mark mark) { into_->marks.push_back(mark); },
    };
  }

 private:
  heard* into_;
};

class test_entry final : public wal_entry {
 public:
  test_entry(std::string body, std::vector<std::uint32_t> shards,
             wal_record_type type = wal_record_type::entries)
      : body_(std::move(body)), part_(body_), shards_(std::move(shards)), type_(type) {}
  wal_record_type type() const override { return type_; }
  std::span<const std::string_view> parts() const override { return {&part_, 1}; }
  std::span<const std::uint32_t> shards() const override { return shards_; }
  void durable(std::uint64_t sequence) override { sequence_ = sequence; }
  void failed(const error& why) override { why_ = why; }

  std::optional<std::uint64_t> sequence_;
  std::optional<error> why_;

 private:
  std::string body_;
  std::string_view part_;
  std::vector<std::uint32_t> shards_;
  wal_record_type type_;
};

using entry_ptr = std::shared_ptr<test_entry>;

class wal_actor_test : public deterministic_system {
 protected:
  void start() {
    const auto replayed = lane_.replay();
    wal_actor_options options;
    options.writer = lane_.open_after(replayed.summary);
    options.next_sequence = replayed.summary.last_sequence + 1;
    options.directory = lane_.path();
    options.files = &lane_.files;
    options.group_bytes_max = 2000;
    options.detached = false;
    spawn(std::move(options));
  }
  void spawn(wal_actor_options options) {
    wal_ = spawn_wal_actor(system(), std::move(options));
    for (std::uint32_t shard = 0; shard < 2; ++shard) {
      shards_.push_back(system().spawn<listening_shard>(&heard_[shard]));
      caf::anon_send(wal_, wal_attach{shard, shards_.back()});
    }
    run();
  }
  void stop() {
    for (const auto& shard : shards_) caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
    if (wal_) caf::anon_send_exit(wal_, caf::exit_reason::user_shutdown);
    shards_.clear();
    wal_ = nullptr;
    run();
  }
  void TearDown() override {
    stop();
    deterministic_system::TearDown();
  }
  entry_ptr append(std::string body, std::vector<std::uint32_t> shards) {
    auto entry = std::make_shared<test_entry>(std::move(body), std::move(shards));
    caf::anon_send(wal_, wal_append{entry});
    return entry;
  }

  wal_testing::test_lane lane_;
  caf::actor wal_;
  std::vector<caf::actor> shards_;
  heard heard_[2];
};

using groups = std::vector<std::vector<std::uint64_t>>;

TEST_F(wal_actor_test, WhatWaitsTogetherIsOneGroupPerShard) {
  start();
  append("a", {0});
  append("b", {1});
  const auto both = append("c", {0, 1});
  run();
  EXPECT_EQ(heard_[0].groups, (groups{{1, 3}}));
  EXPECT_EQ(heard_[1].groups, (groups{{2, 3}}));
  EXPECT_EQ(both->sequence_, 3U);
  append("d", {0});
  run();
  EXPECT_EQ(heard_[0].groups, (groups{{1, 3}, {4}}));
  stop();
  const auto replayed = lane_.replay();
  ASSERT_EQ(replayed.records.size(), 4U);
  EXPECT_EQ(replayed.records[2].body, "c");
}

TEST_F(wal_actor_test, FullGroupIsWrittenAtOnce) {
  start();
  for (int i = 0; i < 5; ++i) append(std::string(1000, 'x'), {0});
  run();
  EXPECT_EQ(heard_[0].groups, (groups{{1, 2}, {3, 4}, {5}}));
}

TEST_F(wal_actor_test, AttachSaysWhatTheFormerHolderGot) {
  start();
  append("a", {0});
  run();
  heard second;
  const auto other = system().spawn<listening_shard>(&second);
  caf::anon_send(wal_, wal_attach{0, other});
  append("b", {0});
  run();
  EXPECT_EQ(second.attached, std::vector<std::uint64_t>{1});
  EXPECT_EQ(second.groups, (groups{{2}}));
  EXPECT_EQ(heard_[0].groups, (groups{{1}}));
  caf::anon_send_exit(other, caf::exit_reason::user_shutdown);
}

TEST_F(wal_actor_test, MarkStandsBehindEverythingBefore) {
  start();
  append("a", {0});
  caf::anon_send(wal_, wal_mark_request{9});
  append("b", {0});
  run();
  ASSERT_EQ(heard_[0].marks.size(), 1U);
  EXPECT_EQ(heard_[0].marks[0].mark, 9U);
  EXPECT_EQ(heard_[0].marks[0].sequence, 1U);
  ASSERT_EQ(heard_[1].marks.size(), 1U);
  EXPECT_EQ(heard_[1].marks[0].sequence, 1U);
  EXPECT_EQ(heard_[0].groups, (groups{{1}, {2}}));
}

TEST_F(wal_actor_test, FailedSyncGoesIntoAFreshSegment) {
  start();
  append("a", {0});
  run();
  lane_.files.fail_at = 0;
  const auto entry = append("b", {0});
  run();
  EXPECT_FALSE(entry->why_.has_value());
  EXPECT_EQ(heard_[0].groups, (groups{{1}, {2}}));
  stop();
  EXPECT_EQ(lane_.replay().records.size(), 2U);
}

TEST_F(wal_actor_test, LastingFailuresRefuseAndThenCloseTheLane) {
  start();
  lane_.files.fail_all_syncs = true;
  for (int i = 0; i < 3; ++i) {
    const auto entry = append("x", {0});
    run();
    ASSERT_TRUE(entry->why_.has_value());
    EXPECT_EQ(entry->why_->code, errc::unavailable);
  }
  lane_.files.fail_all_syncs = false;
  const auto refused = append("y", {0});
  run();
  ASSERT_TRUE(refused->why_.has_value());
  EXPECT_EQ(refused->why_->code, errc::unavailable);
  EXPECT_TRUE(heard_[0].groups.empty());
}

TEST_F(wal_actor_test, FullDiskRefusesAndRecovers) {
  start();
  lane_.files.fail_all_syncs = true;
  lane_.files.fail_with = errc::resource_exhausted;
  for (int i = 0; i < 5; ++i) {
    const auto entry = append("x", {0});
    run();
    ASSERT_TRUE(entry->why_.has_value());
    EXPECT_EQ(entry->why_->code, errc::resource_exhausted);
  }
  lane_.files.fail_all_syncs = false;
  lane_.time.advance(std::chrono::seconds(1));  // the writer looks at the disk once a second
  const auto entry = append("y", {0});
  run();
  EXPECT_TRUE(entry->sequence_.has_value());
  stop();
  const auto replayed = lane_.replay();
  ASSERT_EQ(replayed.records.size(), 1U);
  EXPECT_EQ(replayed.records[0].body, "y");
}

TEST_F(wal_actor_test, OversizedRecordFailsAlone) {
  start();
  const auto large = append(std::string(1 << 20, 'x'), {0});
  const auto small = append("a", {0});
  run();
  ASSERT_TRUE(large->why_.has_value());
  EXPECT_EQ(large->why_->code, errc::invalid_argument);
  EXPECT_TRUE(small->sequence_.has_value());
}

TEST_F(wal_actor_test, CheckpointIsDurableAndReleases) {
  start();
  for (int i = 0; i < 10; ++i) append(std::string(30'000, 'x'), {0});
  run();
  std::optional<result<bool>> answer;
  caf::anon_send(wal_, wal_checkpoint_request{"state", 9, one_shot<bool>([&](result<bool> value) {
                                                answer.emplace(std::move(value));
                                              })});
  run();
  ASSERT_TRUE(answer.has_value() && answer->ok());
  const auto checkpoint = read_checkpoint(lane_.path(), lane_.files);
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->bytes, "state");
  EXPECT_EQ(checkpoint->sequence, 9U);
  stop();
  const auto replayed = lane_.replay();
  EXPECT_LE(replayed.records.front().sequence, 9U);
  EXPECT_GT(replayed.records.front().sequence, 1U);
}

TEST_F(wal_actor_test, StopWritesWhatWaitsThenEnds) {
  start();
  append("a", {0});
  std::optional<result<bool>> answer;
  caf::anon_send(
      wal_,
      wal_stop{one_shot<bool>([&](result<bool> value) { answer.emplace(std::move(value)); })});
  wal_ = nullptr;
  run();
  EXPECT_TRUE(answer.has_value());
  EXPECT_EQ(heard_[0].groups, (groups{{1}}));
}

TEST_F(wal_actor_test, WithoutAWriterAcknowledgesFromMemory) {
  wal_actor_options options;
  options.next_sequence = 100;
  options.detached = false;
  spawn(std::move(options));
  EXPECT_EQ(heard_[0].attached, std::vector<std::uint64_t>{99});
  append("a", {0});
  append("b", {0});
  run();
  EXPECT_EQ(heard_[0].groups, (groups{{100, 101}}));
  std::optional<result<bool>> answer;
  caf::anon_send(wal_, wal_checkpoint_request{"state", 9, one_shot<bool>([&](result<bool> value) {
                                                answer.emplace(std::move(value));
                                              })});
  run();
  EXPECT_TRUE(answer.has_value() && answer->ok());
}

}  // namespace
}  // namespace skald
