// SPDX-License-Identifier: Apache-2.0
// Which frames of a push go to the ingesters when, and how their answers become the answer of the
// push. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/distributor/distributor_interface.h"
#include "actors/ingester/ingester_interface.h"

namespace skald {

// A replication factor of one: each frame has one ingester, and every frame must be stored.
class push_job_core {
 public:
  // Frames of one push that are under way at once; a larger frame goes alone. What a push waits for
  // is its own doing then: one that is larger than the ingester's queue is not refused for that.
  static constexpr std::size_t frame_bytes_max = 16u << 20;

  explicit push_job_core(std::shared_ptr<prepared_push> push) : push_(std::move(push)) {}

  // The frames to send now, which are not kept here. None while an answer is missing, at the end,
  // and after an ingester's error.
  std::vector<push_frame_ptr> take_frames();
  void on_frame_answer(const result<push_outcome>& answer);
  bool complete() const { return missing_ == 0 && (failure_ || next_ == push_->frames.size()); }
  // Precondition: complete(). An ingester's error goes first (the client must resend), then an
  // ingester's refusal of some entries, then what validation refused; else 204.
  result<push_answer> answer() const;

 private:
  std::shared_ptr<prepared_push> push_;
  std::size_t next_ = 0;     // frame to send
  std::size_t missing_ = 0;  // answers
  std::optional<error> failure_;
  // Of all refusals: with 100,000 streams a frame their texts would be most of the memory.
  std::optional<stream_rejection> worst_;
};

}  // namespace skald
