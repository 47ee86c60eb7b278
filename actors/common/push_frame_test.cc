// SPDX-License-Identifier: Apache-2.0
#include "actors/common/push_frame.h"

#include <gtest/gtest.h>

#include <random>

namespace skald {
namespace {

push_frame_ptr small_frame() {
  push_frame_builder builder("acme");
  const std::string labels = R"({app="a"})";
  builder.begin_stream(fingerprint_of(R"({app="empty"})"), R"({app="empty"})");
  builder.begin_stream(fingerprint_of(labels), labels);
  builder.add(10, "first");
  const metadata_pair pairs[] = {{"trace_id", "abc"}, {"user", ""}};
  builder.add(20, "", pairs);
  const std::string other = R"({app="b"})";
  builder.begin_stream(fingerprint_of(other), other);
  builder.add(-5, "with\nnewline");
  return builder.finish();
}

void expect_small_frame(const push_frame& frame) {
  EXPECT_EQ(frame.tenant(), "acme");
  ASSERT_EQ(frame.slices().size(), 2u);
  EXPECT_EQ(frame.rows(), 3u);
  EXPECT_EQ(frame.line_bytes(), 5u + 12u);
  const stream_slice& a = frame.slices()[0];
  EXPECT_EQ(a.canonical_labels, R"({app="a"})");
  EXPECT_EQ(a.fingerprint, fingerprint_of(R"({app="a"})"));
  EXPECT_EQ(a.timestamps[0], 10);
  EXPECT_EQ(a.timestamps[1], 20);
  EXPECT_EQ(a.lines.line(0), "first");
  EXPECT_EQ(a.lines.line(1), "");
  EXPECT_TRUE(a.metadata.row(0).empty());
  ASSERT_EQ(a.metadata.row(1).size(), 2u);
  EXPECT_EQ(a.metadata.row(1)[0].name, "trace_id");
  EXPECT_EQ(a.metadata.row(1)[0].value, "abc");
  EXPECT_EQ(a.metadata.row(1)[1].name, "user");
  EXPECT_EQ(a.metadata.row(1)[1].value, "");
  const stream_slice& b = frame.slices()[1];
  EXPECT_TRUE(b.metadata.empty());
  EXPECT_EQ(b.lines.line(0), "with\nnewline");
  EXPECT_EQ(b.timestamps[0], -5);
}

TEST(PushFrame, BuiltFrameShowsWhatWasAdded) {
  expect_small_frame(*small_frame());
}

TEST(PushFrame, ParsedBytesShowTheSame) {
  const auto parsed = push_frame::parse(small_frame()->bytes());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  expect_small_frame(**parsed);
}

TEST(PushFrame, BuilderIsReusable) {
  push_frame_builder builder("t");
  for (int round = 0; round < 3; ++round) {
    builder.begin_stream({1, 2}, "{}");
    builder.add(round, std::to_string(round));
    const auto frame = builder.finish();
    ASSERT_EQ(frame->slices().size(), 1u);
    EXPECT_EQ(frame->slices()[0].lines.line(0), std::to_string(round));
    EXPECT_TRUE(builder.empty());
  }
}

TEST(PushFrame, ManyStreamsKeepTheirRows) {
  push_frame_builder builder("t");
  for (int s = 0; s < 500; ++s) {
    builder.begin_stream({static_cast<std::uint64_t>(s), 0}, "{s=\"" + std::to_string(s) + "\"}");
    for (int i = 0; i <= s % 7; ++i) builder.add(s * 100 + i, std::string(s, 'x'));
  }
  const auto frame = push_frame::parse(builder.finish()->bytes());
  ASSERT_TRUE(frame.ok());
  ASSERT_EQ((*frame)->slices().size(), 500u);
  for (int s = 0; s < 500; ++s) {
    const stream_slice& slice = (*frame)->slices()[s];
    ASSERT_EQ(slice.rows(), 1u + s % 7);
    EXPECT_EQ(slice.lines.line(s % 7), std::string(s, 'x'));
    EXPECT_EQ(slice.timestamps[s % 7], s * 100 + s % 7);
  }
}

TEST(PushFrame, EveryTruncationIsRefused) {
  const auto frame = small_frame();
  for (std::size_t n = 0; n < frame->bytes().size(); ++n) {
    const auto parsed = push_frame::parse(frame->bytes().substr(0, n));
    if (parsed.ok()) {
      EXPECT_EQ((*parsed)->rows(), 0u) << n;
    }
  }
}

TEST(PushFrame, DamagedBytesNeverCrash) {
  const auto frame = small_frame();
  std::mt19937_64 random(7);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(frame->bytes());
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] ^= 1 << (random() % 8);
    const auto parsed = push_frame::parse(bytes);
    if (!parsed.ok()) continue;
    std::uint64_t sum = 0;
    for (const stream_slice& slice : (*parsed)->slices()) {
      for (std::size_t r = 0; r < slice.rows(); ++r) {
        for (const char c : slice.lines.line(r)) sum += static_cast<unsigned char>(c);
        for (const metadata_pair& pair : slice.metadata.row(r)) sum += pair.value.size();
      }
    }
    EXPECT_LT(sum, 1u << 30);
  }
}

}  // namespace
}  // namespace skald
