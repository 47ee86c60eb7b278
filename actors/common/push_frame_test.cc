// SPDX-License-Identifier: Apache-2.0
#include "actors/common/push_frame.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "actors/common/push_frame_writer.h"

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

TEST(PushFrame, ParsedInPlaceShowsTheSameAndKeepsTheOwner) {
  const auto bytes = std::make_shared<const push_frame_ptr>(small_frame());
  const auto parsed = push_frame::parse_in_place((*bytes)->bytes(), bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ((*parsed)->bytes().data(), (*bytes)->bytes().data());
  EXPECT_EQ(bytes.use_count(), 2);
  expect_small_frame(**parsed);
  EXPECT_FALSE(push_frame::parse_in_place((*bytes)->bytes().substr(0, 16), bytes).ok());
  EXPECT_EQ(bytes.use_count(), 2);
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

// What a frame's own index says and what its bytes say must be one.
void expect_same_slices(const push_frame& a, const push_frame& b) {
  EXPECT_EQ(a.tenant(), b.tenant());
  EXPECT_EQ(a.rows(), b.rows());
  EXPECT_EQ(a.line_bytes(), b.line_bytes());
  ASSERT_EQ(a.slices().size(), b.slices().size());
  for (std::size_t s = 0; s < a.slices().size(); ++s) {
    const stream_slice& x = a.slices()[s];
    const stream_slice& y = b.slices()[s];
    EXPECT_EQ(x.fingerprint, y.fingerprint);
    EXPECT_EQ(x.canonical_labels, y.canonical_labels);
    EXPECT_TRUE(std::ranges::equal(x.timestamps, y.timestamps));
    EXPECT_TRUE(std::ranges::equal(x.lines.starts, y.lines.starts));
    EXPECT_EQ(x.lines.bytes, y.lines.bytes);
    EXPECT_TRUE(std::ranges::equal(x.metadata.starts, y.metadata.starts));
    ASSERT_EQ(x.metadata.pairs.size(), y.metadata.pairs.size());
    for (std::size_t p = 0; p < x.metadata.pairs.size(); ++p) {
      EXPECT_EQ(x.metadata.pairs[p].name, y.metadata.pairs[p].name);
      EXPECT_EQ(x.metadata.pairs[p].value, y.metadata.pairs[p].value);
    }
    EXPECT_EQ(x.min_timestamp_ns, y.min_timestamp_ns);
    EXPECT_EQ(x.max_timestamp_ns, y.max_timestamp_ns);
    EXPECT_EQ(x.metadata_bytes, y.metadata_bytes);
    EXPECT_EQ(x.rises, y.rises);
  }
}

TEST(PushFrame, WriterShowsWhatItsBytesSay) {
  std::mt19937_64 random(3);
  std::string text(4096, ' ');
  for (char& c : text) c = static_cast<char>(random());
  const auto some = [&](std::size_t bytes_max) {
    const std::size_t size = random() % (bytes_max + 1);
    return std::string_view(text).substr(random() % (text.size() - size), size);
  };
  push_frame_writer writer("tenant");
  push_frame_ptr former;
  for (int round = 0; round < 300; ++round) {
    const std::size_t streams = random() % 9;
    const std::size_t pairs_max = round % 3;
    for (std::size_t s = 0; s < streams; ++s) {
      writer.begin_stream({random(), random()}, some(40));
      for (std::size_t rows = random() % 5; rows > 0; --rows) {
        std::vector<metadata_pair> pairs(pairs_max == 0 ? 0 : random() % (pairs_max + 1));
        for (metadata_pair& pair : pairs) pair = {some(9), some(9)};
        writer.add(static_cast<std::int64_t>(random()), some(60), pairs);
      }
    }
    const auto written = writer.finish();
    EXPECT_TRUE(writer.empty());
    EXPECT_EQ(writer.line_bytes(), 0u);
    const auto parsed = push_frame::parse(written->bytes());
    ASSERT_TRUE(parsed.ok()) << parsed.error().message;
    expect_same_slices(*written, **parsed);
  }
}

TEST(PushFrame, SlicesTellWhatIsInTheirColumns) {
  struct slice_case {
    std::vector<std::int64_t> times;
    std::int64_t min, max;
    bool rises;
  };
  const slice_case cases[] = {
      {{5}, 5, 5, true},        {{-3, 0, 7}, -3, 7, true},
      {{1, 1, 2}, 1, 2, false}, {{1, 3, 2, 4}, 1, 4, false},
      {{9, -9}, -9, 9, false},  {{INT64_MIN, INT64_MAX}, INT64_MIN, INT64_MAX, true}};
  push_frame_writer writer("tenant");
  const std::vector<metadata_pair> pairs{{"name", "value"}, {"", "x"}};
  for (const slice_case& c : cases) {
    writer.begin_stream({1, 2}, "{}");
    for (const std::int64_t time : c.times) writer.add(time, "line", pairs);
  }
  const auto written = writer.finish();
  const auto parsed = push_frame::parse(written->bytes());
  ASSERT_TRUE(parsed.ok());
  for (const push_frame_ptr& frame : {written, *parsed}) {
    ASSERT_EQ(frame->slices().size(), std::size(cases));
    for (std::size_t s = 0; s < std::size(cases); ++s) {
      SCOPED_TRACE(s);
      const stream_slice& slice = frame->slices()[s];
      EXPECT_EQ(slice.min_timestamp_ns, cases[s].min);
      EXPECT_EQ(slice.max_timestamp_ns, cases[s].max);
      EXPECT_EQ(slice.rises, cases[s].rises);
      EXPECT_EQ(slice.metadata_bytes, 10 * cases[s].times.size());
    }
  }
}

// Recycled memory must not shine through: equal entries give equal bytes, which checksums rely on.
TEST(PushFrame, BytesDependOnTheEntriesOnly) {
  const metadata_pair pairs[] = {{"a", "bcd"}, {"efghijkl", ""}};
  std::vector<std::string> seen;
  for (int round = 0; round < 64; ++round) {
    std::vector<std::unique_ptr<std::uint64_t[]>> dirt;
    for (int i = 0; i < 32; ++i) {
      dirt.push_back(std::make_unique_for_overwrite<std::uint64_t[]>(8 + i));
      std::memset(dirt.back().get(), round + 1, 8 * (8 + i));
    }
    dirt.clear();
    push_frame_writer writer("t");
    writer.begin_stream({1, 2}, "{a=\"1\"}");
    writer.add(1, "one", pairs);
    writer.add(2, "");
    writer.begin_stream({3, 4}, "{}");
    writer.add(3, "12345678");
    seen.emplace_back(writer.finish()->bytes());
    EXPECT_EQ(seen.back(), seen.front());
  }
}

TEST(PushFrame, BuilderKeepsWhatItIsGiven) {
  push_frame_builder builder("t");
  {
    std::string labels = R"({app="a rather long name that lives on the heap"})";
    std::string line = "a line that is too long for the string itself";
    std::string value = "a value that is too long for the string itself";
    const metadata_pair pair{line, value};
    builder.begin_stream({1, 2}, labels);
    builder.add(1, line, {&pair, 1});
    for (std::string* one : {&labels, &line, &value}) std::fill(one->begin(), one->end(), 'x');
  }
  const auto frame = builder.finish();
  EXPECT_EQ(frame->slices()[0].canonical_labels,
            R"({app="a rather long name that lives on the heap"})");
  EXPECT_EQ(frame->slices()[0].lines.line(0), "a line that is too long for the string itself");
  EXPECT_EQ(frame->slices()[0].metadata.row(0)[0].value,
            "a value that is too long for the string itself");
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
