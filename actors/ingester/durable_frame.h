// SPDX-License-Identifier: Apache-2.0
// A push frame whose record is in the log, as one shard holds it, and whether its rows may stay
// there until they are flushed.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "actors/common/push_frame.h"
#include "actors/ingester/node_state.h"

namespace skald {

// Memory of a frame that is kept. It counts in node->held_bytes as long as somebody has this, and
// from then on, while a reader has the pin, in node->reader_held_bytes.
class frame_hold {
 public:
  class reader_pin {
   public:
    reader_pin(std::shared_ptr<node_state> node, std::int64_t bytes)
        : node_(std::move(node)), bytes_(bytes) {}
    reader_pin(const reader_pin&) = delete;
    reader_pin& operator=(const reader_pin&) = delete;
    ~reader_pin();

   private:
    friend class frame_hold;
    const std::shared_ptr<node_state> node_;
    const std::int64_t bytes_;
    bool counted_ = false;  // written before the hold lets go of the pin
  };

  frame_hold(std::shared_ptr<node_state> node, std::int64_t bytes);
  frame_hold(const frame_hold&) = delete;
  frame_hold& operator=(const frame_hold&) = delete;
  ~frame_hold();
  std::shared_ptr<const reader_pin> pin() const { return pin_; }

 private:
  const std::shared_ptr<reader_pin> pin_;
};

// One object per shard, so that counting references to rows does not make shards share a cache
// line.
struct durable_frame {
  push_frame_ptr frame;
  std::uint64_t sequence = 0;                         // of the WAL record
  std::shared_ptr<const frame_hold> hold;             // see hold_if_dense(); shared by all shards
  std::shared_ptr<const frame_hold::reader_pin> pin;  // instead of it, in what readers get

  // Buffers may hold the frame until its rows are flushed. Else they copy.
  bool is_dense() const { return hold != nullptr; }
};
using durable_frame_ptr = std::shared_ptr<const durable_frame>;

// What the frame takes in memory, with what is held for its slices.
std::uint64_t memory_bytes(const push_frame& frame);

struct frame_holding {
  std::shared_ptr<node_state> node;
  double factor = 0;  // ingester_options::held_frame_factor
};

// What of a frame was accepted.
struct kept_part {
  std::uint64_t rows = 0;
  std::uint64_t line_bytes = 0;  // without newlines
};

// When the frame takes at most `factor` times the memory of copies of what is kept of it: counts it
// in node->held_bytes until the result is let go. Else null.
std::shared_ptr<const frame_hold> hold_if_dense(const push_frame& frame, const kept_part& kept,
                                                const frame_holding& holding);

}  // namespace skald
