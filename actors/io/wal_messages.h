// SPDX-License-Identifier: Apache-2.0
// What the WAL actor takes and gives. Local to one process.
#pragma once

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/supervision/one_shot.h"
#include "storage/wal/wal_format.h"

namespace skald {

// One record on its way into the log. Made by the sender, which must not change it afterwards.
class wal_entry {
 public:
  virtual ~wal_entry() = default;
  virtual wal_record_type type() const = 0;
  // The record's body; views into the entry.
  virtual std::span<const std::string_view> parts() const = 0;
  // Shards that must commit the record: each gets it in a wal_durable.
  virtual std::span<const std::uint32_t> shards() const = 0;
  // The record is durable. Called on the WAL actor's thread before any wal_durable is sent.
  virtual void durable(std::uint64_t sequence) { static_cast<void>(sequence); }
  // The record is not in the log and never will be. Called on the WAL actor's thread.
  virtual void failed(const error& why) = 0;
};
using wal_entry_ptr = std::shared_ptr<wal_entry>;

// Log this. The bytes waiting are bounded by the senders' credit, not here.
struct wal_append {
  wal_entry_ptr entry;
};

// To a shard, once a group: its records, in order of sequence.
struct wal_durable {
  struct record {
    std::uint64_t sequence = 0;
    wal_entry_ptr entry;
  };
  std::vector<record> records;
};

// `shard` is now this actor. It gets wal_attached at once and all later records after that.
struct wal_attach {
  std::uint32_t shard = 0;
  caf::actor handle;
};
// Every record up to `sequence` was sent to the former holder of the shard or stood in the log
// before.
struct wal_attached {
  std::uint64_t sequence = 0;
};

// Draws a line: all shards get wal_mark with the last durable sequence, in order with the records.
struct wal_mark_request {
  std::uint64_t mark = 0;
};
struct wal_mark {
  std::uint64_t mark = 0;
  std::uint64_t sequence = 0;
};

// Writes a checkpoint and releases all records below `from_sequence`. Answered when durable.
struct wal_checkpoint_request {
  std::string bytes;
  std::uint64_t from_sequence = 0;
  one_shot<bool> reply;
};

// Does the log take entries now? Answered true, or with why not: resource_exhausted when its disk
// is too full, unavailable when it is read-only until a restart.
struct wal_check {
  one_shot<bool> reply;
};

// Finishes the current group, answers and quits.
struct wal_stop {
  one_shot<bool> reply;
};

// To itself.
struct wal_commit {};
struct wal_prepare {};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_append)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_durable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_attach)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_attached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_mark_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_mark)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_checkpoint_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_check)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_stop)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_commit)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_prepare)
