// SPDX-License-Identifier: Apache-2.0
// The codecs of columns: byte planes, timestamps, metadata, and the readers of their bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <limits>
#include <random>
#include <set>

#include "storage/chunk/byte_codec.h"
#include "storage/chunk/metadata_codec.h"
#include "storage/chunk/plane_codec.h"
#include "storage/chunk/timestamp_codec.h"

namespace skald {
namespace {

constexpr std::int64_t min_time = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t max_time = std::numeric_limits<std::int64_t>::max();

TEST(ByteCodec, VarintsRoundTripAndAreBounded) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{1} << 35,
        std::uint64_t{1} << 63, ~std::uint64_t{0}}) {
    std::string bytes;
    append_varint(bytes, value);
    bounded_reader from(bytes);
    EXPECT_EQ(from.varint(), value);
    EXPECT_TRUE(from.finished());
    bounded_reader cut(std::string_view(bytes).substr(0, bytes.size() - 1));
    cut.varint();
    EXPECT_TRUE(cut.failed());
    if (value > 0) {
      bounded_reader limited(bytes);
      EXPECT_EQ(limited.varint_up_to(value - 1), 0);
      EXPECT_TRUE(limited.failed());
    }
  }
  bounded_reader too_large("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");
  too_large.varint();
  EXPECT_TRUE(too_large.failed());
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, min_time, max_time}) {
    EXPECT_EQ(unzigzag(zigzag(value)), value);
  }
}

TEST(PlaneCodec, RoundTripsAllWidthsAndLengths) {
  std::mt19937_64 random(3);
  compressor zstd;
  plane_encoder encoder;
  for (unsigned bits = 0; bits <= 64; bits += 4) {
    for (const std::size_t rows : {0, 1, 15, 16, 17, 100, 5000}) {
      std::vector<std::uint64_t> values(rows);
      for (auto& value : values) value = bits == 0 ? 0 : random() >> (64 - bits);
      std::string bytes;
      encoder.append(values, rows % 2 == 0 ? &zstd : nullptr, bytes);
      bounded_reader from(bytes);
      std::vector<std::uint64_t> decoded(rows);
      ASSERT_TRUE(decode_planes(from, std::span(decoded)));
      EXPECT_TRUE(from.finished());
      EXPECT_EQ(decoded, values) << bits << " " << rows;
      bounded_reader again(bytes);
      std::vector<std::uint32_t> narrow(rows);
      const bool fits = decode_planes(again, std::span(narrow));
      EXPECT_EQ(fits, std::all_of(values.begin(), values.end(),
                                  [](std::uint64_t value) { return value >> 32 == 0; }));
      if (fits) {
        EXPECT_TRUE(std::equal(values.begin(), values.end(), narrow.begin()));
      }
    }
  }
}

TEST(PlaneCodec, ConstantsAndZerosTakeNoRoomPerRow) {
  plane_encoder encoder;
  compressor zstd;
  std::string zeros;
  encoder.append(std::vector<std::uint64_t>(1000, 0), &zstd, zeros);
  EXPECT_EQ(zeros.size(), 1);
  std::string equal;
  encoder.append(std::vector<std::uint64_t>(1000, 0x1234), &zstd, equal);
  EXPECT_EQ(equal.size(), 5);
}

// Planes that look uniform are not compressed; those that repeat or are skewed are.
TEST(PlaneCodec, CompressesWhatIsNotUniform) {
  std::mt19937_64 random(9);
  plane_encoder encoder;
  compressor zstd;
  const auto size_of = [&](auto value) {
    std::vector<std::uint64_t> values(4000);
    for (std::uint64_t& one : values) one = value();
    std::string bytes;
    encoder.append(values, &zstd, bytes);
    bounded_reader from(bytes);
    std::vector<std::uint64_t> decoded(values.size());
    EXPECT_TRUE(decode_planes(from, std::span(decoded)));
    EXPECT_EQ(decoded, values);
    return bytes.size();
  };
  EXPECT_EQ(size_of([&] { return random() & 0xff; }), 4002);
  EXPECT_LT(size_of([&] { return random() & 0x7f; }), 3600);
  EXPECT_LT(size_of([&] {
              return std::min({random() & 0xff, random() & 0xff, random() & 0xff});
            }),
            3950);
}

TEST(PlaneCodec, RefusesMalformedBytes) {
  std::vector<std::uint64_t> out(4);
  for (const std::string& bytes :
       {std::string("\x09"), std::string("\x01\x07"), std::string("\x01\x00zyx", 5),
        std::string("\x01\x02\x05"), std::string("\x01\x02\x03zzz"), std::string()}) {
    bounded_reader from(bytes);
    EXPECT_FALSE(decode_planes(from, std::span(out)));
  }
}

