// SPDX-License-Identifier: Apache-2.0
// Codings, the protobuf form, limits and budgets.
#include "runtime/loki_api/push_codec.h"

#include <gtest/gtest.h>
#include <snappy.h>

#include <algorithm>
#include <limits>
#include <protozero/pbf_writer.hpp>
#include <random>

#include "runtime/http/content_coding.h"
#include "runtime/loki_api/push_protobuf.h"

namespace skald {
namespace {

using protozero::pbf_writer;

constexpr std::string_view protobuf = "application/x-protobuf";
constexpr std::string_view json = "application/json";

std::string timestamp(std::int64_t seconds, std::int32_t nanos) {
  std::string out;
  pbf_writer writer(out);
  writer.add_int64(1, seconds);
  writer.add_int32(2, nanos);
  return out;
}

std::string entry(std::string_view time, std::string_view line,
                  const std::vector<metadata_pair>& metadata = {}) {
  std::string out;
  pbf_writer writer(out);
  writer.add_message(1, std::string(time));
  writer.add_bytes(2, std::string(line));
  for (const auto& pair : metadata) {
    pbf_writer sub(writer, 3);
    sub.add_bytes(1, std::string(pair.name));
    sub.add_bytes(2, std::string(pair.value));
  }
  // `parsed` must be ignored.
  pbf_writer parsed(writer, 4);
  parsed.add_string(1, "ignored");
  return out;
}

std::string stream(std::string_view labels, const std::vector<std::string>& entries) {
  std::string out;
  pbf_writer writer(out);
  writer.add_bytes(1, std::string(labels));
  for (const auto& one : entries) writer.add_message(2, one);
  writer.add_uint64(3, 12345);  // hash: ignored
  return out;
}

std::string push_request(const std::vector<std::string>& streams) {
  std::string out;
  pbf_writer writer(out);
  for (const auto& one : streams) writer.add_message(1, one);
  writer.add_string(2, "format");
  return out;
}

std::string snap(std::string_view message) {
  std::string out;
  snappy::Compress(message.data(), message.size(), &out);
  return out;
}

std::string sample_message() {
  return push_request(
      {stream(R"({app="a", env="b"})",
              {entry(timestamp(1795362717, 157413373), "hello", {{"trace_id", "abc"}, {"x", ""}}),
               entry(timestamp(1795362718, 0), std::string_view("\xff\x00line", 6))}),
       stream("{}", {})});
}

void expect_sample(const result<decoded_push>& decoded) {
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  const decoded_push& push = *decoded;
  ASSERT_EQ(push.streams.size(), 2u);
  EXPECT_EQ(push.streams[0].labels_text, R"({app="a", env="b"})");
  const auto entries = push.entries_of(push.streams[0]);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].timestamp_ns, 1795362717157413373);
  EXPECT_EQ(entries[0].line, "hello");
  const auto metadata = push.metadata_of(entries[0]);
  ASSERT_EQ(metadata.size(), 2u);
  EXPECT_EQ(metadata[0].name, "trace_id");
  EXPECT_EQ(metadata[0].value, "abc");
  EXPECT_EQ(metadata[1].value, "");
  EXPECT_EQ(entries[1].line, std::string_view("\xff\x00line", 6));
  EXPECT_TRUE(push.metadata_of(entries[1]).empty());
  EXPECT_EQ(push.streams[1].labels_text, "{}");
  EXPECT_TRUE(push.entries_of(push.streams[1]).empty());
}

TEST(PushCodec, DecodesSnappyProtobufWithAnyContentType) {
  const std::string body = snap(sample_message());
  for (const std::string_view type : {"application/x-protobuf", "application/octet-stream", ""}) {
    for (const std::string_view encoding : {"", "snappy"}) {
      expect_sample(decode_push(type, encoding, body, {}));
    }
  }
}

TEST(PushCodec, UndoesAnOuterCodingFirst) {
  const auto decoded = decode_push(protobuf, "gzip", gzip_compress(snap(sample_message())), {});
  expect_sample(decoded);
  EXPECT_EQ(decoded->format, push_format::protobuf);
  EXPECT_EQ(decoded->inflated_bytes, sample_message().size());
}

