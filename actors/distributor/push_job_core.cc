// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/push_job_core.h"

#include <utility>

namespace skald {

std::vector<push_frame_ptr> push_job_core::take_frames() {
  std::vector<push_frame_ptr> taken;
  if (missing_ > 0 || failure_) return taken;
  std::size_t bytes = 0;
  for (auto& frames = push_->frames; next_ < frames.size(); ++next_) {
    bytes += frames[next_].frame->bytes().size();
    if (!taken.empty() && bytes > frame_bytes_max) break;
    taken.push_back(std::exchange(frames[next_].frame, nullptr));
  }
  missing_ = taken.size();
  return taken;
}

void push_job_core::on_frame_answer(const result<push_outcome>& answer) {
  SKALD_ASSERT(missing_ > 0);
  --missing_;
  if (!answer.ok()) {
    if (!failure_) failure_ = answer.error();
    return;
  }
  for (const stream_rejection& one : answer->rejected) {
    // A status that makes the client resend wins: resending what is stored is harmless, not
    // resending loses lines.
    if (!worst_ || worst_->http_status < one.http_status) worst_ = one;
  }
}

result<push_answer> push_job_core::answer() const {
  SKALD_ASSERT(complete());
  if (failure_) return *failure_;
  push_answer out;
  if (worst_) {
    out.status = worst_->http_status;
    out.text = worst_->text;
    return out;
  }
  out.status = push_->status;
  if (push_->failure) out.text = push_->failure->message;
  out.retry_after = push_->retry_after;
  return out;
}

}  // namespace skald
