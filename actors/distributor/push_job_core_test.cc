// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/push_job_core.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

std::shared_ptr<prepared_push> push_of(std::size_t frames) {
  auto push = std::make_shared<prepared_push>();
  push->frames.resize(frames);
  return push;
}

stream_rejection rejection(int status, std::string text) {
  stream_rejection r;
  r.http_status = status;
  r.text = std::move(text);
  return r;
}

TEST(PushJobCore, AnswersWhenEveryFrameIsStored) {
  push_job_core core("t", push_of(2));
  core.on_frame_answer(push_outcome{});
  EXPECT_FALSE(core.complete());
  core.on_frame_answer(push_outcome{});
  ASSERT_TRUE(core.complete());
  EXPECT_EQ(core.answer()->status, 204);
}

TEST(PushJobCore, ValidationsVerdictStandsWhenTheRestIsStored) {
  auto push = push_of(1);
  push->status = 400;
  push->failure = error{errc::invalid_argument, "line too long"};
  push_job_core core("t", push);
  core.on_frame_answer(push_outcome{});
  EXPECT_EQ(core.answer()->status, 400);
  EXPECT_EQ(core.answer()->text, "line too long");
}

TEST(PushJobCore, AFailedFrameFailsThePushWhateverElseWasRefused) {
  auto push = push_of(2);
  push->status = 400;
  push_job_core core("t", push);
  push_outcome refused;
  refused.rejected.push_back(rejection(400, "too far behind"));
  core.on_frame_answer(refused);
  core.on_frame_answer(error{errc::unavailable, "log failed"});
  ASSERT_FALSE(core.answer().ok());
  EXPECT_EQ(core.answer().error().code, errc::unavailable);
}

TEST(PushJobCore, ARefusalThatAsksToResendWins) {
  push_job_core core("t", push_of(1));
  push_outcome refused;
  refused.rejected.push_back(rejection(400, "too far behind"));
  refused.rejected.push_back(rejection(429, "stream limit"));
  core.on_frame_answer(refused);
  EXPECT_EQ(core.answer()->status, 429);
  EXPECT_EQ(core.answer()->text, "stream limit");
}

TEST(PushJobCore, NothingToStoreIsCompleteAtOnce) {
  auto push = push_of(0);
  push->status = 429;
  push->retry_after = std::chrono::seconds(3);
  push_job_core core("t", push);
  ASSERT_TRUE(core.complete());
  EXPECT_EQ(core.answer()->status, 429);
  EXPECT_EQ(core.answer()->retry_after, std::chrono::seconds(3));
}

}  // namespace
}  // namespace skald