TEST(PushCodec, NamesWhatIsWrong) {
  struct bad_push {
    std::string_view type, encoding;
    std::string body;
    std::string_view message;
  };
  const bad_push cases[] = {
      {protobuf, "", "", "snappy: corrupt input"},
      {protobuf, "", "garbage", "snappy: corrupt input"},
      {protobuf, "zstd", "x", "Content-Encoding \"zstd\" not supported"},
      {json, "br", "{}", "Content-Encoding \"br\" not supported"},
      {"", "", "garbage", "mime: no media type"},
      {json, "", "", "EOF"},
      {json, "", " \n", "EOF"},
      {json, "gzip", gzip_compress("{\"streams\":[]}").substr(0, 20), "unexpected EOF"},
      {protobuf, "", snap("\x0a\x05zz"), "unexpected EOF"},
      {protobuf, "", snap("\x0a\x80\x80\x80\x80\x80\x20"), "unexpected EOF"},
      {protobuf, "", snap("\x08\x01"), "proto: wrong wireType = 0 for field 1"},
      {protobuf, "", snap(push_request({stream("{}", {entry(timestamp(1, -1), "")})})),
       "timestamp: nanos not in range [0, 1e9)"},
  };
  for (const auto& bad : cases) {
    const auto decoded = decode_push(bad.type, bad.encoding, bad.body, {});
    ASSERT_FALSE(decoded.ok()) << bad.message;
    EXPECT_EQ(decoded.error().code, errc::invalid_argument);
    EXPECT_EQ(decoded.error().message, bad.message);
  }
}

TEST(PushCodec, DecodesPushesWithoutStreams) {
  EXPECT_TRUE(decode_push(protobuf, "", snap(""), {})->streams.empty());
  for (const std::string body : {"{}", "{\"streams\":[]}", "{\"streams\":null}", "null"}) {
    const auto decoded = decode_push(json, "", body, {});
    ASSERT_TRUE(decoded.ok()) << body << decoded.error().message;
    EXPECT_TRUE(decoded->streams.empty());
  }
}

// Cut anywhere, a message is either refused or, at a field boundary, a shorter valid one. No byte
// is read outside.
TEST(PushCodec, SurvivesTruncationAtEveryByte) {
  const std::string message = sample_message();
  std::size_t refused = 0;
  for (std::size_t length = 0; length < message.size(); ++length) {
    refused += decode_push(protobuf, "", snap(message.substr(0, length)), {}).ok() ? 0 : 1;
  }
  EXPECT_GT(refused, message.size() * 9 / 10);
  const std::string body = snap(message);
  for (std::size_t length = 0; length < body.size(); ++length) {
    EXPECT_FALSE(decode_push(protobuf, "", body.substr(0, length), {}).ok()) << length;
  }
}

TEST(PushCodec, SurvivesDamageAtEveryByte) {
  const std::string message = sample_message();
  for (std::size_t at = 0; at < message.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string damaged = message;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const auto decoded = decode_push(protobuf, "", snap(damaged), {});
      if (!decoded) {
        EXPECT_EQ(decoded.error().code, errc::invalid_argument);
      }
    }
  }
}

TEST(PushCodec, SaturatesTimesThatDoNotFit) {
  const auto decode_one = [](const std::string& time) {
    std::string message = push_request({stream("{}", {entry(time, "x")})});
    auto decoded = decode_push(protobuf, "", snap(message), {});
    EXPECT_TRUE(decoded.ok());
    return decoded->entries[0].timestamp_ns;
  };
  using limits = std::numeric_limits<std::int64_t>;
  EXPECT_EQ(decode_one(timestamp(limits::max(), 999'999'999)), limits::max());
  EXPECT_EQ(decode_one(timestamp(limits::min(), 0)), limits::min());
  EXPECT_EQ(decode_one(timestamp(-1, 5)), -999'999'995);
  EXPECT_EQ(decode_one(""), 0);  // there, but empty
}

TEST(PushCodec, TreatsAMissingTimeAsTooOld) {
  std::string bare;
  pbf_writer(bare).add_bytes(2, "line");
  const auto decoded = decode_push(protobuf, "", snap(push_request({stream("{}", {bare})})), {});
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->entries[0].timestamp_ns, std::numeric_limits<std::int64_t>::min());
}