struct timestamp_case {
  std::vector<std::int64_t> timestamps;
  std::vector<std::uint32_t> runs;
};

std::string encode(const timestamp_case& of) {
  timestamp_encoder encoder;
  compressor zstd;
  std::string bytes;
  encoder.append(of.timestamps, of.runs, zstd, bytes);
  return bytes;
}

TEST(TimestampCodec, RoundTrips) {
  std::mt19937_64 random(5);
  std::vector<timestamp_case> cases = {{{0}, {1}},
                                       {{min_time, max_time}, {2}},
                                       {{max_time, min_time}, {1, 1}},
                                       {{-5, -5, -5, 7, 1, 2}, {4, 2}},
                                       {{1'000'000, 5'000'000, 9'000'000}, {3}}};
  for (const std::int64_t step : {1L, 1000L, 1'000'000L, 1'000'000'000L, 977L}) {
    timestamp_case large;
    for (std::uint32_t rows : {1U, 500U, 3U, 2000U}) {
      std::int64_t now = 1'700'000'000'123'456'789 - static_cast<std::int64_t>(random() % 1000000);
      for (std::uint32_t i = 0; i < rows; ++i) {
        large.timestamps.push_back(now);
        now += static_cast<std::int64_t>(random() % 9999) * step;
      }
      large.runs.push_back(rows);
    }
    cases.push_back(large);
  }
  for (const timestamp_case& one : cases) {
    std::vector<std::int64_t> decoded(one.timestamps.size());
    const auto done = decode_timestamps(encode(one), decoded);
    ASSERT_TRUE(done.ok()) << done.error().message;
    EXPECT_EQ(decoded, one.timestamps);
  }
}

TEST(TimestampCodec, CoarseTimesAreSmall) {
  timestamp_case seconds;
  for (int i = 0; i < 10'000; ++i) {
    seconds.timestamps.push_back((1'700'000'000 + i * 3 + i % 2) * 1'000'000'000LL);
  }
  seconds.runs = {10'000};
  EXPECT_LT(encode(seconds).size(), 200);
}

TEST(TimestampCodec, RefusesMalformedBytes) {
  const std::string good = encode({{10, 20, 35, 1, 2}, {3, 2}});
  std::vector<std::int64_t> out(5);
  ASSERT_TRUE(decode_timestamps(good, out).ok());
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_EQ(decode_timestamps(good.substr(0, bytes), out).error().code, errc::corrupt) << bytes;
  }
  EXPECT_FALSE(decode_timestamps(good + "x", out).ok());
  out.resize(4);
  EXPECT_FALSE(decode_timestamps(good, out).ok());
  out.resize(6);
  EXPECT_FALSE(decode_timestamps(good, out).ok());
  std::string unit = good;
  unit[0] = 4;
  out.resize(5);
  EXPECT_FALSE(decode_timestamps(unit, out).ok());
}

class metadata_rows {
 public:
  void add(std::initializer_list<metadata_pair> row) { add(std::vector<metadata_pair>(row)); }
  void add(const std::vector<metadata_pair>& row) {
    pairs_.insert(pairs_.end(), row.begin(), row.end());
    starts_.push_back(static_cast<std::uint32_t>(pairs_.size()));
  }
  metadata_column column() const { return {starts_, pairs_}; }
  std::string encoded() const {
    metadata_encoder encoder;
    std::string bytes;
    encode(encoder, bytes);
    return bytes;
  }
  void encode(metadata_encoder& encoder, std::string& bytes) const {
    encoder.begin();
    encoder.add_rows(column(), 0, rows());
    encoder.finish();
    encoder.append(bytes);
  }
  std::size_t rows() const { return starts_.size() - 1; }

 private:
  std::vector<std::uint32_t> starts_{0};
  std::vector<metadata_pair> pairs_;
};

void expect_equal(const metadata_column& a, const metadata_column& b) {
  ASSERT_TRUE(std::equal(a.starts.begin(), a.starts.end(), b.starts.begin(), b.starts.end()));
  ASSERT_EQ(a.pairs.size(), b.pairs.size());
  for (std::size_t i = 0; i < a.pairs.size(); ++i) {
    EXPECT_EQ(a.pairs[i].name, b.pairs[i].name);
    EXPECT_EQ(a.pairs[i].value, b.pairs[i].value);
  }
}

metadata_rows sample_metadata() {
  static const std::vector<std::string> ids = [] {
    std::vector<std::string> made;
    for (int i = 0; i < 300; ++i) made.push_back("id-" + std::to_string(i * 7919));
    return made;
  }();
  metadata_rows rows;
  for (const std::string& id : ids) {
    rows.add({});
    rows.add({{"trace_id", id}, {"region", "eu"}});
    rows.add({{"region", "us"}, {"trace_id", id}});
    rows.add({{"", ""}, {"a", "1"}, {"a", "2"}});
  }
  return rows;
}

TEST(MetadataCodec, RoundTrips) {
  const metadata_rows rows = sample_metadata();
  const std::string bytes = rows.encoded();
  const auto decoded = decode_metadata(bytes, rows.rows());
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  expect_equal(decoded->column(), rows.column());
}

// Rows come in pieces, with and without metadata, and their texts lie in many places.
TEST(MetadataCodec, RandomRowsRoundTripAndAllPairsAreNamed) {
  std::mt19937 random(3);
  std::deque<std::string> texts;
  const auto text = [&](const char* prefix, unsigned kinds) {
    return std::string_view(texts.emplace_back(prefix + std::to_string(random() % kinds)));
  };
  metadata_encoder encoder;
  for (int round = 0; round < 60; ++round) {
    metadata_rows rows;
    const unsigned names = 1 + random() % 12;
    const unsigned values = round % 2 == 0 ? 4 : 1'000'000;
    encoder.begin();
    std::set<std::pair<std::string_view, std::string_view>> pairs;
    for (unsigned row = 0; row < 700; ++row) {
      std::vector<metadata_pair> pairs_of_row;
      for (unsigned i = random() % 4; i > 0; --i) {
        pairs_of_row.push_back({text("name", names), text("value", values)});
        pairs.emplace(pairs_of_row.back().name, pairs_of_row.back().value);
      }
      rows.add(pairs_of_row);
    }
    for (std::size_t row = 0; row < rows.rows();) {
      const std::size_t count = std::min<std::size_t>(rows.rows() - row, 1 + random() % 300);
      encoder.add_rows(rows.column(), row, count);
      row += count;
    }
    encoder.add_rows({}, 0, 5);
    encoder.finish();
    std::set<std::pair<std::string_view, std::string_view>> named;
    encoder.for_each_pair(
        [&](std::string_view name, std::string_view value) { named.emplace(name, value); });
    EXPECT_EQ(named, pairs);
    for (int i = 0; i < 5; ++i) rows.add({});
    std::string bytes;
    encoder.append(bytes);
    const auto decoded = decode_metadata(bytes, rows.rows());
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    expect_equal(decoded->column(), rows.column());
  }
}

TEST(MetadataCodec, AnEncoderForgetsThePreviousSegment) {
  metadata_encoder encoder;
  std::string first;
  sample_metadata().encode(encoder, first);
  metadata_rows rows;
  rows.add({{"only", "one"}});
  std::string second;
  rows.encode(encoder, second);
  EXPECT_EQ(second, rows.encoded());
}

TEST(MetadataCodec, RefusesMalformedBytes) {
  metadata_rows rows;
  rows.add({{"a", "1"}});
  rows.add({});
  rows.add({{"a", "1"}, {"b", "22"}});
  const std::string good = rows.encoded();
  ASSERT_TRUE(decode_metadata(good, 3).ok());
  EXPECT_FALSE(decode_metadata(good + "x", 3).ok());
  for (std::size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_FALSE(decode_metadata(good.substr(0, bytes), 3).ok()) << bytes;
  }
  // Any other change gives an error or some rows, but no crash: counts are bounded.
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int value : {0, 1, 2, 0x7f, 0x80, 0xff}) {
      std::string bad = good;
      bad[at] = static_cast<char>(value);
      const auto decoded = decode_metadata(bad, 3);
      if (decoded.ok()) {
        EXPECT_EQ(decoded->starts.size(), 4);
      }
    }
  }
}

TEST(MetadataCodec, PairsAreLimitedBeforeMemoryIsTaken) {
  // One list of 100 names, given to five million rows by a constant plane.
  std::string bytes;
  append_varint(bytes, 1);
  bytes += "\x01n";
  append_varint(bytes, 1);
  append_varint(bytes, 100);
  bytes.append(100, '\0');
  append_varint(bytes, 0);
  const auto decoded = decode_metadata(bytes, 5'000'000);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().message, "section META: too many pairs");
}

}  // namespace
}  // namespace skald
