// SPDX-License-Identifier: Apache-2.0
// One push on its way through admission, WAL and commit. Shared by the shards that have slices in
// the frame; each touches only its own part, in messages that follow one another. When the last
// reference goes without an answer (a shard died), the reply says unavailable.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/ingester/flush_records.h"
#include "actors/ingester/ingester_interface.h"
#include "actors/ingester/shard_core.h"
#include "actors/io/wal_messages.h"

namespace skald {

class push_job final : public wal_entry, public std::enable_shared_from_this<push_job> {
 public:
  struct part {
    std::uint32_t shard = 0;
    std::vector<std::uint32_t> slices;
    admission admitted;
  };

  struct callbacks {
    // The job has ended: the credit of the frame is free again. On any thread.
    std::function<void()> released;
    // The log's disk is full: only a flush frees it. On the WAL actor's thread.
    std::function<void()> disk_full;
  };
  push_job(push_request request, std::uint32_t shard_count, frame_holding holding, callbacks tell);
  ~push_job() override;

  const push_frame_ptr& frame() const { return frame_; }
  // As in durable_frame; known once the job is logged.
  const std::shared_ptr<const frame_hold>& hold() const { return hold_; }
  const std::vector<part>& parts_by_shard() const { return parts_; }
  part& part_of(std::uint32_t shard);

  // One shard has filled in its admission. True for the last one, which then logs the job or, when
  // nothing was accepted, has already answered it here.
  enum class next_step : std::uint8_t { wait, log, done };
  next_step admitted();
  // One shard has committed its part; the last one answers.
  void committed();
  // Nothing of the push is stored.
  void refuse(const error& why) { reply_.answer(why); }

  // wal_entry
  wal_record_type type() const override { return wal_record_type::entries; }
  std::span<const std::string_view> parts() const override { return wal_parts_; }
  std::span<const std::uint32_t> shards() const override { return shards_; }
  void failed(const error& why) override {
    if (why.code == errc::resource_exhausted && tell_.disk_full) tell_.disk_full();
    refuse(why);
  }

 private:
  push_outcome outcome() const;

  push_frame_ptr frame_;
  frame_holding holding_;
  std::shared_ptr<const frame_hold> hold_;
  one_shot<push_outcome> reply_;
  callbacks tell_;
  std::vector<part> parts_;
  std::vector<std::uint32_t> shards_;
  std::atomic<std::uint32_t> admitting_;
  std::atomic<std::uint32_t> committing_;
  std::string drops_;
  std::array<std::string_view, 2> wal_parts_;
};

using push_job_ptr = std::shared_ptr<push_job>;

}  // namespace skald