TEST(PushCodec, RefusesSnappyThatDeclaresTooMuch) {
  push_decode_options options;
  options.inflated_bytes_max = 1000;
  const auto refused = decode_push(protobuf, "", snap(std::string(1001, 'x')), options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::resource_exhausted);
  EXPECT_EQ(refused.error().message, "message size too large than max (1001 vs 1000)");
  // Four gigabytes out of seven bytes: impossible, so it is refused before anything is allocated.
  const auto lie = decode_push(protobuf, "", "\xff\xff\xff\xff\x0f\x00x", {});
  ASSERT_FALSE(lie.ok());
  EXPECT_EQ(lie.error().message, "snappy: corrupt input");
}

TEST(PushCodec, RefusesGzipBombs) {
  push_decode_options options;
  options.inflated_bytes_max = 1'000'000;
  const std::string bomb = gzip_compress(std::string(20'000'000, ' '));
  for (const std::string_view type : {json, protobuf}) {
    const auto refused = decode_push(type, "gzip", bomb, options);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, errc::resource_exhausted);
  }
}

TEST(PushCodec, CountsTheArraysOfManyEmptyEntries) {
  // Two bytes per entry on the wire, 40 in memory.
  std::string entries;
  for (int i = 0; i < 1'000'000; ++i) entries.append("\x12\x00", 2);
  std::string message;
  pbf_writer(message).add_message(1, entries);
  push_decode_options options;
  options.inflated_bytes_max = 10'000'000;
  const auto refused = decode_push(protobuf, "", snap(message), options);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::resource_exhausted);

  options.inflated_bytes_max = 100'000'000;
  options.budget = std::make_shared<byte_budget>(20'000'000);
  const auto overloaded = decode_push(protobuf, "", snap(message), options);
  ASSERT_FALSE(overloaded.ok());
  EXPECT_EQ(overloaded.error().code, errc::overloaded);
  EXPECT_EQ(options.budget->bytes_used(), 0u);
}

TEST(PushCodec, HoldsItsShareOfTheBudget) {
  push_decode_options options;
  options.budget = std::make_shared<byte_budget>(5000);
  {
    const auto decoded = decode_push(protobuf, "", snap(sample_message()), options);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(options.budget->bytes_used(), sample_message().size());
  }
  EXPECT_EQ(options.budget->bytes_used(), 0u);
  EXPECT_EQ(decode_push(protobuf, "", snap(std::string(6000, 'x')), options).error().code,
            errc::overloaded);
  const auto gzip = decode_push(json, "gzip", gzip_compress(std::string(6000, ' ')), options);
  EXPECT_EQ(gzip.error().code, errc::overloaded);
}

// The decoder has a short way for entries of the usual shape. An unknown field in front leads past
// it, and must change nothing else, whatever the entry holds.
TEST(PushCodec, TheShortWayEqualsTheLongOne) {
  const auto decode = [](const std::string& one) {
    const std::string message = push_request({stream("{a=\"b\"}", {one})});
    decoded_push push;
    const auto outcome = decode_push_protobuf(message, 1 << 20, push);
    std::string seen = outcome.ok() ? "" : outcome.error().message + "; ";
    for (const pushed_entry& entry : push.entries) {
      seen += std::to_string(entry.timestamp_ns) + '|' + std::string(entry.line) + '|';
      for (const metadata_pair& pair : push.metadata_of(entry)) {
        seen += std::string(pair.name) + '=' + std::string(pair.value) + ',';
      }
    }
    return seen;
  };
  std::string plain;
  pbf_writer(plain).add_message(1, timestamp(1795362717, 157413373));
  pbf_writer(plain).add_bytes(2, "a line of some length");
  std::string early;
  pbf_writer(early).add_message(1, std::string());
  pbf_writer(early).add_bytes(2, "");
  const std::string past_the_short_way("\x78\x00", 2);  // field 15
  EXPECT_EQ(decode(plain), "1795362717157413373|a line of some length|");
  EXPECT_EQ(decode(early), "0||");
  std::mt19937_64 random(11);
  std::size_t good = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string one = round % 3 == 0   ? early
                      : round % 3 == 1 ? entry(timestamp(7, 8), "line", {{"n", "v"}})
                                       : plain;
    for (std::size_t changes = random() % 3; changes > 0; --changes) {
      const std::size_t at = random() % one.size();
      switch (random() % 4) {
        case 0:
          one[at] = static_cast<char>(one[at] ^ 1 << random() % 8);
          break;
        case 1:
          one.erase(at, 1 + random() % 3);
          if (one.empty()) one = early;
          break;
        case 2:
          one.insert(at, 1, static_cast<char>(random()));
          break;
        default:
          one += one.substr(at);
      }
    }
    const std::string seen = decode(one);
    ASSERT_EQ(seen, decode(past_the_short_way + one)) << round;
    good += seen.find(';') == std::string::npos;
  }
  EXPECT_GT(good, 10'000u);
}

