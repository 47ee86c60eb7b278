// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/push_job_core.h"

#include <algorithm>

namespace skald {

void push_job_core::on_frame_answer(const result<push_outcome>& answer) {
  SKALD_ASSERT(missing_ > 0);
  --missing_;
  if (!answer.ok()) {
    if (!failure_) failure_ = answer.error();
    return;
  }
  rejected_.insert(rejected_.end(), answer->rejected.begin(), answer->rejected.end());
}

result<push_answer> push_job_core::answer() const {
  SKALD_ASSERT(complete());
  if (failure_) return *failure_;
  if (!rejected_.empty()) {
    // A status that makes the client resend wins: resending what is stored is harmless, not
    // resending loses lines.
    const auto worst = std::max_element(
        rejected_.begin(), rejected_.end(),
        [](const auto& a, const auto& b) { return a.http_status < b.http_status; });
    push_answer out;
    out.status = worst->http_status;
    out.text = worst->text;
    return out;
  }
  push_answer out;
  out.status = push_->status;
  if (push_->failure) out.text = push_->failure->message;
  out.retry_after = push_->retry_after;
  return out;
}

}  // namespace skald
