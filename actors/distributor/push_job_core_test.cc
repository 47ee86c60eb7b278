// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/push_job_core.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

std::shared_ptr<prepared_push> push_of(std::size_t frames, std::size_t line_bytes = 10) {
  auto push = std::make_shared<prepared_push>();
  for (std::size_t i = 0; i < frames; ++i) {
    constexpr std::string_view labels = "{a=\"b\"}";
    push_frame_builder builder("t");
    builder.begin_stream(fingerprint_of(labels), labels);
    builder.add(static_cast<std::int64_t>(i), std::string(line_bytes, 'x'));
    push->frames.push_back({0, builder.finish()});
  }
  return push;
}

stream_rejection rejection(int status, std::string text) {
  stream_rejection r;
  r.http_status = status;
  r.text = std::move(text);
  return r;
}

TEST(PushJobCore, AnswersWhenEveryFrameIsStored) {
  push_job_core core(push_of(2));
  EXPECT_FALSE(core.complete());
  EXPECT_EQ(core.take_frames().size(), 2U);
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
  push_job_core core(push);
  core.take_frames();
  core.on_frame_answer(push_outcome{});
  EXPECT_EQ(core.answer()->status, 400);
  EXPECT_EQ(core.answer()->text, "line too long");
}

TEST(PushJobCore, AFailedFrameFailsThePushWhateverElseWasRefused) {
  auto push = push_of(2);
  push->status = 400;
  push_job_core core(push);
  core.take_frames();
  push_outcome refused;
  refused.rejected.push_back(rejection(400, "too far behind"));
  core.on_frame_answer(refused);
  core.on_frame_answer(error{errc::unavailable, "log failed"});
  ASSERT_FALSE(core.answer().ok());
  EXPECT_EQ(core.answer().error().code, errc::unavailable);
}

TEST(PushJobCore, ARefusalThatAsksToResendWins) {
  push_job_core core(push_of(1));
  core.take_frames();
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
  push_job_core core(push);
  EXPECT_TRUE(core.take_frames().empty());
  ASSERT_TRUE(core.complete());
  EXPECT_EQ(core.answer()->status, 429);
  EXPECT_EQ(core.answer()->retry_after, std::chrono::seconds(3));
}

// A push that is larger than the ingester's queue must not be refused for that.
TEST(PushJobCore, FramesOfALargePushGoOneAfterAnother) {
  const auto push = push_of(5, push_job_core::frame_bytes_max / 2 - 1000);
  push_job_core core(push);
  for (const std::size_t frames : {2U, 2U, 1U}) {
    EXPECT_FALSE(core.complete());
    auto taken = core.take_frames();
    ASSERT_EQ(taken.size(), frames);
    for (const auto& frame : taken) {
      EXPECT_EQ(frame.use_count(), 1) << "the job keeps what it has sent";
      EXPECT_TRUE(core.take_frames().empty());
      EXPECT_FALSE(core.complete());
      core.on_frame_answer(push_outcome{});
    }
  }
  EXPECT_TRUE(core.complete());
  EXPECT_TRUE(core.take_frames().empty());
  EXPECT_EQ(core.answer()->status, 204);
}

TEST(PushJobCore, AFrameLargerThanTheWindowGoesAlone) {
  push_job_core core(push_of(2, push_job_core::frame_bytes_max + 1));
  EXPECT_EQ(core.take_frames().size(), 1U);
  core.on_frame_answer(push_outcome{});
  EXPECT_EQ(core.take_frames().size(), 1U);
}

TEST(PushJobCore, NothingIsSentAfterAnError) {
  push_job_core core(push_of(6, push_job_core::frame_bytes_max / 2 - 1000));
  EXPECT_EQ(core.take_frames().size(), 2U);
  core.on_frame_answer(error{errc::unavailable, "log failed"});
  EXPECT_FALSE(core.complete());
  core.on_frame_answer(push_outcome{});
  EXPECT_TRUE(core.take_frames().empty());
  ASSERT_TRUE(core.complete());
  EXPECT_EQ(core.answer().error().code, errc::unavailable);
}

}  // namespace
}  // namespace skald