TEST(PushCodec, TimesOfAllSizesAreRead) {
  const std::int64_t seconds[] = {
      0, 1, 127, 128, 4'294'967'295, 4'294'967'296, 9'223'372'036, -1, INT64_MIN, INT64_MAX};
  for (const std::int64_t second : seconds) {
    for (const std::int32_t nanos : {0, 999'999'999}) {
      std::string plain;
      pbf_writer(plain).add_message(1, timestamp(second, nanos));
      pbf_writer(plain).add_bytes(2, "x");
      decoded_push push;
      ASSERT_TRUE(decode_push_protobuf(push_request({stream("{}", {plain})}), 1 << 20, push).ok());
      const auto exact = static_cast<__int128>(second) * 1'000'000'000 + nanos;
      const auto expected = std::clamp<__int128>(exact, INT64_MIN, INT64_MAX);
      EXPECT_EQ(push.entries[0].timestamp_ns, static_cast<std::int64_t>(expected)) << second;
    }
  }
}

TEST(PushCodec, ReusesTheMemoryOfFormerPushes) {
  push_scratch scratch;
  push_decode_options options;
  options.scratch = &scratch;
  options.budget = std::make_shared<byte_budget>(5000);
  const char* text = nullptr;
  for (int round = 0; round < 3; ++round) {
    auto decoded = decode_push(protobuf, "", snap(sample_message()), options);
    expect_sample(decoded);
    if (round > 0) {
      EXPECT_EQ(decoded->entries[0].line.data(), text);
    }
    text = decoded->entries[0].line.data();
    scratch.give_back(std::move(decoded).value());
    EXPECT_EQ(options.budget->bytes_used(), 0u);
  }
  auto other =
      decode_push(json, "", R"({"streams":[{"stream":{"a":"b"},"values":[["7","x"]]}]})", options);
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(other->format, push_format::json);
  ASSERT_EQ(other->entries.size(), 1u);
  EXPECT_TRUE(other->metadata.empty());
  scratch.give_back(std::move(other).value());
  expect_sample(decode_push(protobuf, "", snap(sample_message()), options));
}

// A push that is still in use keeps its bytes.
TEST(PushCodec, LeavesHeldMemoryAlone) {
  push_scratch scratch;
  push_decode_options options;
  options.scratch = &scratch;
  const auto first = decode_push(protobuf, "", snap(sample_message()), options);
  const auto second = decode_push(
      protobuf, "", snap(push_request({stream("{}", {std::string(200, '\n')})})), options);
  expect_sample(first);
}

TEST(PushScratch, KeepsNoMoreThanItsBounds) {
  push_scratch scratch;
  const auto large = scratch.text(push_scratch::kept_text_bytes_max + 1);
  EXPECT_EQ(large.use_count(), 1);
  decoded_push push = scratch.take();
  push.entries.resize(push_scratch::kept_array_bytes_max / sizeof(pushed_entry) + 1);
  push.streams.resize(3);
  scratch.give_back(std::move(push));
  const decoded_push next = scratch.take();
  EXPECT_EQ(next.entries.capacity(), 0u);
  EXPECT_GE(next.streams.capacity(), 3u);
  EXPECT_TRUE(next.streams.empty());
}

TEST(PushCodec, KeepsViewsValidWhenMoved) {
  auto decoded = decode_push(protobuf, "", snap(sample_message()), {});
  ASSERT_TRUE(decoded.ok());
  const decoded_push moved = std::move(decoded).value();
  EXPECT_EQ(moved.entries[0].line, "hello");
}

}  // namespace
}  // namespace skald
