// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_shipment.h"

#include <gtest/gtest.h>

#include <random>

#include "storage/file/posix_file_system.h"
#include "storage/index/index_test_rows.h"

namespace skald {
namespace {

using namespace index_testing;

struct workshop {
  std::string encode(const std::string& bytes, std::size_t piece_bytes = 1000) {
    auto out = files.open(dir / "shipment", open_mode::create_or_empty).value();
    written = write_index_shipment(pieces_of_text(bytes, piece_bytes), 3, *out).value();
    return slurp(dir / "shipment");
  }
  result<std::string> decode(const std::string& shipment, std::size_t piece_bytes = 1000) {
    auto out = files.open(dir / "file", open_mode::create_or_empty).value();
    SKALD_TRY_ASSIGN(
        digest, read_index_shipment(pieces_of_text(shipment, piece_bytes), shipment.size(), *out));
    return slurp(dir / "file");
  }
  temporary_directory dir;
  posix_file_system files;
  index_shipment_written written;
  index_file_digest digest;
};

std::string example() {
  std::string out;
  for (int i = 0; i < 60; ++i) out += "line " + std::to_string(i * i) + "\n";
  return out;
}

TEST(IndexShipment, RoundTrips) {
  workshop w;
  std::string large;  // several pieces on both sides, part of it incompressible
  std::mt19937 random(1);
  for (int i = 0; i < 700'000; ++i) large.push_back(static_cast<char>(random()));
  large.append(3'000'000, 'x');
  for (const std::string& bytes : {std::string(), std::string(1, '\0'), example(), large}) {
    for (const std::size_t piece : {std::size_t{7000}, std::size_t{1} << 20}) {
      const std::string shipment = w.encode(bytes, piece);
      EXPECT_EQ(w.written.bytes, shipment.size());
      EXPECT_EQ(w.written.file.bytes, bytes.size());
      EXPECT_EQ(w.written.file.hash, xxh3_128(bytes));
      const auto back = w.decode(shipment, piece);
      ASSERT_TRUE(back.ok()) << back.error().message;
      EXPECT_TRUE(*back == bytes);
      EXPECT_EQ(w.digest.hash, xxh3_128(bytes));
      EXPECT_EQ(w.digest.bytes, bytes.size());
    }
  }
}

TEST(IndexShipment, AnyFlippedByteOrCutIsCorrupt) {
  workshop w;
  const std::string good = w.encode(example());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] ^= 0x20;
    ASSERT_EQ(w.decode(bad).error().code, errc::corrupt) << at;
    ASSERT_EQ(w.decode(good.substr(0, at)).error().code, errc::corrupt) << at;
  }
  EXPECT_EQ(w.decode(good + "x").error().code, errc::corrupt);
}

TEST(IndexShipment, PassesOnErrorsOfItsSource) {
  workshop w;
  const piece_source broken = [] {
    return result<std::string_view>(error{errc::unavailable, "no more"});
  };
  auto out = w.files.open(w.dir / "x", open_mode::create_or_empty).value();
  EXPECT_EQ(write_index_shipment(broken, 3, *out).error().code, errc::unavailable);
  EXPECT_EQ(read_index_shipment(broken, 100, *out).error().code, errc::unavailable);
}

}  // namespace
}  // namespace skald
